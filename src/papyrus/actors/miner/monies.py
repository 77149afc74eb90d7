"""What sectors cost: the deposit before they are proven, the pledge while they last, penalties.

All but the termination fee (FIP-0098) follow from the reward that their power can expect: its share
of the network's, extrapolated from the smoothed estimates of both (spec 2.6.2, 2.8). Amounts are
attoFIL.
"""

from papyrus.actors.smoothing import FilterEstimate
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY

INITIAL_PLEDGE_PROJECTION_PERIOD = 20 * EPOCHS_IN_DAY
PRE_COMMIT_DEPOSIT_PROJECTION_PERIOD = 20 * EPOCHS_IN_DAY
CONTINUED_FAULT_PROJECTION_PERIOD = EPOCHS_IN_DAY * 351 // 100
"""A fault costs the reward of 3.51 days, each day."""


def expected_reward_for_power(
    reward: FilterEstimate, network_power: FilterEstimate, power: int, epochs: int
) -> TokenAmount:
    """Return the block reward that quality-adjusted bytes can expect to earn over some epochs."""
    raise NotImplementedError


def pledge_penalty_for_continued_fault(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return what a day of fault costs for so many quality-adjusted bytes."""
    raise NotImplementedError


def pledge_penalty_for_termination_lower_bound(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return what sectors of a proof that was disputed cost before the proof's own penalty."""
    raise NotImplementedError


def pledge_penalty_for_termination(
    initial_pledge: TokenAmount, sector_age: int, fault_fee: TokenAmount
) -> TokenAmount:
    """Return the fee for terminating a sector of an age in epochs (FIP-0098)."""
    raise NotImplementedError


def pledge_penalty_for_invalid_window_post(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return what an accepted proof costs that turns out to be wrong."""
    raise NotImplementedError


def pre_commit_deposit_for_power(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return the deposit for a sector of so many quality-adjusted bytes, at least an attoFIL."""
    raise NotImplementedError


def initial_pledge_for_power(
    power: int,
    baseline_power: int,
    reward: FilterEstimate,
    network_power: FilterEstimate,
    circulating_supply: TokenAmount,
    epochs_since_ramp_start: int,
    ramp_duration_epochs: int,
) -> TokenAmount:
    """Return the pledge for so many quality-adjusted bytes.

    It is a multiple of the reward they can expect and a share of the circulating supply, which is
    reckoned against baseline and network power in proportions that a ramp shifts (FIP-0081).
    """
    raise NotImplementedError


def consensus_fault_penalty(epoch_reward: TokenAmount) -> TokenAmount:
    """Return what a consensus fault costs."""
    raise NotImplementedError


def reward_for_consensus_slash_report(epoch_reward: TokenAmount) -> TokenAmount:
    """Return what reporting a consensus fault earns."""
    raise NotImplementedError


def reward_for_disputed_window_post() -> TokenAmount:
    """Return what disputing a wrong proof earns."""
    raise NotImplementedError


def locked_part_of_reward(reward: TokenAmount) -> TokenAmount:
    """Return how much of a block reward vests."""
    raise NotImplementedError
