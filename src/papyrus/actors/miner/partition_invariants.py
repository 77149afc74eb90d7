"""What holds of a partition between messages: its sets, its sums and its two queues."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from papyrus.actors.common.findings import Findings
from papyrus.actors.miner.expirations import EXPIRATIONS, ExpirationSet
from papyrus.actors.miner.fees import daily_fee_of_sectors
from papyrus.actors.miner.partition import EARLY_TERMINATED, Partition
from papyrus.actors.miner.power import PowerPair, power_of_sectors
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError

_SHOWN = 8
"""Numbers of missing sectors that are told."""


@dataclass(frozen=True, slots=True)
class SectorTable:
    """A miner's sectors in memory, and what checking any of them needs."""

    sectors: Mapping[int, SectorOnChainInfo]
    sector_size: int
    quant: QuantSpec
    """The deadline's."""
    numbers: BitField
    """Those of all the sectors."""

    def select(self, numbers: BitField, findings: Findings, name: str) -> list[SectorOnChainInfo]:
        """Return some of the sectors, and note those that are missing."""
        # A set in a damaged state may have more members than can be gone through.
        missing = numbers - self.numbers
        if missing:
            more = ", ..." if missing.count() > _SHOWN else ""
            numbered = ", ".join(map(str, islice(missing, _SHOWN)))
            findings.add(f"{name} sectors missing: [{numbered}{more}]")
        return [self.sectors[number] for number in numbers & self.numbers]

    def among(self, numbers: BitField) -> "SectorTable":
        """Return the table of those sectors that have one of some numbers."""
        return SectorTable(self.sectors, self.sector_size, self.quant, self.numbers & numbers)

    def power(self, numbers: BitField, findings: Findings, name: str) -> PowerPair:
        """Return the power of some of the sectors, and note those that are missing."""
        return power_of_sectors(self.sector_size, self.select(numbers, findings, name))


@dataclass(frozen=True, slots=True)
class PartitionSummary:
    """What a deadline is checked against."""

    active_power: PowerPair
    daily_fee: TokenAmount
    expiration_epochs: list[int]
    """At which some of its sectors expire."""
    early_terminations: int
    """How many sectors wait for their termination fee."""


def check_partition(
    store: Blockstore, partition: Partition, table: SectorTable, findings: Findings
) -> PartitionSummary:
    """Note what is wrong with a partition."""
    _check_sets(partition, findings)
    # What each set is looked up in, instead of all that the miner has.
    table = table.among(partition.sectors)
    live = table.select(partition.live_sectors, findings, "live")
    daily_fee = daily_fee_of_sectors(live)
    active_power = _check_power(partition, table, findings)
    epochs: list[int] = []
    try:
        epochs = _check_expirations(store, partition, table, findings, daily_fee)
    except DecodeError as error:
        findings.add(f"error loading expiration_queue: {error}")
    early_terminations = 0
    try:
        early_terminations = _check_early_terminations(store, partition, findings)
    except DecodeError as error:
        findings.add(f"error loading early termination queue: {error}")
    return PartitionSummary(active_power, daily_fee, epochs, early_terminations)


def require_contains_all(
    superset: BitField, subset: BitField, findings: Findings, sentence: str
) -> None:
    """Note it where a set does not contain another."""
    findings.require(superset.contains_all(subset), f"{sentence}: {subset}, {superset}")


def require_contains_none(
    left: BitField, right: BitField, findings: Findings, sentence: str
) -> None:
    """Note it where two sets share anything."""
    findings.require(not left.contains_any(right), f"{sentence}: {right}, {left}")


def require_equal(left: BitField, right: BitField, findings: Findings, sentence: str) -> None:
    """Note it where two sets differ."""
    findings.require(left == right, f"{sentence}: {left}, {right}")


def _check_sets(partition: Partition, findings: Findings) -> None:
    live, active, faults = partition.live_sectors, partition.active_sectors, partition.faults
    unproven, terminated = partition.unproven, partition.terminated
    require_contains_all(live, active, findings, "live does not contain active")
    require_contains_all(live, faults, findings, "live does not contain faults")
    require_contains_all(live, unproven, findings, "live does not contain unproven")
    require_contains_none(active, faults, findings, "active includes faults")
    require_contains_none(active, unproven, findings, "active includes unproven")
    require_contains_all(faults, partition.recoveries, findings, "faults do not contain recoveries")
    require_contains_none(live, terminated, findings, "live includes terminations")
    require_contains_none(faults, unproven, findings, "unproven includes faults")
    require_contains_all(
        partition.sectors, terminated, findings, "sectors do not contain terminations"
    )


def _check_power(partition: Partition, table: SectorTable, findings: Findings) -> PowerPair:
    """Check the sums of power and return the active power."""
    expected = {}
    for name, numbers, recorded in (
        ("live", partition.live_sectors, partition.live_power),
        ("unproven", partition.unproven, partition.unproven_power),
        ("faulty", partition.faults, partition.faulty_power),
        ("recovering", partition.recoveries, partition.recovering_power),
    ):
        expected[name] = table.power(numbers, findings, name)
        findings.require(
            recorded == expected[name], f"{name} power was {recorded}, expected {expected[name]}"
        )
    active = expected["live"] - expected["faulty"] - expected["unproven"]
    findings.require(
        partition.active_power == active,
        f"active power was {partition.active_power}, expected {active}",
    )
    return active


def _check_expirations(
    store: Blockstore,
    partition: Partition,
    table: SectorTable,
    findings: Findings,
    daily_fee: TokenAmount,
) -> list[int]:
    """Check the queue of expirations and return its epochs."""
    epochs = []
    seen = BitField()
    fee_deduction = TokenAmount(0)
    live = table.among(partition.live_sectors)
    for epoch, entry in EXPIRATIONS.open(store, partition.expirations).items():
        within = findings.within(f"expiration epoch {epoch}")
        epochs.append(epoch)
        _check_entry(epoch, entry, partition.faults, live, within)
        require_contains_none(
            entry.on_time_sectors, entry.early_sectors, within, "sectors in expiration queue twice"
        )
        require_contains_none(seen, entry.sectors, within, "sectors in expiration queue twice")
        seen |= entry.sectors
        fee_deduction += entry.fee_deduction
    require_equal(partition.live_sectors, seen, findings, "live does not equal all expirations")
    findings.require(
        fee_deduction == daily_fee,
        f"total fee deductions {fee_deduction} does not equal daily fee {daily_fee}",
    )
    return epochs


def _check_entry(
    epoch: int, entry: ExpirationSet, faults: BitField, live: SectorTable, findings: Findings
) -> None:
    rounded = live.quant.quantize_up(epoch)
    findings.require(
        rounded == epoch, f"expiration queue key {epoch} is not quantized, expected {rounded}"
    )
    on_time = live.select(entry.on_time_sectors, findings, "on time expiration")
    early = live.select(entry.early_sectors, findings, "early expiration")
    for sector in on_time:
        target = live.quant.quantize_up(sector.expiration)
        findings.require(
            epoch == target,
            f"invalid expiration {epoch} for sector {sector.sector_number}, expected {target}",
        )
    for sector in early:
        target = live.quant.quantize_up(sector.expiration)
        findings.require(
            epoch < target,
            f"invalid early expiration {epoch} for sector {sector.sector_number}, "
            f"expected < {target}",
        )
    require_contains_all(
        faults, entry.early_sectors, findings, "sectors expiring early but not faulty"
    )
    sums = (
        (
            "active power",
            entry.active_power,
            live.power(entry.sectors - faults, findings, "active"),
        ),
        (
            "faulty power",
            entry.faulty_power,
            live.power(entry.sectors & faults, findings, "faulty"),
        ),
        ("on time pledge", entry.on_time_pledge, sum(sector.initial_pledge for sector in on_time)),
        ("fee deduction", entry.fee_deduction, daily_fee_of_sectors(on_time + early)),
    )
    for name, recorded, computed in sums:
        findings.require(
            recorded == computed, f"{name} recorded {recorded} doesn't match computed {computed}"
        )


def _check_early_terminations(store: Blockstore, partition: Partition, findings: Findings) -> int:
    """Check the queue of early terminations and return how many sectors are in it."""
    seen = BitField()
    for epoch, numbers in EARLY_TERMINATED.open(store, partition.early_terminated).items():
        within = findings.within(f"early termination epoch {epoch}")
        require_contains_none(seen, numbers, within, "sectors in early termination queue twice")
        seen |= numbers
    require_contains_all(
        partition.terminated, seen, findings, "terminated sectors missing early termination entry"
    )
    return seen.count()
