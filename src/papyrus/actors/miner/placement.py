"""Where sectors are: they are assigned to deadlines, found there, and moved to expire anew."""

from collections.abc import Iterable

from papyrus.actors.miner.sector_map import DeadlineSectorMap
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import State
from papyrus.ipld.blockstore import Blockstore
from papyrus.rules.policy import Policy


def assign_sectors_to_deadlines(
    store: Blockstore,
    state: State,
    policy: Policy,
    epoch: int,
    sectors: Iterable[SectorOnChainInfo],
    partition_size: int,
    sector_size: int,
) -> State:
    """Add new sectors to deadlines whose windows are neither open nor next, filling partitions.

    Aborts with an illegal state where all are full.
    """
    raise NotImplementedError


def assign_sectors_to_deadline(
    store: Blockstore,
    state: State,
    policy: Policy,
    epoch: int,
    sectors: Iterable[SectorOnChainInfo],
    partition_size: int,
    sector_size: int,
    index: int,
) -> State:
    """Add new sectors to one deadline; aborts with an illegal argument where it is open or next."""
    raise NotImplementedError


def find_sector(store: Blockstore, state: State, number: int) -> tuple[int, int]:
    """Return the deadline and the partition of a sector, looking through all; aborts if none."""
    raise NotImplementedError


def reschedule_sector_expirations(
    store: Blockstore,
    state: State,
    policy: Policy,
    epoch: int,
    sector_size: int,
    sectors: DeadlineSectorMap,
) -> tuple[State, list[SectorOnChainInfo]]:
    """Have sectors expire at the end of their deadline's next window, where they are healthy.

    Returns also the sectors that were moved.
    """
    raise NotImplementedError


def sector_is_active(
    store: Blockstore,
    state: State,
    deadline: int,
    partition: int,
    number: int,
    *,
    require_proven: bool,
) -> bool:
    """Return whether a sector is neither faulty nor terminated nor, if so required, unproven.

    Aborts with not found where it is not in that partition.
    """
    raise NotImplementedError


def require_healthy(
    store: Blockstore, state: State, deadline: int, partition: int, number: int
) -> None:
    """Abort where a sector is not in a partition, faulty or terminated."""
    raise NotImplementedError
