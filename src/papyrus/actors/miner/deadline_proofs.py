"""Window proofs of a deadline: what one changes when it is accepted, and when it is disputed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from papyrus.actors.miner.deadline import (
    POST_SUBMISSIONS,
    Deadline,
    WindowedPoSt,
    add_expiration_partitions,
    must_find_partition,
    open_partitions,
)
from papyrus.actors.miner.expirations import NO_SECTORS
from papyrus.actors.miner.params.proving import PoStPartition
from papyrus.actors.miner.partition import PARTITIONS, Scope, activate_unproven
from papyrus.actors.miner.partition_faults import record_skipped_faults, recover_faults
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.statements import PoStProof
from papyrus.vm.aborts import illegal_argument, illegal_state


@dataclass(frozen=True, slots=True)
class PoStResult:
    """What a proof covers and has changed."""

    power_delta: PowerPair
    """Of the active power, either way."""
    new_faulty_power: PowerPair
    retracted_recovery_power: PowerPair
    recovered_power: PowerPair
    sectors: BitField
    """All of the partitions that were proven."""
    ignored_sectors: BitField
    """Those of them that the proof leaves out."""
    partitions: BitField


@dataclass(frozen=True, slots=True)
class DisputeInfo:
    """What a disputed proof was to show, and what it falls with it."""

    all_sectors: BitField
    ignored_sectors: BitField
    disputed_sectors: PartitionSectorMap
    """Those that were active, and become faulty."""
    disputed_power: PowerPair


def record_proven_sectors(
    scope: Scope, deadline: Deadline, fault_expiration: int, posts: Sequence[PoStPartition]
) -> tuple[Deadline, PoStResult]:
    """Record partitions as proven, with the sectors that were left out as faulty.

    No proof is checked here. Aborts with an illegal argument where a partition comes twice, was
    proven before or skips sectors it does not have, with not found where it is not there.
    """
    proven = _distinct_partitions(deadline, posts)
    partitions = open_partitions(scope.store, deadline)
    result = PoStResult(
        NO_POWER, NO_POWER, NO_POWER, NO_POWER, NO_SECTORS, NO_SECTORS, partitions=proven
    )
    rescheduled: list[int] = []
    for post in posts:
        partition = must_find_partition(partitions, post.index)
        partition, skipped = record_skipped_faults(scope, partition, post.skipped, fault_expiration)
        partition, recovered_power = recover_faults(scope, partition)
        partition, activated_power = activate_unproven(partition)
        partitions.set(post.index, partition)
        if skipped.has_new_faults:
            rescheduled.append(post.index)
        result = replace(
            result,
            power_delta=result.power_delta
            + skipped.power_delta
            + activated_power
            + recovered_power,
            new_faulty_power=result.new_faulty_power + skipped.new_faulty_power,
            retracted_recovery_power=result.retracted_recovery_power
            + skipped.retracted_recovery_power,
            recovered_power=result.recovered_power + recovered_power,
            sectors=result.sectors | partition.sectors,
            ignored_sectors=result.ignored_sectors | partition.faults | partition.terminated,
        )
    deadline = add_expiration_partitions(
        scope.store, deadline, fault_expiration, rescheduled, scope.quant
    )
    return replace(
        deadline,
        partitions=partitions.flush(),
        partitions_posted=deadline.partitions_posted | proven,
        faulty_power=deadline.faulty_power - result.recovered_power + result.new_faulty_power,
    ), result


def record_post_proofs(
    store: Blockstore, deadline: Deadline, partitions: BitField, proofs: tuple[PoStProof, ...]
) -> Deadline:
    """Keep a proof that was accepted unchecked."""
    submissions = POST_SUBMISSIONS.open(store, deadline.optimistic_post_submissions)
    submissions.set(len(submissions), WindowedPoSt(partitions, proofs))
    return replace(deadline, optimistic_post_submissions=submissions.flush())


def take_post_proofs(
    store: Blockstore, deadline: Deadline, index: int
) -> tuple[Deadline, WindowedPoSt]:
    """Take a proof of the last window, which is not there to be disputed again.

    Aborts with an illegal argument where there is none at the index.
    """
    submissions = POST_SUBMISSIONS.open(store, deadline.optimistic_post_submissions_snapshot)
    try:
        post = submissions.get(index)
    except IndexError as error:
        raise illegal_state(f"failed to retrieve proof {index}: {error}") from error
    if post is None:
        raise illegal_argument(f"proof {index} not found")
    submissions.delete(index)
    return replace(deadline, optimistic_post_submissions_snapshot=submissions.flush()), post


def load_partitions_for_dispute(
    store: Blockstore, deadline: Deadline, partitions: BitField
) -> DisputeInfo:
    """Return what a proof of partitions was to show at the end of the last window."""
    snapshot = PARTITIONS.open(store, deadline.partitions_snapshot)
    sectors, ignored = [], []
    disputed = PartitionSectorMap()
    power = NO_POWER
    for index in partitions:
        partition = snapshot.get(index)
        if partition is None:
            raise illegal_state(f"failed to find partition {index}")
        sectors.append(partition.sectors)
        ignored += [partition.faults, partition.terminated, partition.unproven]
        disputed.add(index, partition.active_sectors)
        power += partition.active_power
    return DisputeInfo(BitField.union(sectors), BitField.union(ignored), disputed, power)


def _distinct_partitions(deadline: Deadline, posts: Sequence[PoStPartition]) -> BitField:
    """Return the indices of the partitions of a proof, which must be new."""
    try:
        indices = BitField.from_bits(post.index for post in posts)
    except ValueError as error:
        raise illegal_argument(f"partition index out of bitfield range: {error}") from error
    if indices.count() != len(posts):
        raise illegal_argument("duplicate partitions proven")
    already_proven = deadline.partitions_posted & indices
    if already_proven:
        raise illegal_argument(f"partition already proven: {already_proven}")
    return indices
