"""Sectors by where they are: deadline and partition, as parameters name them."""

from collections.abc import Iterator

from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument


class PartitionSectorMap:
    """Sectors by partition, for one deadline."""

    __slots__ = ("_sectors",)

    def __init__(self) -> None:
        """Make an empty map."""
        self._sectors: dict[int, BitField] = {}

    def add(self, partition: int, numbers: BitField) -> None:
        """Add sectors of a partition."""
        self._sectors[partition] = self._sectors.get(partition, BitField()) | numbers

    def items(self) -> Iterator[tuple[int, BitField]]:
        """Yield each partition with its sectors, in order of partition."""
        yield from sorted(self._sectors.items(), key=lambda item: item[0])

    def count(self) -> tuple[int, int]:
        """Return how many partitions and how many sectors there are."""
        return len(self._sectors), sum(numbers.count() for numbers in self._sectors.values())

    def __len__(self) -> int:
        return len(self._sectors)


class DeadlineSectorMap:
    """Sectors by deadline and partition."""

    __slots__ = ("_deadlines",)

    def __init__(self) -> None:
        """Make an empty map."""
        self._deadlines: dict[int, PartitionSectorMap] = {}

    def add(self, policy: Policy, deadline: int, partition: int, numbers: BitField) -> None:
        """Add sectors of a partition; aborts with an illegal argument for no deadline."""
        if deadline >= policy.deadlines_in_period:
            raise illegal_argument(f"invalid deadline {deadline}")
        self._deadlines.setdefault(deadline, PartitionSectorMap()).add(partition, numbers)

    def require_within(self, max_partitions: int, max_sectors: int) -> None:
        """Abort with an illegal argument where there are more partitions or sectors."""
        partitions, sectors = self.count()
        if partitions > max_partitions:
            raise illegal_argument(f"too many partitions {partitions}, max {max_partitions}")
        if sectors > max_sectors:
            raise illegal_argument(f"too many sectors {sectors}, max {max_sectors}")

    def count(self) -> tuple[int, int]:
        """Return how many partitions and how many sectors there are."""
        counts = [partitions.count() for partitions in self._deadlines.values()]
        return sum(partitions for partitions, _ in counts), sum(sectors for _, sectors in counts)

    def items(self) -> Iterator[tuple[int, PartitionSectorMap]]:
        """Yield each deadline with its partitions, in order of deadline."""
        yield from sorted(self._deadlines.items(), key=lambda item: item[0])

    def __len__(self) -> int:
        return len(self._deadlines)
