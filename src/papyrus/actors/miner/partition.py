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

from papyrus.actors.common.collections import ArrayShape
from papyrus.actors.miner.expirations import EXPIRATIONS, NO_SECTORS, ExpirationQueue
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo, Sectors
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.vm.aborts import illegal_argument, illegal_state

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
    return Partition(
        sectors=NO_SECTORS,
        unproven=NO_SECTORS,
        faults=NO_SECTORS,
        recoveries=NO_SECTORS,
        terminated=NO_SECTORS,
        expirations=EXPIRATIONS.empty_root(store),
        early_terminated=EARLY_TERMINATED.empty_root(store),
        live_power=NO_POWER,
        unproven_power=NO_POWER,
        faulty_power=NO_POWER,
        recovering_power=NO_POWER,
    )


def open_expirations(scope: Scope, partition: Partition) -> ExpirationQueue:
    """Return the expirations, to be changed and then flushed."""
    return ExpirationQueue(scope.store, partition.expirations, scope.quant, scope.sector_size)


def add_sectors(
    scope: Scope, partition: Partition, sectors: Sequence[SectorOnChainInfo], *, proven: bool
) -> tuple[Partition, PowerPair, TokenAmount]:
    """Add healthy sectors; return also their power and daily fee."""
    queue = open_expirations(scope, partition)
    added = queue.add_active_sectors(sectors)
    if partition.sectors.contains_any(added.numbers):
        raise illegal_state("not all added sectors are new")
    after = replace(
        partition,
        expirations=queue.flush(),
        sectors=partition.sectors | added.numbers,
        live_power=partition.live_power + added.power,
    )
    if not proven:
        after = replace(
            after,
            unproven=partition.unproven | added.numbers,
            unproven_power=partition.unproven_power + added.power,
        )
    require_valid(after)
    return after, added.power, added.daily_fee


def activate_unproven(partition: Partition) -> tuple[Partition, PowerPair]:
    """Take the unproven sectors for proven; return also their power."""
    proven = replace(partition, unproven=NO_SECTORS, unproven_power=NO_POWER)
    return proven, partition.unproven_power


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
    queue = open_expirations(scope, partition)
    removed, added = queue.replace_sectors(old, new)
    active = partition.active_sectors
    if not active.contains_all(removed.numbers):
        raise illegal_state(
            f"refusing to replace inactive sectors in {removed.numbers} (active: {active})"
        )
    change = Replacement(
        added.power - removed.power,
        added.pledge - removed.pledge,
        added.daily_fee - removed.daily_fee,
    )
    after = replace(
        partition,
        expirations=queue.flush(),
        sectors=(partition.sectors - removed.numbers) | added.numbers,
        live_power=partition.live_power + change.power,
    )
    require_valid(after)
    return after, change


def require_members(partition: Partition, numbers: BitField) -> None:
    """Abort with an illegal argument unless all sectors are the partition's."""
    if not partition.sectors.contains_all(numbers):
        raise illegal_argument(
            "failed fault declaration: not all sectors are assigned to the partition"
        )


def require_valid(partition: Partition) -> None:
    """Abort with an illegal state where sets or sums cannot be."""
    _require_valid_power(partition)
    in_state = partition.unproven | partition.faults
    if partition.terminated.contains_any(in_state):
        raise illegal_state("Partition left with terminated sectors in multiple states")
    if not partition.sectors.contains_all(in_state | partition.terminated):
        raise illegal_state("Partition left with invalid sector state")
    if not partition.faults.contains_all(partition.recoveries):
        raise illegal_state("Partition left with invalid recovery state")


def _require_valid_power(partition: Partition) -> None:
    sums = {
        "live": partition.live_power,
        "unproven": partition.unproven_power,
        "faulty": partition.faulty_power,
        "recovering": partition.recovering_power,
    }
    for name, power in sums.items():
        if power.is_negative:
            raise illegal_state(f"Partition left with negative {name} power")
        if power.raw > partition.live_power.raw:
            raise illegal_state(f"Partition left with invalid {name} power")
    if partition.recovering_power.raw > partition.faulty_power.raw:
        raise illegal_state("Partition left with invalid recovering power")
