"""Which deadline gets a new sector.

The one that will have the fewest partitions, first as if all were compacted and then as they are;
among equals one whose last partition has room, the fullest first; then the one with the fewest live
sectors; then the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

from papyrus.actors.common.integers import ceiling_quotient
from papyrus.actors.miner.deadline import Deadline
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.vm.aborts import assertion_failed, illegal_state


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A deadline as it would be with the sectors assigned so far."""

    index: int
    live_sectors: int
    total_sectors: int

    def rank(self, partition_size: int) -> tuple[int, int, bool, int, int, int]:
        """Return what candidates are compared by; the lowest gets the next sector."""
        partition_is_full = self.total_sectors % partition_size == 0
        return (
            ceiling_quotient(self.live_sectors + 1, partition_size),
            ceiling_quotient(self.total_sectors + 1, partition_size),
            partition_is_full,
            0 if partition_is_full else -self.total_sectors,
            self.live_sectors,
            self.index,
        )

    def with_sector(self) -> "_Candidate":
        """Return the deadline with one more sector."""
        return _Candidate(self.index, self.live_sectors + 1, self.total_sectors + 1)


def assign_deadlines(
    max_partitions: int,
    partition_size: int,
    deadlines: Mapping[int, Deadline],
    sectors: Sequence[SectorOnChainInfo],
) -> dict[int, list[SectorOnChainInfo]]:
    """Return the sectors that each deadline gets, of those that may get any, by index.

    Aborts with an illegal state where all have as many partitions as they may.
    """
    if not deadlines:
        raise assertion_failed("no deadline can be assigned sectors")
    heap = []
    for index, deadline in deadlines.items():
        candidate = _Candidate(index, deadline.live_sectors, deadline.total_sectors)
        heap.append((candidate.rank(partition_size), candidate))
    heapify(heap)
    assigned: dict[int, list[SectorOnChainInfo]] = {index: [] for index in sorted(deadlines)}
    for sector in sectors:
        candidate = heap[0][1]
        if candidate.total_sectors >= partition_size * max_partitions:
            raise illegal_state(f"max partitions limit {max_partitions} reached for all deadlines")
        assigned[candidate.index].append(sector)
        candidate = candidate.with_sector()
        heapreplace(heap, (candidate.rank(partition_size), candidate))
    return assigned
