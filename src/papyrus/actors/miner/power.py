"""What sectors are worth to consensus: raw bytes, and bytes weighted by quality (spec 2.6.2).

A byte that holds verified data counts ten times. A sector's quality is the average over its space
and time since its power was last set, so the weight of verified deals is bytes times epochs.
"""

from collections.abc import Sequence

from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.ipld.schema import BigInt
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.vm.aborts import assertion_failed

QUALITY_BASE_MULTIPLIER = 10
VERIFIED_DEAL_WEIGHT_MULTIPLIER = 100
SECTOR_QUALITY_PRECISION = 20
"""The bits after the point of a quality."""


@cbor_tuple
class PowerPair(Record):
    """Bytes of storage, as they are and weighted by quality."""

    raw: BigInt
    quality_adjusted: BigInt
    """`qa` in builtin-actors."""

    def __add__(self, other: "PowerPair") -> "PowerPair":
        return PowerPair(self.raw + other.raw, self.quality_adjusted + other.quality_adjusted)

    def __sub__(self, other: "PowerPair") -> "PowerPair":
        return PowerPair(self.raw - other.raw, self.quality_adjusted - other.quality_adjusted)

    def __neg__(self) -> "PowerPair":
        return PowerPair(-self.raw, -self.quality_adjusted)

    @property
    def is_zero(self) -> bool:
        """Whether both are zero."""
        return self.raw == 0 and self.quality_adjusted == 0

    @property
    def is_negative(self) -> bool:
        """Whether either is below zero."""
        return self.raw < 0 or self.quality_adjusted < 0


NO_POWER = PowerPair(0, 0)


def quality_for_weight(size: int, duration: int, verified_weight: int) -> int:
    """Return a sector's quality with 20 bits after the point; ActorError for no duration."""
    space_time = size * duration
    if space_time == 0:
        raise assertion_failed("attempt to divide by zero")
    base = (space_time - verified_weight) * QUALITY_BASE_MULTIPLIER
    verified = verified_weight * VERIFIED_DEAL_WEIGHT_MULTIPLIER
    scaled = base + verified << SECTOR_QUALITY_PRECISION
    return scaled // space_time // QUALITY_BASE_MULTIPLIER


def quality_adjusted_power_max(size: int) -> int:
    """Return the quality-adjusted bytes of a sector full of verified data."""
    return size * VERIFIED_DEAL_WEIGHT_MULTIPLIER // QUALITY_BASE_MULTIPLIER


def quality_adjusted_power_for_weight(size: int, duration: int, verified_weight: int) -> int:
    """Return the quality-adjusted bytes of a sector over a duration with a verified weight."""
    return size * quality_for_weight(size, duration, verified_weight) >> SECTOR_QUALITY_PRECISION


def quality_adjusted_power_of(size: int, sector: SectorOnChainInfo) -> int:
    """Return the quality-adjusted bytes of a sector, as its power base epoch has it."""
    duration = sector.expiration - sector.power_base_epoch
    return quality_adjusted_power_for_weight(size, duration, sector.verified_deal_weight)


def power_of_sectors(size: int, sectors: Sequence[SectorOnChainInfo]) -> PowerPair:
    """Return the sum of the power of sectors."""
    return PowerPair(
        size * len(sectors), sum(quality_adjusted_power_of(size, sector) for sector in sectors)
    )
