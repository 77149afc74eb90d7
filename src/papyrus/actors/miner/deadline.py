"""Deadlines: the partitions that are proven in one window of the day, and their sums.

A deadline changes while its window is neither open nor next. Its sums are kept up to date with its
partitions, so that most of what is asked of it needs none of them. Proofs are in `deadline_proofs`,
faults in `deadline_faults`, the ends of sectors in `deadline_termination`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

from papyrus.actors.collections import Array, ArrayShape
from papyrus.actors.miner.partition import PARTITIONS, Partition, Scope
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.actors.miner.sectors import SECTORS, SectorOnChainInfo
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.statements import PoStProof


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
    raise NotImplementedError


def open_partitions(store: Blockstore, deadline: Deadline) -> Array[Partition]:
    """Return the partitions as they are."""
    return PARTITIONS.open(store, deadline.partitions)


def load_partition(store: Blockstore, deadline: Deadline, index: int) -> Partition:
    """Return a partition; aborts with not found where there is none."""
    raise NotImplementedError


def load_partition_snapshot(store: Blockstore, deadline: Deadline, index: int) -> Partition:
    """Return a partition as it was at the end of the last window; aborts with not found."""
    raise NotImplementedError


def add_expiration_partitions(
    store: Blockstore, deadline: Deadline, epoch: int, partitions: Iterable[int], quant: QuantSpec
) -> Deadline:
    """Note that sectors of some partitions may expire at an epoch."""
    raise NotImplementedError


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
    raise NotImplementedError


def reschedule_expirations(
    scope: Scope, deadline: Deadline, epoch: int, partition_sectors: PartitionSectorMap
) -> tuple[Deadline, list[SectorOnChainInfo]]:
    """Move sectors to another expiration, all but those that are gone, terminated or faulty.

    Returns also the sectors that were moved.
    """
    raise NotImplementedError


def require_valid(deadline: Deadline) -> None:
    """Abort with an illegal state where sums cannot be."""
    raise NotImplementedError
