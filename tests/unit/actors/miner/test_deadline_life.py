"""A deadline lives through random days; a plain list of sectors says what must become of it."""

import random
from dataclasses import dataclass, field

import pytest
from miner_sectors import SECTOR_SIZE, a_scope, a_sector

from papyrus.actors.common.findings import Findings
from papyrus.actors.miner.deadline import (
    Deadline,
    add_sectors,
    new_deadline,
    open_partitions,
)
from papyrus.actors.miner.deadline_faults import (
    declare_recovered,
    process_deadline_end,
    record_faults,
)
from papyrus.actors.miner.deadline_invariants import check_deadline
from papyrus.actors.miner.deadline_proofs import record_proven_sectors
from papyrus.actors.miner.deadline_termination import (
    compact_partitions,
    pop_early_terminations,
    pop_expired_sectors,
    terminate_sectors,
)
from papyrus.actors.miner.expirations import EXPIRATIONS
from papyrus.actors.miner.params.proving import PoStPartition
from papyrus.actors.miner.partition import Partition, Scope
from papyrus.actors.miner.partition_invariants import SectorTable
from papyrus.actors.miner.power import PowerPair, power_of_sectors
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.rules.policy import MAINNET_POLICY

DAY = 10
"""Epochs, so that few days make many expirations meet."""
FAULT_MAX_DAYS = 3
PARTITION_SIZE = 4
QUANT = QuantSpec(DAY, 7)


@dataclass
class Sector:
    """What the model knows of a sector."""

    state: str
    """One of unproven, active, faulty, recovering and terminated."""
    ends: int
    """The epoch at which it expires on time, rounded up."""
    gives_out: int | None = None
    """The epoch at which it expires early."""
    unpaid_since: int | None = None


@dataclass
class Model:
    """A deadline as a dictionary."""

    random: random.Random
    deadline: Deadline
    scope: Scope
    sectors: dict[int, Sector] = field(default_factory=dict)
    gone: BitField = BitField()  # noqa: RUF009 - immutable
    """Sectors whose partition was compacted after they died."""
    epoch: int = 20

    def live(self) -> list[int]:
        return [number for number, sector in self.sectors.items() if sector.state != "terminated"]

    def numbers(self, *states: str) -> BitField:
        return BitField.from_bits(
            number for number, sector in self.sectors.items() if sector.state in states
        )

    def partitions(self) -> dict[int, Partition]:
        return dict(open_partitions(self.scope.store, self.deadline).items())

    def placed(self, numbers: list[int]) -> PartitionSectorMap:
        placed = PartitionSectorMap()
        for index, partition in self.partitions().items():
            here = partition.sectors & BitField.from_bits(numbers)
            if here:
                placed.add(index, here)
        return placed

    def power(self, numbers: BitField) -> PowerPair:
        return power_of_sectors(SECTOR_SIZE, self.scope.sectors.load(numbers))

    def some(self, numbers: list[int]) -> list[int]:
        count = self.random.randint(0, len(numbers))
        return self.random.sample(numbers, count)

    def fault_expiration(self) -> int:
        return QUANT.quantize_up(self.epoch) + FAULT_MAX_DAYS * DAY

    def break_sector(self, number: int) -> None:
        sector = self.sectors[number]
        if sector.state in ("unproven", "active"):
            sector.gives_out = self.fault_expiration()
        sector.state = "faulty"

    # What can happen.

    def add(self) -> None:
        first = len(self.sectors)
        new = [
            a_sector(first + place, self.epoch + self.random.randint(1, 12 * DAY))
            for place in range(self.random.randint(1, 2 * PARTITION_SIZE))
        ]
        self.scope.sectors.put(new)
        self.deadline, power, fee = add_sectors(
            self.scope, self.deadline, PARTITION_SIZE, new, proven=False, new_fees=True
        )
        assert power == power_of_sectors(SECTOR_SIZE, new)
        assert fee == sum(sector.daily_fee for sector in new)
        for sector in new:
            ends = QUANT.quantize_up(sector.expiration)
            self.sectors[sector.sector_number] = Sector("unproven", ends)

    def declare_faults(self) -> None:
        numbers = self.some(list(self.sectors))
        lost = [number for number in numbers if self.sectors[number].state == "active"]
        self.deadline, delta = record_faults(
            self.scope, self.deadline, self.fault_expiration(), self.placed(numbers)
        )
        assert delta == -self.power(BitField.from_bits(lost))
        for number in numbers:
            if self.sectors[number].state != "terminated":
                self.break_sector(number)

    def declare_recoveries(self) -> None:
        numbers = self.some(list(self.sectors))
        self.deadline = declare_recovered(self.scope, self.deadline, self.placed(numbers))
        for number in numbers:
            if self.sectors[number].state == "faulty":
                self.sectors[number].state = "recovering"

    def terminate(self) -> None:
        numbers = self.some(self.live())[:3]
        lost = [number for number in numbers if self.sectors[number].state == "active"]
        self.deadline, power = terminate_sectors(
            self.scope, MAINNET_POLICY, self.deadline, self.epoch, self.placed(numbers)
        )
        assert power == self.power(BitField.from_bits(lost))
        for number in numbers:
            self.sectors[number] = Sector("terminated", 0, unpaid_since=self.epoch)

    def pay(self) -> None:
        most = self.random.randint(1, 5)
        self.deadline, result, more = pop_early_terminations(
            self.scope.store, self.deadline, self.random.randint(1, 3), most
        )
        assert result.sectors_processed <= most
        for epoch, numbers in result.sectors.items():
            for number in numbers:
                assert self.sectors[number].unpaid_since == epoch
                self.sectors[number].unpaid_since = None
        unpaid = [sector for sector in self.sectors.values() if sector.unpaid_since is not None]
        assert more == bool(unpaid)

    def compact(self) -> None:
        partitions = self.partitions()
        removed = self.some(list(partitions))
        unfit = any(partitions[index].faults or partitions[index].unproven for index in removed)
        unpaid = bool(self.deadline.early_terminations)
        if removed and (unfit or unpaid):
            with pytest.raises(ActorError):
                self.remove(removed)
            return
        dead = self.remove(removed)
        gone = BitField.union(partitions[index].terminated for index in removed)
        assert dead == gone
        self.gone |= gone

    def remove(self, partitions: list[int]) -> BitField:
        self.deadline, dead = compact_partitions(
            self.scope, self.deadline, PARTITION_SIZE, BitField.from_bits(partitions)
        )
        return dead

    def end_day(self) -> None:
        self.epoch = QUANT.quantize_up(self.epoch)
        partitions = self.partitions()
        posts = self.some(list(partitions))
        self.prove({index: partitions[index] for index in sorted(posts)})
        self.deadline, delta, penalized = process_deadline_end(
            self.scope.store,
            self.deadline,
            QUANT,
            self.fault_expiration(),
            self.scope.sectors.flush(),
        )
        missed = BitField.union(
            partition.live_sectors for index, partition in partitions.items() if index not in posts
        )
        lost = [number for number in missed if self.sectors[number].state == "active"]
        blamed = [number for number in missed if self.sectors[number].state != "faulty"]
        assert delta == -self.power(BitField.from_bits(lost))
        assert penalized == self.power(BitField.from_bits(blamed))
        for number in missed:
            self.break_sector(number)
        self.expire()
        self.epoch += 1

    def prove(self, partitions: dict[int, Partition]) -> None:
        posts, skipped_all = [], []
        for index, partition in partitions.items():
            skipped = BitField.from_bits(self.some(list(partition.sectors))[:1])
            skipped_all += skipped
            posts.append(PoStPartition(index, skipped))
        proven = BitField.union(partition.live_sectors for partition in partitions.values())
        before = self.power(proven & self.numbers("active"))
        self.deadline, result = record_proven_sectors(
            self.scope, self.deadline, self.fault_expiration(), posts
        )
        for number in skipped_all:
            if self.sectors[number].state != "terminated":
                self.break_sector(number)
        for number in proven:
            sector = self.sectors[number]
            if sector.state in ("unproven", "recovering"):
                sector.state, sector.gives_out = "active", None
        after = self.power(proven & self.numbers("active"))
        assert result.power_delta == after - before
        assert result.sectors - result.ignored_sectors == proven & self.numbers("active")
        assert result.partitions == BitField.from_bits(partitions)

    def expire(self) -> None:
        self.deadline, expired = pop_expired_sectors(
            self.scope.store, self.deadline, self.epoch, QUANT
        )
        on_time, early = [], []
        for number in self.live():
            sector = self.sectors[number]
            if sector.ends <= self.epoch:
                on_time.append(number)
            elif sector.gives_out is not None and sector.gives_out <= self.epoch:
                early.append(number)
        assert expired.on_time_sectors == BitField.from_bits(on_time)
        assert expired.early_sectors == BitField.from_bits(early)
        infos = self.scope.sectors.load(expired.on_time_sectors)
        assert expired.on_time_pledge == sum(sector.initial_pledge for sector in infos)
        for number in on_time + early:
            self.sectors[number] = Sector("terminated", 0)
        for number in early:
            self.sectors[number].unpaid_since = self.epoch

    # What must hold.

    def check(self) -> None:
        partitions = self.partitions().values()
        for states, found in (
            (("unproven",), BitField.union(p.unproven for p in partitions)),
            (("active",), BitField.union(p.active_sectors for p in partitions)),
            (("faulty", "recovering"), BitField.union(p.faults for p in partitions)),
            (("recovering",), BitField.union(p.recoveries for p in partitions)),
            (("terminated",), BitField.union(p.terminated for p in partitions)),
        ):
            assert found == self.numbers(*states) - self.gone
        for partition in partitions:
            for epoch, entry in EXPIRATIONS.open(self.scope.store, partition.expirations).items():
                assert {self.sectors[number].ends for number in entry.on_time_sectors} <= {epoch}
                assert {self.sectors[number].gives_out for number in entry.early_sectors} <= {epoch}
        sectors = dict(self.scope.sectors.array.items())
        table = SectorTable(sectors, SECTOR_SIZE, QUANT, BitField.from_bits(sectors))
        findings = Findings()
        check_deadline(self.scope.store, self.deadline, table, findings)
        assert findings.sentences == []


ACTIONS = (
    Model.add,
    Model.declare_faults,
    Model.declare_recoveries,
    Model.terminate,
    Model.pay,
    Model.compact,
    Model.end_day,
    Model.end_day,
)


def live_through(seed: int, steps: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - the same tests each time
    scope = a_scope([], QUANT)
    model = Model(chosen, new_deadline(scope.store), scope)
    for _ in range(steps):
        chosen.choice(ACTIONS)(model)
        model.check()


@pytest.mark.parametrize("seed", range(12))
def test_deadline_keeps_its_sums_and_moves_sectors_as_the_model_does(seed):
    live_through(seed, 25)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100, 400))
def test_deadline_keeps_its_sums_through_long_lives(seed):
    live_through(seed, 80)
