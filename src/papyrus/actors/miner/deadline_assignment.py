"""Which deadline gets a new sector.

The one that will have the fewest partitions, first as if all were compacted and then as they are;
among equals one whose last partition has room, the fullest first; then the one with the fewest live
sectors; then the first.
"""

from collections.abc import Mapping, Sequence

from papyrus.actors.miner.deadline import Deadline
from papyrus.actors.miner.sectors import SectorOnChainInfo


def assign_deadlines(
    max_partitions: int,
    partition_size: int,
    deadlines: Mapping[int, Deadline],
    sectors: Sequence[SectorOnChainInfo],
) -> dict[int, list[SectorOnChainInfo]]:
    """Return the sectors that each deadline gets, of those that may get any, by index.

    Aborts with an illegal state where all have as many partitions as they may.
    """
    raise NotImplementedError
