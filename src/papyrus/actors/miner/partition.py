"""Partitions: the sectors that one window proof covers, and what is known of each.

Every sector of a partition is in exactly one of these states: unproven, active, faulty (perhaps
declared recovering) or terminated. What is kept is the set of each but the active, and the sum of
the power of each but the active and the terminated.

Functions take a partition and return it as it is afterwards; what faults and terminations do to it
is in `partition_faults` and `partition_termination`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from papyrus.actors.collections import ArrayShape
from papyrus.actors.miner.expirations import EXPIRATIONS
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo, Sectors
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField

EARLY_TERMINATED: ArrayShape[BitField] = ArrayShape(BitField, 3)
"""A partition's early terminations by epoch, not rounded."""


@cbor_tuple
class Partition(Record):
    """Some sectors of a deadline, at most as many as one proof covers."""

    sectors: BitField
    """All, whatever their state, until the partition is compacted."""
    unproven: BitField
    """Not yet proven; they become active with the next proof, faulty without one."""
    faults: BitField
    recoveries: BitField
    """Those of the faults that are expected to recover with the next proof."""
    terminated: BitField
    expirations: Annotated[Cid, EXPIRATIONS]
    """`expirations_epochs` in builtin-actors."""
    early_terminated: Annotated[Cid, EARLY_TERMINATED]
    """Terminated sectors for which no fee has been paid yet, by epoch."""
    live_power: PowerPair
    """Of all but the terminated."""
    unproven_power: PowerPair
    faulty_power: PowerPair
    recovering_power: PowerPair

    @property
    def live_sectors(self) -> BitField:
        """Those that are not terminated."""
        return self.sectors - self.terminated

    @property
    def active_sectors(self) -> BitField:
        """Those that count: neither terminated nor faulty nor unproven."""
        return self.live_sectors - self.faults - self.unproven

    @property
    def active_power(self) -> PowerPair:
        """The power that counts."""
        return self.live_power - self.faulty_power - self.unproven_power


PARTITIONS: ArrayShape[Partition] = ArrayShape(Partition, 3)
"""A deadline's partitions, by index from zero."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What work on the sectors of one deadline needs besides its records."""

    store: Blockstore
    sectors: Sectors
    """The miner's."""
    sector_size: int
    quant: QuantSpec
    """The deadline's."""


def new_partition(store: Blockstore) -> Partition:
    """Return a partition without sectors."""
    raise NotImplementedError


def add_sectors(
    scope: Scope, partition: Partition, sectors: Sequence[SectorOnChainInfo], *, proven: bool
) -> tuple[Partition, PowerPair, TokenAmount]:
    """Add healthy sectors; return also their power and daily fee."""
    raise NotImplementedError


def activate_unproven(partition: Partition) -> tuple[Partition, PowerPair]:
    """Take the unproven sectors for proven; return also their power."""
    raise NotImplementedError


def reschedule_expirations(
    scope: Scope, partition: Partition, epoch: int, numbers: BitField
) -> tuple[Partition, list[SectorOnChainInfo]]:
    """Move sectors to another expiration, all but those that are gone, terminated or faulty.

    Returns also the sectors that were moved.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Replacement:
    """By how much sectors that replaced others differ from them."""

    power: PowerPair
    pledge: TokenAmount
    daily_fee: TokenAmount


def replace_sectors(
    scope: Scope,
    partition: Partition,
    old: Sequence[SectorOnChainInfo],
    new: Sequence[SectorOnChainInfo],
) -> tuple[Partition, Replacement]:
    """Replace active sectors, which may be by themselves with other power or expiration.

    Returns also the change, new minus old.
    """
    raise NotImplementedError


def require_members(partition: Partition, numbers: BitField) -> None:
    """Abort with an illegal argument unless all sectors are the partition's."""
    raise NotImplementedError


def require_valid(partition: Partition) -> None:
    """Abort with an illegal state where sets or sums cannot be."""
    raise NotImplementedError
