"""What sectors cost: the deposit before they are proven, the pledge while they last, penalties.

All but the termination fee (FIP-0098) follow from the reward that their power can expect: its share
of the network's, extrapolated from the smoothed estimates of both (spec 2.6.2, 2.8). Amounts are
attoFIL.
"""

from papyrus.actors.common.fixed_point import PRECISION
from papyrus.actors.common.smoothing import (
    FilterEstimate,
    extrapolated_cumulative_sum_of_ratio,
    quotient,
)
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY

INITIAL_PLEDGE_PROJECTION_PERIOD = 20 * EPOCHS_IN_DAY
PRE_COMMIT_DEPOSIT_PROJECTION_PERIOD = 20 * EPOCHS_IN_DAY
CONTINUED_FAULT_PROJECTION_PERIOD = EPOCHS_IN_DAY * 351 // 100
"""A fault costs the reward of 3.51 days, each day."""
INVALID_WINDOW_POST_PROJECTION_PERIOD = CONTINUED_FAULT_PROJECTION_PERIOD + 2 * EPOCHS_IN_DAY

TERMINATION_LIFETIME_CAP = 140
"""Days after which a sector's termination fee grows no more (FIP-0098)."""

BASE_REWARD_FOR_DISPUTED_WINDOW_POST = TokenAmount.from_fil(4)
BASE_PENALTY_FOR_DISPUTED_WINDOW_POST = TokenAmount.from_fil(20)

INITIAL_PLEDGE_MAX_PER_BYTE = TokenAmount.from_fil(1) // (32 << 30)
"""A FIL for 32 GiB of quality-adjusted power is the most that is ever pledged."""

EXPECTED_LEADERS_PER_EPOCH = 5

_CONSENSUS_FAULT_FACTOR = 5
_CONSENSUS_FAULT_REPORTER_SHARE = 4

_GAMMA_UNIT = 1_000
_FIP_0081_SIMPLE_SHARE = 300
"""Thousandths of the supply's share that are reckoned without the baseline after the ramp."""


def expected_reward_for_power(
    reward: FilterEstimate, network_power: FilterEstimate, power: int, epochs: int
) -> TokenAmount:
    """Return the block reward that quality-adjusted bytes can expect to earn over some epochs.

    Quirk: where the network has no power it is the reward of one epoch.
    """
    if network_power.estimate == 0:
        return TokenAmount(reward.estimate)
    per_byte = extrapolated_cumulative_sum_of_ratio(epochs, 0, reward, network_power)
    return max(TokenAmount(power * per_byte >> PRECISION), ZERO)


def _clamped_expected_reward_for_power(
    reward: FilterEstimate, network_power: FilterEstimate, power: int, epochs: int
) -> TokenAmount:
    """Return the reward that can be expected, at least an attoFIL.

    Deposits and pledge are thus never zero, and so tell whether a miner has anything going on.
    """
    return max(expected_reward_for_power(reward, network_power, power, epochs), TokenAmount(1))


def pledge_penalty_for_continued_fault(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return what a day of fault costs for so many quality-adjusted bytes."""
    return expected_reward_for_power(
        reward, network_power, power, CONTINUED_FAULT_PROJECTION_PERIOD
    )


def pledge_penalty_for_termination(
    initial_pledge: TokenAmount, sector_age: int, fault_fee: TokenAmount
) -> TokenAmount:
    """Return the fee for terminating a sector of an age in epochs (FIP-0098).

    It grows with age to 8.5% of the pledge, and is at least 2% of it and 105% of a day's fault.
    """
    full_fee = initial_pledge * 85 // 1_000
    by_age = sector_age * full_fee // (TERMINATION_LIFETIME_CAP * EPOCHS_IN_DAY)
    least = max(initial_pledge * 2 // 100, fault_fee * 105 // 100)
    return TokenAmount(max(min(full_fee, by_age), least))


def pledge_penalty_for_invalid_window_post(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return what an accepted proof costs that turns out to be wrong."""
    lost = expected_reward_for_power(
        reward, network_power, power, INVALID_WINDOW_POST_PROJECTION_PERIOD
    )
    return lost + BASE_PENALTY_FOR_DISPUTED_WINDOW_POST


def pre_commit_deposit_for_power(
    reward: FilterEstimate, network_power: FilterEstimate, power: int
) -> TokenAmount:
    """Return the deposit for a sector of so many quality-adjusted bytes, at least an attoFIL."""
    return _clamped_expected_reward_for_power(
        reward, network_power, power, PRE_COMMIT_DEPOSIT_PROJECTION_PERIOD
    )


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

    It is the reward they can expect in 20 days, and their share of three tenths of the circulating
    supply. Their share is of the network's power, and for the part gamma that a ramp moves from all
    to seven tenths of the baseline where that is more (FIP-0081).
    """
    base = _clamped_expected_reward_for_power(
        reward, network_power, power, INITIAL_PLEDGE_PROJECTION_PERIOD
    )
    gamma = _GAMMA_UNIT - _simple_share(epochs_since_ramp_start, ramp_duration_epochs)
    simple_denominator = max(network_power.estimate, power)
    baseline_denominator = max(simple_denominator, baseline_power)
    locked = circulating_supply * 3 * power
    by_baseline = quotient(gamma * locked, baseline_denominator * 10 * _GAMMA_UNIT)
    simple = quotient((_GAMMA_UNIT - gamma) * locked, simple_denominator * 10 * _GAMMA_UNIT)
    return min(base + by_baseline + simple, TokenAmount(INITIAL_PLEDGE_MAX_PER_BYTE * power))


def _simple_share(epochs_since_ramp_start: int, ramp_duration_epochs: int) -> int:
    """Return the thousandths that are reckoned without the baseline."""
    if epochs_since_ramp_start < 0:
        return 0
    if ramp_duration_epochs == 0 or epochs_since_ramp_start >= ramp_duration_epochs:
        return _FIP_0081_SIMPLE_SHARE
    return epochs_since_ramp_start * _FIP_0081_SIMPLE_SHARE // ramp_duration_epochs


def consensus_fault_penalty(epoch_reward: TokenAmount) -> TokenAmount:
    """Return what a consensus fault costs: five times what a winner earns."""
    return TokenAmount(epoch_reward * _CONSENSUS_FAULT_FACTOR // EXPECTED_LEADERS_PER_EPOCH)


def reward_for_consensus_slash_report(epoch_reward: TokenAmount) -> TokenAmount:
    """Return what reporting a consensus fault earns: a quarter of what a winner does."""
    return TokenAmount(
        epoch_reward // (EXPECTED_LEADERS_PER_EPOCH * _CONSENSUS_FAULT_REPORTER_SHARE)
    )


def reward_for_disputed_window_post() -> TokenAmount:
    """Return what disputing a wrong proof earns."""
    return BASE_REWARD_FOR_DISPUTED_WINDOW_POST


def locked_part_of_reward(reward: TokenAmount) -> TokenAmount:
    """Return how much of a block reward vests: three quarters."""
    return TokenAmount(reward * 3 // 4)
