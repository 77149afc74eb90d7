"""How much of the genesis allocation has vested at an epoch (node.md 3.7, spec 2.8).

The allocation sits in many multisigs; nodes do not read them but hold their sums by duration.
Three periods have tables of their own, since Ignition corrected a unit and a start and Calico
corrected sums. The division is rounded down before it is multiplied, which is consensus.
"""

from dataclasses import dataclass

from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import EPOCHS_IN_DAY, EPOCHS_IN_YEAR, ChainEpoch

_SIX_MONTHS = 183 * EPOCHS_IN_DAY


@dataclass(frozen=True, slots=True)
class Tranche:
    """An amount that vests linearly over some epochs."""

    duration: int
    """In epochs; zero means vested from the start."""
    amount: TokenAmount


@dataclass(frozen=True, slots=True)
class VestingPeriod:
    """The tranches that count up to a height, and the epoch they vest from."""

    last_height: ChainEpoch | None
    """The last height the period covers; None for the period without an end."""
    start: ChainEpoch
    tranches: tuple[Tranche, ...]


def vested(periods: tuple[VestingPeriod, ...], height: ChainEpoch) -> TokenAmount:
    """Return the attoFIL vested at a height, by the first period that covers it."""
    period = next(p for p in periods if p.last_height is None or height <= p.last_height)
    elapsed = height - period.start
    total = sum(_vested_of(tranche, elapsed) for tranche in period.tranches)
    return TokenAmount(total)


def _vested_of(tranche: Tranche, elapsed: int) -> int:
    if elapsed < 0:
        return 0
    if elapsed >= tranche.duration:
        return tranche.amount
    locked = (tranche.amount // tranche.duration) * (tranche.duration - elapsed)
    return tranche.amount - locked


_EARLY_SUMS = (
    (_SIX_MONTHS, 82_717_041),
    (EPOCHS_IN_YEAR, 22_421_712),
    (2 * EPOCHS_IN_YEAR, 7_223_364),
    (3 * EPOCHS_IN_YEAR, 87_637_883),
    (6 * EPOCHS_IN_YEAR, 400_000_000),
)

# Quirk: up to Ignition these sums of whole FIL are taken for attoFIL.
BEFORE_IGNITION = tuple(Tranche(duration, TokenAmount(amount)) for duration, amount in _EARLY_SUMS)

BEFORE_CALICO = tuple(
    Tranche(duration, TokenAmount.from_fil(amount)) for duration, amount in _EARLY_SUMS
)

AFTER_CALICO = tuple(
    Tranche(duration, TokenAmount.from_fil(amount))
    for duration, amount in (
        (0, 10_632_000),
        (_SIX_MONTHS, 51_803_587),
        (EPOCHS_IN_YEAR, 31_821_712),
        (2 * EPOCHS_IN_YEAR, 7_223_364),
        (3 * EPOCHS_IN_YEAR, 88_536_841),
        (6 * EPOCHS_IN_YEAR, 409_805_053),
    )
)
