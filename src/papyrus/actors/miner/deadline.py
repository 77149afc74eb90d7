"""Deadlines: the partitions that are proven in one window of the day, and their sums.

A deadline changes while its window is neither open nor next. Its sums are kept up to date with its
partitions, so that most of what is asked of it needs none of them. Proofs are in `deadline_proofs`,
faults in `deadline_faults`, the ends of sectors in `deadline_termination`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

from papyrus.actors.common.collections import Array, ArrayShape
from papyrus.actors.miner.epoch_queue import BitfieldQueue
from papyrus.actors.miner.expirations import NO_SECTORS
from papyrus.actors.miner.partition import PARTITIONS, Partition, Scope, new_partition
from papyrus.actors.miner.partition import add_sectors as add_to_partition
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SECTORS, SectorOnChainInfo
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.statements import PoStProof
from papyrus.vm.aborts import illegal_state, not_found


@cbor_tuple
class WindowedPoSt(Record):
    """A proof that was accepted unchecked and can be disputed (FIP-0010)."""

    partitions: BitField
    proofs: tuple[PoStProof, ...]


DEADLINE_EXPIRATIONS: ArrayShape[BitField] = ArrayShape(BitField, 5)
"""Indices of partitions by the epoch at which some of their sectors may expire."""

POST_SUBMISSIONS: ArrayShape[WindowedPoSt] = ArrayShape(WindowedPoSt, 2)
"""Proofs of one window in the order in which they came."""


@cbor_tuple
class Deadline(Record):
    """The sectors that are proven in one window."""

    partitions: Annotated[Cid, PARTITIONS]
    """Their indices have no gaps."""
    expirations: Annotated[Cid, DEADLINE_EXPIRATIONS]
    """A partition stays in the queue though its sectors no longer expire then.

    `expirations_epochs` in builtin-actors.
    """
    partitions_posted: BitField
    """Those proven so far in the window that is open."""
    early_terminations: BitField
    """Partitions with terminated sectors that have not been paid for."""
    live_sectors: U64
    """How many sectors are not terminated."""
    total_sectors: U64
    faulty_power: PowerPair
    optimistic_post_submissions: Annotated[Cid, POST_SUBMISSIONS]
    """The proofs accepted unchecked in the window that is open."""
    sectors_snapshot: Annotated[Cid, SECTORS]
    """The miner's sectors at the end of the last window."""
    partitions_snapshot: Annotated[Cid, PARTITIONS]
    """The partitions at the end of the last window."""
    optimistic_post_submissions_snapshot: Annotated[Cid, POST_SUBMISSIONS]
    """The proofs of the last window that can still be disputed."""
    live_power: PowerPair
    """Of all sectors that are not terminated (FIP-0100)."""
    daily_fee: TokenAmount
    """What the sectors pay a day (FIP-0100)."""

    @property
    def is_live(self) -> bool:
        """Whether the end of its window has anything to do."""
        return (
            self.live_sectors > 0
            or bool(self.partitions_posted)
            or self.partitions != self.partitions_snapshot
            or self.optimistic_post_submissions != self.optimistic_post_submissions_snapshot
        )


def new_deadline(store: Blockstore) -> Deadline:
    """Return a deadline without partitions."""
    no_partitions = PARTITIONS.empty_root(store)
    no_submissions = POST_SUBMISSIONS.empty_root(store)
    return Deadline(
        partitions=no_partitions,
        expirations=DEADLINE_EXPIRATIONS.empty_root(store),
        partitions_posted=NO_SECTORS,
        early_terminations=NO_SECTORS,
        live_sectors=0,
        total_sectors=0,
        faulty_power=NO_POWER,
        optimistic_post_submissions=no_submissions,
        sectors_snapshot=SECTORS.empty_root(store),
        partitions_snapshot=no_partitions,
        optimistic_post_submissions_snapshot=no_submissions,
        live_power=NO_POWER,
        daily_fee=ZERO,
    )


def open_partitions(store: Blockstore, deadline: Deadline) -> Array[Partition]:
    """Return the partitions as they are, to be changed and then flushed."""
    return PARTITIONS.open(store, deadline.partitions)


def find_partition(partitions: Array[Partition], index: int) -> Partition | None:
    """Return a partition, or None; aborts with an illegal state for an index none can have."""
    try:
        return partitions.get(index)
    except IndexError as error:
        raise illegal_state(f"failed to load partition {index}: {error}") from error


def must_find_partition(partitions: Array[Partition], index: int) -> Partition:
    """Return a partition; aborts with not found where there is none."""
    partition = find_partition(partitions, index)
    if partition is None:
        raise not_found(f"no such partition {index}")
    return partition


def load_partition(store: Blockstore, deadline: Deadline, index: int) -> Partition:
    """Return a partition; aborts with not found where there is none."""
    return must_find_partition(open_partitions(store, deadline), index)


def add_expiration_partitions(
    store: Blockstore, deadline: Deadline, epoch: int, partitions: Iterable[int], quant: QuantSpec
) -> Deadline:
    """Note that sectors of some partitions may expire at an epoch."""
    indices = BitField.from_bits(partitions)
    if not indices:
        return deadline
    queue = open_expirations(store, deadline, quant)
    queue.add(epoch, indices)
    return replace(deadline, expirations=queue.flush())


def open_expirations(store: Blockstore, deadline: Deadline, quant: QuantSpec) -> BitfieldQueue:
    """Return the queue of partitions, to be changed and then flushed."""
    return BitfieldQueue(DEADLINE_EXPIRATIONS.open(store, deadline.expirations), quant)


def add_sectors(
    scope: Scope,
    deadline: Deadline,
    partition_size: int,
    sectors: Sequence[SectorOnChainInfo],
    *,
    proven: bool,
    new_fees: bool,
) -> tuple[Deadline, PowerPair, TokenAmount]:
    """Add healthy sectors, to the last partition as far as it has room and then to new ones.

    Returns also the power added and the daily fee, which is zero unless the fees are new.
    """
    power, daily_fee = NO_POWER, ZERO
    if not sectors:
        return deadline, power, daily_fee
    partitions = open_partitions(scope.store, deadline)
    expiring: list[tuple[int, int]] = []
    left = sectors
    index = max(len(partitions) - 1, 0)
    while left:
        partition = partitions.get(index) or new_partition(scope.store)
        room = max(partition_size - partition.sectors.count(), 0)
        added, left = left[:room], left[room:]
        if added:
            after, added_power, added_fee = add_to_partition(scope, partition, added, proven=proven)
            partitions.set(index, after)
            power += added_power
            if new_fees:
                daily_fee += added_fee
            expiring += [(sector.expiration, index) for sector in added]
        index += 1
    queue = open_expirations(scope.store, deadline, scope.quant)
    queue.add_many(expiring)
    after_all = replace(
        deadline,
        partitions=partitions.flush(),
        expirations=queue.flush(),
        live_sectors=deadline.live_sectors + len(sectors),
        total_sectors=deadline.total_sectors + len(sectors),
        live_power=deadline.live_power + power,
        daily_fee=deadline.daily_fee + daily_fee,
    )
    return after_all, power, daily_fee


def require_valid(deadline: Deadline) -> None:
    """Abort with an illegal state where sums cannot be."""
    if deadline.live_sectors > deadline.total_sectors:
        raise illegal_state("deadline left with more live sectors than total")
    if deadline.faulty_power.is_negative:
        raise illegal_state("deadline left with negative faulty power")
