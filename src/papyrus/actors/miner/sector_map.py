"""Sectors by where they are: deadline and partition, as parameters name them."""

from collections.abc import Iterator

from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy


class PartitionSectorMap:
    """Sectors by partition, for one deadline."""

    __slots__ = ("_sectors",)

    def __init__(self) -> None:
        """Make an empty map."""
        self._sectors: dict[int, BitField] = {}

    def add(self, partition: int, numbers: BitField) -> None:
        """Add sectors of a partition."""
        raise NotImplementedError

    def items(self) -> Iterator[tuple[int, BitField]]:
        """Yield each partition with its sectors, in order of partition."""
        raise NotImplementedError

    def count(self) -> tuple[int, int]:
        """Return how many partitions and how many sectors there are."""
        raise NotImplementedError

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
        raise NotImplementedError

    def require_within(self, max_partitions: int, max_sectors: int) -> None:
        """Abort with an illegal argument where there are more partitions or sectors."""
        raise NotImplementedError

    def count(self) -> tuple[int, int]:
        """Return how many partitions and how many sectors there are."""
        raise NotImplementedError

    def items(self) -> Iterator[tuple[int, PartitionSectorMap]]:
        """Yield each deadline with its partitions, in order of deadline."""
        raise NotImplementedError
