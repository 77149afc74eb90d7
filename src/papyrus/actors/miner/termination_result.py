"""Sectors that have terminated early, as they are taken out of partitions to be paid for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from papyrus.primitives.bitfield import BitField


@dataclass(frozen=True, slots=True)
class TerminationResult:
    """Sectors by the epoch at which they ended, and how much was looked through for them."""

    sectors: Mapping[int, BitField] = field(default_factory=dict)
    """In order of epoch."""
    partitions_processed: int = 0
    sectors_processed: int = 0

    def __add__(self, other: "TerminationResult") -> "TerminationResult":
        merged = dict(self.sectors)
        for epoch, numbers in other.sectors.items():
            merged[epoch] = merged.get(epoch, BitField()) | numbers
        return TerminationResult(
            dict(sorted(merged.items())),
            self.partitions_processed + other.partitions_processed,
            self.sectors_processed + other.sectors_processed,
        )

    @property
    def is_empty(self) -> bool:
        """Whether no sector was found."""
        return self.sectors_processed == 0

    def below_limit(self, max_partitions: int, max_sectors: int) -> bool:
        """Return whether more may be looked through."""
        return self.partitions_processed < max_partitions and self.sectors_processed < max_sectors
