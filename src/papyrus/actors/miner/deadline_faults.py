"""What faults do to a deadline: declared ones, and those that the end of its window finds."""

from dataclasses import replace

from papyrus.actors.miner.deadline import (
    POST_SUBMISSIONS,
    Deadline,
    add_expiration_partitions,
    must_find_partition,
    open_partitions,
)
from papyrus.actors.miner.expirations import NO_SECTORS
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.partition_faults import declare_recovered as declare_in_partition
from papyrus.actors.miner.partition_faults import record_faults as record_in_partition
from papyrus.actors.miner.partition_faults import record_missed_post
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.actors.miner.sectors import SECTORS
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.vm.aborts import illegal_state


def record_faults(
    scope: Scope,
    deadline: Deadline,
    fault_expiration: int,
    partition_sectors: PartitionSectorMap,
) -> tuple[Deadline, PowerPair]:
    """Make sectors faulty that were declared so; return also the change of active power.

    Aborts with not found where there is no such partition, with an illegal argument where a sector
    is not in it.
    """
    partitions = open_partitions(scope.store, deadline)
    power_delta, faulty_power = NO_POWER, deadline.faulty_power
    with_faults: list[int] = []
    for index, numbers in partition_sectors.items():
        partition = must_find_partition(partitions, index)
        after, recorded = record_in_partition(scope, partition, numbers, fault_expiration)
        partitions.set(index, after)
        faulty_power += recorded.new_faulty_power
        power_delta += recorded.power_delta
        if recorded.new_faults:
            with_faults.append(index)
    deadline = replace(deadline, partitions=partitions.flush(), faulty_power=faulty_power)
    return (
        add_expiration_partitions(
            scope.store, deadline, fault_expiration, with_faults, scope.quant
        ),
        power_delta,
    )


def declare_recovered(
    scope: Scope, deadline: Deadline, partition_sectors: PartitionSectorMap
) -> Deadline:
    """Note that faulty sectors are to recover with the next proof.

    Aborts as `record_faults` does.
    """
    partitions = open_partitions(scope.store, deadline)
    for index, numbers in partition_sectors.items():
        partition = must_find_partition(partitions, index)
        partitions.set(index, declare_in_partition(scope, partition, numbers))
    return replace(deadline, partitions=partitions.flush())


def process_deadline_end(
    store: Blockstore,
    deadline: Deadline,
    quant: QuantSpec,
    fault_expiration: int,
    sectors: Cid,
) -> tuple[Deadline, PowerPair, PowerPair]:
    """Make all that was not proven faulty, and keep what can be disputed until the next window.

    `sectors` is the root of the miner's sectors. Returns also the change of active power, and the
    power to be penalized: what became faulty, and what should have recovered.
    """
    partitions = open_partitions(store, deadline)
    power_delta, penalized_power, faulty_power = NO_POWER, NO_POWER, deadline.faulty_power
    rescheduled: list[int] = []
    for index in range(len(partitions)):
        if index in deadline.partitions_posted:
            continue
        partition = partitions.get(index)
        if partition is None:
            raise illegal_state(f"no partition {index}")
        if partition.recovering_power.is_zero and partition.faulty_power == partition.live_power:
            continue
        after, missed = record_missed_post(store, partition, fault_expiration, quant)
        partitions.set(index, after)
        if not missed.new_faulty_power.is_zero:
            rescheduled.append(index)
        faulty_power += missed.new_faulty_power
        power_delta += missed.power_delta
        penalized_power += missed.penalized_power
    deadline = replace(deadline, partitions=partitions.flush(), faulty_power=faulty_power)
    deadline = add_expiration_partitions(store, deadline, fault_expiration, rescheduled, quant)
    return _with_snapshot(store, deadline, sectors), power_delta, penalized_power


def _with_snapshot(store: Blockstore, deadline: Deadline, sectors: Cid) -> Deadline:
    """Return the deadline with what can be disputed, ready for its next window."""
    no_submissions = POST_SUBMISSIONS.empty_root(store)
    submissions = deadline.optimistic_post_submissions
    return replace(
        deadline,
        partitions_posted=NO_SECTORS,
        partitions_snapshot=deadline.partitions,
        optimistic_post_submissions=no_submissions,
        optimistic_post_submissions_snapshot=submissions,
        # Sectors are only asked for again where there is a proof to dispute.
        sectors_snapshot=SECTORS.empty_root(store) if submissions == no_submissions else sectors,
    )
