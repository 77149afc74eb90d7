"""The reward actor: holds the FIL of the storage mining allocation and pays it to miners.

The system has it award each block, with the tips that it was sent before. At the end of an epoch
the power actor tells it the network's power, from which it computes the next reward.
"""

from dataclasses import replace

from papyrus.actors.common.attempts import attempt
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.miner.params.numbers import APPLY_REWARDS
from papyrus.actors.miner.params.payments import ApplyRewardParams
from papyrus.actors.reward.params import (
    AWARD_BLOCK_REWARD,
    THIS_EPOCH_REWARD,
    UPDATE_NETWORK_KPI,
    AwardBlockRewardParams,
    ThisEpochRewardReturn,
)
from papyrus.actors.reward.state import State, at_epoch, initial
from papyrus.actors.singletons import BURNT_FUNDS, STORAGE_POWER, SYSTEM
from papyrus.ipld.schema import BigInt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND
from papyrus.vm.aborts import illegal_argument, illegal_state, not_found
from papyrus.vm.runtime import Runtime

PENALTY_MULTIPLIER = 3
"""A miner pays this many times what its block cost the network."""

EXPECTED_LEADERS_PER_EPOCH = 5
"""How many wins an epoch has on average, among which its reward is divided."""


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, realized_power: BigInt | None) -> None:
    """Begin at genesis, with the network's raw power in bytes."""
    rt.require_caller(SYSTEM)
    if realized_power is None:
        raise illegal_argument("argument should not be nil")
    rt.create(initial(realized_power))


@method(AWARD_BLOCK_REWARD)
def award_block_reward(rt: Runtime, params: AwardBlockRewardParams) -> None:
    """Pay a block's miner its reward and tips, less penalties; they are burnt if it fails to take.

    The system calls this for every block, as the last message in it.
    """
    rt.require_caller(SYSTEM)
    balance = rt.balance
    if params.penalty < 0:
        raise illegal_argument(f"negative penalty {params.penalty}")
    if params.gas_reward < 0:
        raise illegal_argument(f"negative gas reward {params.gas_reward}")
    if balance < params.gas_reward:
        raise illegal_state(
            f"actor current balance {balance} insufficient to pay gas reward {params.gas_reward}"
        )
    if params.win_count <= 0:
        raise illegal_argument(f"invalid win count {params.win_count}")
    miner_id = rt.resolve(params.miner)
    if miner_id is None:
        raise not_found("failed to resolve given owner address")

    state = rt.load(State)
    share = TokenAmount(state.this_epoch_reward * params.win_count // EXPECTED_LEADERS_PER_EPOCH)
    # Once the allocation runs out, what is left is paid; it covers the tips, as checked above.
    reward = min(params.gas_reward + share, balance)
    awarded = state.total_storage_power_reward + (reward - params.gas_reward)
    rt.save(replace(state, total_storage_power_reward=awarded))

    penalty = TokenAmount(params.penalty * PENALTY_MULTIPLIER)
    miner = Address.from_id(miner_id)
    if not attempt(rt, miner, APPLY_REWARDS, ApplyRewardParams(reward, penalty), reward):
        attempt(rt, BURNT_FUNDS, METHOD_SEND, value=reward)


@method(THIS_EPOCH_REWARD)
def this_epoch_reward(rt: Runtime, _: None) -> ThisEpochRewardReturn:
    """Return the smoothed reward and the baseline as of the last epoch with a tipset."""
    rt.accept_any_caller()
    state = rt.load(State)
    return ThisEpochRewardReturn(state.this_epoch_reward_smoothed, state.this_epoch_baseline_power)


@method(UPDATE_NETWORK_KPI)
def update_network_kpi(rt: Runtime, realized_power: BigInt | None) -> None:
    """Compute the next reward from the network's raw power in bytes, catching up null rounds."""
    rt.require_caller(STORAGE_POWER)
    if realized_power is None:
        raise illegal_argument("argument cannot be None")
    rt.save(at_epoch(rt.load(State), rt.epoch, realized_power))


REWARD_ACTOR = ActorCode(
    name="reward",
    state=State,
    methods=(constructor, award_block_reward, this_epoch_reward, update_network_kpi),
)
