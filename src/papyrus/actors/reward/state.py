"""What the reward actor keeps on chain, and how an epoch changes it."""

from dataclasses import replace

from papyrus.actors.common.integers import checked_i64
from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.reward.minting import (
    BASELINE_INITIAL_VALUE,
    BASELINE_TOTAL,
    INITIAL_BASELINE_POWER,
    SIMPLE_TOTAL,
    effective_time,
    epoch_reward,
    next_baseline_power,
)
from papyrus.ipld.schema import BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import UNDEFINED_EPOCH

INITIAL_REWARD_POSITION = 36_266_260_308_195_979_333
"""The first estimate of an epoch's reward, in attoFIL."""
INITIAL_REWARD_VELOCITY = -109_897_758_509
"""How simple minting falls from epoch 0 to epoch 1, in attoFIL."""


@cbor_tuple
class State(Record):
    """Where minting stands."""

    cumulative_baseline: BigInt
    """Byte-epochs at which effective network time goes on; `cumsum_baseline` in builtin-actors."""
    cumulative_realized: BigInt
    """Byte-epochs of power, each epoch capped by its baseline; `cumsum_realized`."""
    effective_network_time: ChainEpoch
    """The ceiling of theta."""
    effective_baseline_power: BigInt
    """The baseline in bytes at the effective network time."""
    this_epoch_reward: TokenAmount
    """For all leaders that an epoch is expected to have."""
    this_epoch_reward_smoothed: FilterEstimate
    this_epoch_baseline_power: BigInt
    """In bytes."""
    epoch: ChainEpoch
    """The epoch whose reward this is."""
    total_storage_power_reward: TokenAmount
    """What has been awarded to miners since genesis."""
    simple_total: TokenAmount
    """What simple minting will have minted in the end."""
    baseline_total: TokenAmount
    """What baseline minting will have minted in the end."""

    @property
    def theta(self) -> int:
        """The effective network time with its fraction, in Q.128."""
        return effective_time(
            self.effective_network_time,
            self.effective_baseline_power,
            self.cumulative_realized,
            self.cumulative_baseline,
        )


def initial(realized_power: int) -> State:
    """Return the state at genesis of a network with this raw power in bytes."""
    before = State(
        cumulative_baseline=0,
        cumulative_realized=0,
        effective_network_time=0,
        effective_baseline_power=BASELINE_INITIAL_VALUE,
        this_epoch_reward=ZERO,
        this_epoch_reward_smoothed=FilterEstimate.of(
            INITIAL_REWARD_POSITION, INITIAL_REWARD_VELOCITY
        ),
        this_epoch_baseline_power=INITIAL_BASELINE_POWER,
        epoch=UNDEFINED_EPOCH,
        total_storage_power_reward=ZERO,
        simple_total=SIMPLE_TOTAL,
        baseline_total=BASELINE_TOTAL,
    )
    return next_epoch_with_reward(before, realized_power)


def next_epoch(state: State, realized_power: int) -> State:
    """Return the state after another epoch, in which perhaps nobody was rewarded."""
    baseline_power = next_baseline_power(state.this_epoch_baseline_power)
    realized = state.cumulative_realized + min(baseline_power, realized_power)

    time = state.effective_network_time
    effective_baseline_power = state.effective_baseline_power
    cumulative_baseline = state.cumulative_baseline
    while realized > cumulative_baseline:
        time += 1
        effective_baseline_power = next_baseline_power(effective_baseline_power)
        cumulative_baseline += effective_baseline_power

    return replace(
        state,
        epoch=checked_i64(state.epoch + 1),
        this_epoch_baseline_power=baseline_power,
        cumulative_realized=realized,
        effective_network_time=time,
        effective_baseline_power=effective_baseline_power,
        cumulative_baseline=cumulative_baseline,
    )


def next_epoch_with_reward(state: State, realized_power: int) -> State:
    """Return the state after another epoch, with the reward for the one that follows."""
    following = next_epoch(state, realized_power)
    reward = epoch_reward(
        following.epoch, state.theta, following.theta, state.simple_total, state.baseline_total
    )
    return replace(following, this_epoch_reward=reward)


def at_epoch(state: State, epoch: int, realized_power: int) -> State:
    """Return the state after the end of an epoch, null rounds before it included."""
    reached = state
    while reached.epoch < epoch:
        reached = next_epoch(reached, realized_power)
    reached = next_epoch_with_reward(reached, realized_power)
    smoothed = state.this_epoch_reward_smoothed.next_estimate(
        reached.this_epoch_reward, reached.epoch - state.epoch
    )
    return replace(reached, this_epoch_reward_smoothed=smoothed)
