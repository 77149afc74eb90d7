"""What holds of a deadline between messages: its partitions, its sums, its proofs and queues."""

from dataclasses import dataclass

from papyrus.actors.common.findings import Findings
from papyrus.actors.miner.deadline import (
    DEADLINE_EXPIRATIONS,
    POST_SUBMISSIONS,
    Deadline,
    open_partitions,
)
from papyrus.actors.miner.expirations import NO_SECTORS
from papyrus.actors.miner.fees import daily_fee_of_sectors
from papyrus.actors.miner.partition import PARTITIONS
from papyrus.actors.miner.partition_invariants import (
    SectorTable,
    check_partition,
    require_contains_none,
    require_equal,
)
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError


@dataclass(slots=True)
class DeadlineSummary:
    """The sums of a deadline's partitions."""

    all_sectors: BitField = NO_SECTORS
    live_sectors: BitField = NO_SECTORS
    live_power: PowerPair = NO_POWER
    active_power: PowerPair = NO_POWER
    faulty_power: PowerPair = NO_POWER
    daily_fee: TokenAmount = ZERO


def check_deadline(
    store: Blockstore, deadline: Deadline, table: SectorTable, findings: Findings
) -> DeadlineSummary:
    """Note what is wrong with a deadline and return what its partitions add up to."""
    summary = DeadlineSummary()
    try:
        _check_partitions(store, deadline, table, findings, summary)
        _check_snapshot(store, deadline, findings)
    except DecodeError as error:
        findings.add(f"error loading partitions: {error}")
    live = table.select(summary.live_sectors, findings, "live")
    for name, recorded, computed in (
        ("live sectors", deadline.live_sectors, summary.live_sectors.count()),
        ("total sectors", deadline.total_sectors, summary.all_sectors.count()),
        ("faulty power", deadline.faulty_power, summary.faulty_power),
        ("live power", deadline.live_power, summary.live_power),
        ("daily fee", deadline.daily_fee, daily_fee_of_sectors(live)),
    ):
        findings.require(
            recorded == computed, f"deadline {name} {recorded} != partitions total {computed}"
        )
    return summary


def _check_partitions(
    store: Blockstore,
    deadline: Deadline,
    table: SectorTable,
    findings: Findings,
    summary: DeadlineSummary,
) -> None:
    expirations = DEADLINE_EXPIRATIONS.open(store, deadline.expirations)
    with_early_terminations = []
    count = 0
    for index, partition in open_partitions(store, deadline).items():
        findings.require(
            index == count, f"Non-sequential partitions, expected index {count}, found {index}"
        )
        count += 1
        within = findings.within(f"partition {index}")
        found = check_partition(store, partition, table, within)
        require_contains_none(
            summary.all_sectors, partition.sectors, within, "sectors in another partition too"
        )
        for epoch in found.expiration_epochs:
            within.require(
                index in (expirations.get(epoch) or BitField()),
                f"expected to be present in deadline expiration queue at epoch {epoch}",
            )
        if found.early_terminations:
            with_early_terminations.append(index)
        summary.all_sectors |= partition.sectors
        summary.live_sectors |= partition.live_sectors
        summary.live_power += table.power(partition.live_sectors, within, "live")
        summary.active_power += found.active_power
        summary.faulty_power += partition.faulty_power
        summary.daily_fee += found.daily_fee
    require_equal(
        BitField.from_bits(with_early_terminations),
        deadline.early_terminations,
        findings,
        "deadline early terminations doesn't match expected partitions",
    )
    last_posted = deadline.partitions_posted.last()
    if last_posted is not None:
        findings.require(
            last_posted < count, f"expected at least {last_posted + 1} partitions, found {count}"
        )
        findings.require(
            deadline.live_sectors > 0,
            "expected at least one live sector when partitions have been proven",
        )


def _check_snapshot(store: Blockstore, deadline: Deadline, findings: Findings) -> None:
    """Check that the snapshot was taken after proofs were due, and covers those kept."""
    indices = []
    for index, partition in PARTITIONS.open(store, deadline.partitions_snapshot).items():
        indices.append(index)
        within = findings.within(f"partition snapshot {index}")
        for name, nothing in (
            ("recovering power", partition.recovering_power.is_zero),
            ("pending recoveries", not partition.recoveries),
            ("unproven power", partition.unproven_power.is_zero),
            ("unproven sectors", not partition.unproven),
        ):
            within.require(nothing, f"snapshot partition has {name}")
    known = BitField.from_bits(indices)
    proofs = POST_SUBMISSIONS.open(store, deadline.optimistic_post_submissions_snapshot)
    for place, proof in proofs.items():
        unknown = proof.partitions - known
        findings.require(
            not unknown,
            f"failed to find partition {unknown.first()} for recorded proof {place} in the "
            "snapshot",
        )
