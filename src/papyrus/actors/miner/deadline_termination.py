"""The ends of a deadline's sectors: they expire, are terminated and paid for, and are dropped."""

from dataclasses import replace

from papyrus.actors.common.integers import checked_u64
from papyrus.actors.miner.deadline import (
    Deadline,
    add_sectors,
    find_partition,
    must_find_partition,
    open_expirations,
    open_partitions,
)
from papyrus.actors.miner.expirations import NO_EXPIRATIONS, ExpirationSet
from papyrus.actors.miner.partition import PARTITIONS, Partition, Scope
from papyrus.actors.miner.partition_termination import (
    pop_early_terminations as pop_from_partition,
)
from papyrus.actors.miner.partition_termination import (
    pop_expired_sectors as pop_expired_from_partition,
)
from papyrus.actors.miner.partition_termination import (
    terminate_sectors as terminate_in_partition,
)
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.actors.miner.termination_result import TerminationResult
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, illegal_state


def pop_expired_sectors(
    store: Blockstore, deadline: Deadline, until: int, quant: QuantSpec
) -> tuple[Deadline, ExpirationSet]:
    """Terminate the sectors that expire up to and at an epoch; return also what they were."""
    queue = open_expirations(store, deadline, quant)
    expired_partitions = queue.pop_until(until)
    if expired_partitions is None:
        return deadline, NO_EXPIRATIONS
    partitions = open_partitions(store, deadline)
    expired = NO_EXPIRATIONS
    with_early: list[int] = []
    for index in expired_partitions:
        partition = partitions.get(index)
        if partition is None:
            raise illegal_state(f"missing expected partition {index}")
        after, popped = pop_expired_from_partition(store, partition, until, quant)
        partitions.set(index, after)
        expired += popped
        if popped.early_sectors:
            with_early.append(index)
    count = expired.on_time_sectors.count() + expired.early_sectors.count()
    return replace(
        deadline,
        expirations=queue.flush(),
        partitions=partitions.flush(),
        early_terminations=deadline.early_terminations | BitField.from_bits(with_early),
        live_sectors=checked_u64(deadline.live_sectors - count),
        faulty_power=deadline.faulty_power - expired.faulty_power,
        live_power=deadline.live_power - expired.faulty_power - expired.active_power,
        daily_fee=deadline.daily_fee - expired.fee_deduction,
    ), expired


def terminate_sectors(
    scope: Scope,
    policy: Policy,
    deadline: Deadline,
    epoch: int,
    partition_sectors: PartitionSectorMap,
) -> tuple[Deadline, PowerPair]:
    """Terminate live sectors and note them for their fee; return also the active power lost.

    Aborts with not found where there is no such partition, with an illegal argument where a sector
    is not live in it.
    """
    partitions = open_partitions(scope.store, deadline)
    all_removed, unproven_power = NO_EXPIRATIONS, NO_POWER
    count = 0
    with_early: list[int] = []
    for index, numbers in partition_sectors.items():
        partition = must_find_partition(partitions, index)
        after, removed, removed_unproven = terminate_in_partition(
            scope, policy, partition, epoch, numbers
        )
        partitions.set(index, after)
        if not removed.is_empty:
            with_early.append(index)
            count += removed.sectors.count()
        all_removed += removed
        unproven_power += removed_unproven
    lost = all_removed.active_power + all_removed.faulty_power + unproven_power
    return replace(
        deadline,
        partitions=partitions.flush(),
        early_terminations=deadline.early_terminations | BitField.from_bits(with_early),
        live_sectors=checked_u64(deadline.live_sectors - count),
        faulty_power=deadline.faulty_power - all_removed.faulty_power,
        live_power=deadline.live_power - lost,
        daily_fee=deadline.daily_fee - all_removed.fee_deduction,
    ), all_removed.active_power


def pop_early_terminations(
    store: Blockstore, deadline: Deadline, max_partitions: int, max_sectors: int
) -> tuple[Deadline, TerminationResult, bool]:
    """Take some sectors that have terminated early and not been paid for.

    Returns also whether there are more.
    """
    partitions = open_partitions(store, deadline)
    finished: list[int] = []
    result = TerminationResult()
    for index in deadline.early_terminations:
        partition = find_partition(partitions, index)
        if partition is None:
            finished.append(index)
            continue
        after, popped, more = pop_from_partition(
            store, partition, max_sectors - result.sectors_processed
        )
        partitions.set(index, after)
        result += popped
        if not more:
            finished.append(index)
        if not result.below_limit(max_partitions, max_sectors):
            break
    unfinished = deadline.early_terminations - BitField.from_bits(finished)
    after_all = replace(deadline, partitions=partitions.flush(), early_terminations=unfinished)
    return after_all, result, bool(unfinished)


def compact_partitions(
    scope: Scope, deadline: Deadline, partition_size: int, removed: BitField
) -> tuple[Deadline, BitField]:
    """Remove partitions and add their live sectors anew; return also their dead sectors.

    The daily fee is left for the caller, who removes the dead sectors, to correct. Aborts with an
    illegal argument where a partition is not there, has faults or unproven sectors, or where the
    deadline has terminations that are not paid for.
    """
    old = open_partitions(scope.store, deadline)
    last = removed.last()
    if removed.count() > len(old):
        raise illegal_argument("partitions to remove exceeds total")
    if last is None:
        return deadline, BitField()
    if last >= len(old):
        raise illegal_argument(f"partition index {last} out of range [0, {len(old)})")
    if deadline.early_terminations:
        raise illegal_argument("cannot remove partitions from deadline with early terminations")
    kept = PARTITIONS.open(scope.store, None)
    dead, live = BitField(), BitField()
    removed_power = NO_POWER
    for index, partition in old.items():
        if index not in removed:
            kept.set(len(kept), partition)
            continue
        _require_removable(index, partition)
        dead |= partition.terminated
        live |= partition.live_sectors
        removed_power += partition.live_power
    queue = open_expirations(scope.store, deadline, scope.quant)
    queue.cut(removed)
    without = replace(
        deadline,
        partitions=kept.flush(),
        expirations=queue.flush(),
        live_sectors=checked_u64(deadline.live_sectors - live.count()),
        total_sectors=checked_u64(deadline.total_sectors - live.count() - dead.count()),
        live_power=deadline.live_power - removed_power,
    )
    after, added_power, _ = add_sectors(
        scope, without, partition_size, scope.sectors.load(live), proven=True, new_fees=False
    )
    if added_power != removed_power:
        raise illegal_state(
            f"power changed when compacting partitions: was {removed_power}, is {added_power}"
        )
    return after, dead


def _require_removable(index: int, partition: Partition) -> None:
    if partition.faults:
        raise illegal_argument(f"cannot remove partition {index}: has faults")
    if partition.unproven:
        raise illegal_argument(f"cannot remove partition {index}: has unproven sectors")
