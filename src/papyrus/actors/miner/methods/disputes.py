"""Showing that a proof that was taken on trust is wrong: `DisputeWindowedPoSt` (FIP-0010)."""

from papyrus.actors.common.attempts import attempt
from papyrus.actors.dispatch import method
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.deadline_faults import record_faults
from papyrus.actors.miner.deadline_proofs import load_partitions_for_dispute, take_post_proofs
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.funds import (
    apply_penalty,
    repay_partial_debt,
    require_balance_invariants,
)
from papyrus.actors.miner.monies import (
    pledge_penalty_for_invalid_window_post,
    reward_for_disputed_window_post,
)
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import DisputeWindowedPoStParams
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.proving_period import (
    DeadlineInfo,
    deadline_available_for_dispute,
    deadline_info,
)
from papyrus.actors.miner.sectors import Sectors
from papyrus.actors.miner.state import State, load_deadlines, load_info, with_deadlines
from papyrus.actors.miner.window_post import window_post_holds
from papyrus.actors.power.calls import (
    current_total_power,
    update_claimed_power,
    update_pledge_total,
)
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.types.message import METHOD_SEND
from papyrus.vm.aborts import forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.DISPUTE_WINDOWED_POST)
def dispute_windowed_post(rt: Runtime, params: DisputeWindowedPoStParams) -> None:
    """Fine the miner for a proof of the last window that does not hold, and pay the caller.

    Anyone may dispute; what the proof had shown becomes faulty. The proof is then gone, so that it
    is punished once.
    """
    rt.accept_any_caller()
    policy = rt.policy
    if params.deadline >= policy.deadlines_in_period:
        raise illegal_argument(
            f"invalid deadline {params.deadline} of {policy.deadlines_in_period}"
        )
    epoch_reward = this_epoch_reward(rt).reward_smoothed
    network_power = current_total_power(rt).quality_adjusted_power_smoothed

    state = rt.load(State)
    window = _disputed_window(rt, state, params.deadline)
    state, power_delta, penalized_power = _with_faults(rt, state, window, params.post_index)
    reward_target = reward_for_disputed_window_post()
    penalty = pledge_penalty_for_invalid_window_post(
        epoch_reward, network_power, penalized_power.quality_adjusted
    )
    # The reward comes on top of the penalty: the caller may be the miner itself.
    state = apply_penalty(state, penalty + reward_target)
    state, taken, drawn = repay_partial_debt(rt.store, state, rt.epoch, rt.balance)
    rt.save(state)
    reward = min(taken, reward_target)
    to_burn = taken - reward

    update_claimed_power(rt, power_delta.raw, power_delta.quality_adjusted)
    if reward and not attempt(rt, rt.caller, METHOD_SEND, value=reward):
        to_burn += reward
    burn_funds(rt, to_burn)
    update_pledge_total(rt, -drawn)
    require_balance_invariants(rt.load(State), rt.balance)


def _disputed_window(rt: Runtime, state: State, index: int) -> DeadlineInfo:
    """Return the last window of a deadline; abort where its proofs can no longer be disputed."""
    policy = rt.policy
    current = state.deadline_info(policy, rt.epoch)
    if not deadline_available_for_dispute(policy, current.period_start, index, rt.epoch):
        raise forbidden(
            "can only dispute window posts during the dispute window "
            f"({policy.dispute_window} epochs after the challenge window closes)"
        )
    start = current.period_start
    if current.index < index:
        start -= policy.proving_period
    return deadline_info(policy, start, index, rt.epoch)


def _with_faults(
    rt: Runtime, state: State, window: DeadlineInfo, post_index: int
) -> tuple[State, PowerPair, PowerPair]:
    """Return the state without a proof, and with what it had shown as faulty.

    Returns also the change of active power, and the power that the proof was for. Aborts where the
    proof holds.
    """
    info = load_info(rt.store, state)
    deadlines = load_deadlines(rt.store, state)
    deadline = load_deadline(rt.store, deadlines, window.index)
    deadline, post = take_post_proofs(rt.store, deadline, post_index)
    disputed = load_partitions_for_dispute(rt.store, deadline, post.partitions)
    sectors = Sectors(rt.store, deadline.sectors_snapshot)
    challenged = sectors.load_for_proof(disputed.all_sectors, disputed.ignored_sectors)
    if window_post_holds(rt, window.challenge, challenged, post.proofs):
        raise illegal_argument("failed to dispute valid post")
    deadline, power_delta = record_faults(
        Scope(rt.store, sectors, info.sector_size, window.quant),
        deadline,
        window.last + rt.policy.fault_max_age,
        disputed.disputed_sectors,
    )
    deadlines = with_deadline(rt.store, rt.policy, deadlines, window.index, deadline)
    return with_deadlines(rt.store, state, deadlines), power_delta, disputed.disputed_power
