"""What the ends of windows do to a miner: `OnDeferredCronEvent`, which the power actor calls.

Each window's last epoch finds the faults of its deadline, lets sectors expire, and charges for the
day: for what was faulty before, and the fee of what lives (FIP-0100). The miner then asks to be
woken for the next window, as long as it has anything locked.
"""

from dataclasses import replace

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.dispatch import method
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.cron_events import enroll_early_terminations, enroll_proving_deadline
from papyrus.actors.miner.deadline_cron import AdvanceDeadlineResult, advance_deadline
from papyrus.actors.miner.early_terminations import process_early_terminations
from papyrus.actors.miner.fees import payable_daily_proof_fee
from papyrus.actors.miner.funds import (
    apply_penalty,
    repay_partial_debt,
    require_balance_invariants,
    unlock_vested_funds,
)
from papyrus.actors.miner.monies import (
    expected_reward_for_power,
    pledge_penalty_for_continued_fault,
)
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.numbers import (
    CRON_EVENT_PROCESS_EARLY_TERMINATIONS,
    CRON_EVENT_PROVING_DEADLINE,
)
from papyrus.actors.miner.params.proving import CronEventPayload, DeferredCronEventParams
from papyrus.actors.miner.pre_commits import clean_up_expired
from papyrus.actors.miner.state import State, load_info, with_info
from papyrus.actors.power.calls import update_claimed_power, update_pledge_total
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.ipld.tuples import Reading
from papyrus.primitives.errors import DecodeError
from papyrus.rules.policy import EPOCHS_IN_DAY, Policy
from papyrus.vm.aborts import illegal_state
from papyrus.vm.runtime import Runtime


@method(numbers.ON_DEFERRED_CRON_EVENT)
def on_deferred_cron_event(rt: Runtime, params: DeferredCronEventParams) -> None:
    """End a window, or pay for sectors that are left to be paid for; other events do nothing."""
    rt.require_caller(STORAGE_POWER)
    try:
        event = CronEventPayload.from_cbor(params.event_payload, reading=Reading.LENIENT)
    except DecodeError as error:
        raise illegal_state(
            f"failed to unmarshal miner cron payload into expected structure: {error}"
        ) from error
    reward, network_power = params.reward_smoothed, params.quality_adjusted_power_smoothed
    if event.event_type == CRON_EVENT_PROVING_DEADLINE:
        _handle_proving_deadline(rt, reward, network_power)
    elif event.event_type == CRON_EVENT_PROCESS_EARLY_TERMINATIONS:
        _go_on_with_terminations(rt, reward, network_power)
    require_balance_invariants(rt.load(State), rt.balance)


def _handle_proving_deadline(
    rt: Runtime, reward: FilterEstimate, network_power: FilterEstimate
) -> None:
    """End the window of the current deadline, and have the miner woken at the end of the next."""
    policy, epoch = rt.policy, rt.epoch
    state = _with_pending_worker(rt, rt.load(State))
    state, lapsed_deposits = clean_up_expired(rt.store, state, policy, epoch)
    state = apply_penalty(state, lapsed_deposits)
    had_terminations = bool(state.early_terminations)
    state, result = advance_deadline(rt.store, state, policy, epoch)
    state = _charged_for_the_day(policy, state, result, reward, network_power)
    state, to_burn, drawn = repay_partial_debt(rt.store, state, epoch, rt.balance)
    state, vested = unlock_vested_funds(rt.store, state, epoch)
    continues = state.continues_deadline_cron
    if not continues:
        state = replace(state, deadline_cron_active=False)
    rt.save(state)

    power_delta = result.power_delta
    update_claimed_power(rt, power_delta.raw, power_delta.quality_adjusted)
    burn_funds(rt, to_burn)
    update_pledge_total(rt, result.pledge_delta - drawn - vested)
    if continues:
        enroll_proving_deadline(rt, state.deadline_info(policy, epoch + 1).last)
    # Where there were terminations before, an event is already enrolled to go on with them.
    if state.early_terminations and not had_terminations:
        _go_on_with_terminations(rt, reward, network_power)


def _with_pending_worker(rt: Runtime, state: State) -> State:
    """Return the state with the worker that is announced, if its time has come."""
    info = load_info(rt.store, state)
    after = info.with_pending_worker(rt.epoch)
    return state if after == info else with_info(rt.store, state, after)


def _charged_for_the_day(
    policy: Policy,
    state: State,
    result: AdvanceDeadlineResult,
    reward: FilterEstimate,
    network_power: FilterEstimate,
) -> State:
    """Return the state with the deadline's fault fee and daily fee as debt.

    New faults cost nothing yet. The daily fee is a share of the day's reward at most (FIP-0100).
    """
    faulty = result.previously_faulty_power.quality_adjusted
    state = apply_penalty(state, pledge_penalty_for_continued_fault(reward, network_power, faulty))
    if result.daily_fee <= 0:
        return state
    live = result.live_power.quality_adjusted
    day_reward = expected_reward_for_power(reward, network_power, live, EPOCHS_IN_DAY)
    return apply_penalty(state, payable_daily_proof_fee(policy, result.daily_fee, day_reward))


def _go_on_with_terminations(
    rt: Runtime, reward: FilterEstimate, network_power: FilterEstimate
) -> None:
    """Pay for sectors that ended early, and have the miner woken for the rest."""
    if process_early_terminations(rt, reward, network_power):
        enroll_early_terminations(rt)
