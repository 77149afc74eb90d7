"""Where sectors are: they are assigned to deadlines, and found there."""

from collections.abc import Iterable

from papyrus.actors.miner.deadline import Deadline, add_sectors, load_partition
from papyrus.actors.miner.deadline_assignment import assign_deadlines
from papyrus.actors.miner.deadlines import find_sector as find_in_deadlines
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.partition import Partition, Scope
from papyrus.actors.miner.proving_period import deadline_is_mutable
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import State, load_deadlines, open_sectors, with_deadlines
from papyrus.ipld.blockstore import Blockstore
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, not_found


def deadline_scope(
    store: Blockstore, state: State, policy: Policy, index: int, sector_size: int
) -> Scope:
    """Return what work on the sectors of a deadline needs."""
    return Scope(
        store,
        open_sectors(store, state),
        sector_size,
        state.quant_of_deadline(policy, index),
    )


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
    deadlines = load_deadlines(store, state)
    period_start = state.current_proving_period_start(policy, epoch)
    mutable: dict[int, Deadline] = {}
    for index in range(len(deadlines.due)):
        if deadline_is_mutable(policy, period_start, index, epoch):
            mutable[index] = load_deadline(store, deadlines, index)
    assigned = assign_deadlines(
        policy.max_partitions_per_deadline, partition_size, mutable, _by_number(sectors)
    )
    for index, new_sectors in assigned.items():
        if not new_sectors:
            continue
        scope = deadline_scope(store, state, policy, index, sector_size)
        deadline, _, _ = add_sectors(
            scope, mutable[index], partition_size, new_sectors, proven=False, new_fees=True
        )
        deadlines = with_deadline(store, policy, deadlines, index, deadline)
    return with_deadlines(store, state, deadlines)


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
    deadlines = load_deadlines(store, state)
    deadline = load_deadline(store, deadlines, index)
    period_start = state.current_proving_period_start(policy, epoch)
    if not deadline_is_mutable(policy, period_start, index, epoch):
        raise illegal_argument(
            f"proving deadline {index} must not be the current or next deadline "
        )
    scope = deadline_scope(store, state, policy, index, sector_size)
    deadline, _, _ = add_sectors(
        scope, deadline, partition_size, _by_number(sectors), proven=False, new_fees=True
    )
    return with_deadlines(store, state, with_deadline(store, policy, deadlines, index, deadline))


def find_sector(store: Blockstore, state: State, number: int) -> tuple[int, int]:
    """Return the deadline and the partition of a sector, looking through all; aborts if none."""
    return find_in_deadlines(store, load_deadlines(store, state), number)


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
    found = _partition_of(store, state, deadline, partition, number)
    return not (
        number in found.faults
        or number in found.terminated
        or (require_proven and number in found.unproven)
    )


def _partition_of(
    store: Blockstore, state: State, deadline: int, partition: int, number: int
) -> Partition:
    """Return the partition that a sector is claimed to be in; aborts where it is not."""
    deadlines = load_deadlines(store, state)
    found = load_partition(store, load_deadline(store, deadlines, deadline), partition)
    if number not in found.sectors:
        raise not_found(
            f"sector {number} not a member of partition {partition}, deadline {deadline}"
        )
    return found


def _by_number(sectors: Iterable[SectorOnChainInfo]) -> list[SectorOnChainInfo]:
    """Return sectors in order of number, so that they make long runs in bitfields."""
    return sorted(sectors, key=lambda sector: sector.sector_number)
