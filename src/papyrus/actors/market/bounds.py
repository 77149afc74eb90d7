"""What the terms of a deal may be, all bounds included (builtin-actors `policy.rs`)."""

from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY, Policy

MAX_LABEL_SIZE = 256
"""Bytes of the longest label."""

MIN_DURATION = 180 * EPOCHS_IN_DAY
MAX_DURATION = 1_278 * EPOCHS_IN_DAY

MIN_PIECE_SIZE = 128
"""Padded bytes."""

TOTAL_FILECOIN = TokenAmount.from_fil(2_000_000_000)
"""More than there will ever be: no price and no collateral is higher."""


def is_piece_size(size: int) -> bool:
    """Return whether a number is a padded size of a piece."""
    return size >= MIN_PIECE_SIZE and size.bit_count() == 1


def is_amount(amount: TokenAmount) -> bool:
    """Return whether an amount may be a price or a client's collateral."""
    return ZERO <= amount <= TOTAL_FILECOIN


def minimum_provider_collateral(
    policy: Policy,
    piece_size: int,
    network_raw_power: int,
    baseline_power: int,
    circulating_supply: TokenAmount,
) -> TokenAmount:
    """Return what a provider must put down at least for a deal.

    It is a share of a part of the circulating supply: the deal's bytes out of the network's power
    or the baseline, whichever is more.
    """
    target = circulating_supply * policy.provider_collateral_supply_numerator
    power = max(network_raw_power, baseline_power, piece_size)
    return TokenAmount(
        piece_size * target // (power * policy.provider_collateral_supply_denominator)
    )


def first_update_epoch(deal_id: int, interval: int, earliest: int) -> int:
    """Return the first epoch, no sooner than the earliest, in which cron is to look at a deal.

    Each deal has its place within an interval of epochs, so that nobody can have many deals looked
    at in one.
    """
    place = deal_id % interval
    return earliest + (place - earliest) % interval
