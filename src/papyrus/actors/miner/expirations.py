"""When a partition's sectors expire: on time, or early for having been faulty too long.

The queue is an array by epoch, the epochs rounded up to the last of the deadline's windows. On-time
sectors may be active or faulty, early ones are always faulty; active power is that of sectors that
expire on time. The changes that faults bring are in `expiration_faults`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from papyrus.actors.common.collections import Array, ArrayShape
from papyrus.actors.miner.epoch_queue import queue_index
from papyrus.actors.miner.power import NO_POWER, PowerPair, power_of_sectors
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, absent_before, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.vm.aborts import illegal_state

NO_SECTORS = BitField()


@cbor_tuple
class ExpirationSet(Record):
    """The sectors that expire at one epoch."""

    on_time_sectors: BitField
    """At the end of the life they were committed for."""
    early_sectors: BitField
    """For being faulty too long."""
    on_time_pledge: TokenAmount
    active_power: PowerPair
    faulty_power: PowerPair
    fee_deduction: TokenAmount = absent_before("FIP-0100", ZERO)
    """What the deadline's daily fee falls by when they expire (FIP-0100)."""

    @property
    def is_empty(self) -> bool:
        """Whether there are no sectors; power and pledge are then zero."""
        return not self.on_time_sectors and not self.early_sectors

    @property
    def sectors(self) -> BitField:
        """All its sectors."""
        return self.on_time_sectors | self.early_sectors

    def __add__(self, other: "ExpirationSet") -> "ExpirationSet":
        return ExpirationSet(
            self.on_time_sectors | other.on_time_sectors,
            self.early_sectors | other.early_sectors,
            self.on_time_pledge + other.on_time_pledge,
            self.active_power + other.active_power,
            self.faulty_power + other.faulty_power,
            self.fee_deduction + other.fee_deduction,
        )

    def __sub__(self, other: "ExpirationSet") -> "ExpirationSet":
        return ExpirationSet(
            self.on_time_sectors - other.on_time_sectors,
            self.early_sectors - other.early_sectors,
            self.on_time_pledge - other.on_time_pledge,
            self.active_power - other.active_power,
            self.faulty_power - other.faulty_power,
            self.fee_deduction - other.fee_deduction,
        )


NO_EXPIRATIONS = ExpirationSet(NO_SECTORS, NO_SECTORS, ZERO, NO_POWER, NO_POWER, ZERO)

EXPIRATIONS: ArrayShape[ExpirationSet] = ArrayShape(ExpirationSet, 4, has_late_fields=True)
"""A partition's expirations by epoch."""


@dataclass(frozen=True, slots=True)
class SectorSums:
    """Sectors, and the sums that the queue keeps of them."""

    numbers: BitField
    power: PowerPair
    pledge: TokenAmount
    daily_fee: TokenAmount

    def __add__(self, other: "SectorSums") -> "SectorSums":
        return SectorSums(
            self.numbers | other.numbers,
            self.power + other.power,
            self.pledge + other.pledge,
            self.daily_fee + other.daily_fee,
        )

    @property
    def as_active(self) -> ExpirationSet:
        """What they are in the queue when they are active and expire on time."""
        return ExpirationSet(
            self.numbers, NO_SECTORS, self.pledge, self.power, NO_POWER, self.daily_fee
        )


NO_SUMS = SectorSums(NO_SECTORS, NO_POWER, ZERO, ZERO)


def sums_of(size: int, sectors: Sequence[SectorOnChainInfo]) -> SectorSums:
    """Return the sums of sectors of a size."""
    return SectorSums(
        BitField.from_bits(sector.sector_number for sector in sectors),
        power_of_sectors(size, sectors),
        TokenAmount(sum(sector.initial_pledge for sector in sectors)),
        TokenAmount(sum(sector.daily_fee for sector in sectors)),
    )


def require_valid(expirations: ExpirationSet) -> None:
    """Abort with an illegal state where a sum is negative."""
    sums = {
        "pledge": expirations.on_time_pledge,
        "raw active power": expirations.active_power.raw,
        "qa active power": expirations.active_power.quality_adjusted,
        "raw faulty power": expirations.faulty_power.raw,
        "qa faulty power": expirations.faulty_power.quality_adjusted,
        "fee deduction": expirations.fee_deduction,
    }
    for name, amount in sums.items():
        if amount < 0:
            raise illegal_state(f"ExpirationSet left with negative {name}")


@dataclass(frozen=True, slots=True)
class Group:
    """Active sectors that expire at one epoch, among all that do."""

    epoch: int
    sums: SectorSums
    expirations: ExpirationSet


class ExpirationQueue:
    """Expirations by epoch, the epochs rounded up."""

    __slots__ = ("array", "quant", "sector_size")

    array: Array[ExpirationSet]

    def __init__(
        self, store: Blockstore, root: Cid, quant: QuantSpec, sector_size: int = 0
    ) -> None:
        """Open the queue at a root; the size is needed for what takes sectors."""
        self.array = EXPIRATIONS.open(store, root)
        self.quant = quant
        self.sector_size = sector_size

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self.array.flush()

    def add_active_sectors(self, sectors: Iterable[SectorOnChainInfo]) -> SectorSums:
        """Add active sectors, to expire on time; return their sums."""
        by_epoch: dict[int, list[SectorOnChainInfo]] = {}
        for sector in sectors:
            by_epoch.setdefault(self.quant.quantize_up(sector.expiration), []).append(sector)
        total = NO_SUMS
        for epoch in sorted(by_epoch):
            sums = sums_of(self.sector_size, by_epoch[epoch])
            self.add(epoch, sums.as_active)
            total += sums
        return total

    def remove_active_sectors(self, sectors: Sequence[SectorOnChainInfo]) -> SectorSums:
        """Remove active sectors; return their sums. Aborts where one is not in the queue."""
        total = NO_SUMS
        for group in self.groups(sectors):
            self._remove(group.epoch, group.sums.as_active)
            total += group.sums
        return total

    def replace_sectors(
        self, old: Sequence[SectorOnChainInfo], new: Sequence[SectorOnChainInfo]
    ) -> tuple[SectorSums, SectorSums]:
        """Replace active sectors by active sectors; return the sums of both."""
        return self.remove_active_sectors(old), self.add_active_sectors(new)

    def pop_until(self, until: int) -> ExpirationSet:
        """Remove the entries up to and at an epoch and return what they hold together."""
        popped = []
        total = NO_EXPIRATIONS
        for index, expirations in self.array.items():
            if index > until:
                break
            popped.append(index)
            total += expirations
        for index in popped:
            self.array.delete(index)
        return total

    def add(self, epoch: int, added: ExpirationSet) -> None:
        """Add to the entry of an epoch."""
        index = queue_index(self.quant, epoch)
        after = self._at(index) + added
        require_valid(after)
        self.array.set(index, after)

    def put_or_delete(self, epoch: int, expirations: ExpirationSet) -> None:
        """Set the entry of an epoch that is already rounded, or drop it where it is empty."""
        if expirations.is_empty:
            self.array.delete(epoch)
        else:
            self.array.set(epoch, expirations)

    def groups(self, sectors: Sequence[SectorOnChainInfo]) -> list[Group]:
        """Return active sectors by the epochs at which they are to expire, in order of epoch.

        Each is looked for where its own expiration puts it, and the rest, which was moved, in the
        first entries. Aborts where one is not found, or expires early.
        """
        by_number = {sector.sector_number: sector for sector in sectors}
        remaining = set(by_number)
        declared = {self.quant.quantize_up(sector.expiration) for sector in sectors}
        groups = []
        for epoch in sorted(declared):
            entry = self._at(queue_index(self.quant, epoch))
            groups.append(self._group(epoch, entry, by_number, remaining))
        if remaining:
            for epoch, entry in self.array.items():
                if epoch in declared:
                    continue
                _require_none_early(entry, remaining)
                groups.append(self._group(epoch, entry, by_number, remaining))
                if not remaining:
                    break
        if remaining:
            raise illegal_state("some sectors not found in expiration queue")
        return sorted(
            (group for group in groups if group.sums.numbers), key=lambda group: group.epoch
        )

    def _group(
        self,
        epoch: int,
        entry: ExpirationSet,
        by_number: dict[int, SectorOnChainInfo],
        remaining: set[int],
    ) -> Group:
        """Take those of the remaining sectors that expire on time in an entry."""
        found = [number for number in entry.on_time_sectors if number in remaining]
        remaining.difference_update(found)
        return Group(epoch, sums_of(self.sector_size, [by_number[n] for n in found]), entry)

    def _at(self, index: int) -> ExpirationSet:
        return self.array.get(index) or NO_EXPIRATIONS

    def _remove(self, epoch: int, removed: ExpirationSet) -> None:
        """Remove from the entry of an epoch, which must hold what is removed."""
        index = queue_index(self.quant, epoch)
        before = self.array.get(index)
        if before is None:
            raise illegal_state(f"missing expected expiration set at epoch {index}")
        if not before.on_time_sectors.contains_all(removed.on_time_sectors):
            raise illegal_state(f"removing on-time sectors {removed.on_time_sectors} not there")
        after = before - removed
        require_valid(after)
        self.put_or_delete(index, after)


def _require_none_early(entry: ExpirationSet, numbers: Collection[int]) -> None:
    for number in entry.early_sectors:
        if number in numbers:
            raise illegal_state(
                f"Invalid attempt to group sector {number} with an early expiration"
            )
