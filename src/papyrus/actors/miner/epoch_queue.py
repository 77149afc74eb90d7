"""Queues of numbers by epoch, each entry a bitfield (`BitFieldQueue` in builtin-actors).

Partitions by the epoch at which some of their sectors may expire, sectors that terminated early by
the epoch at which they did, pre-commitments by the epoch at which they lapse.
"""

from collections.abc import Iterable

from papyrus.actors.collections import Array
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.ipld.cid import Cid
from papyrus.primitives.bitfield import BitField


class BitfieldQueue:
    """Bitfields by epoch, the epochs rounded up."""

    __slots__ = ("array", "quant")

    array: Array[BitField]

    def __init__(self, array: Array[BitField], quant: QuantSpec) -> None:
        """Read an array as a queue."""
        self.array = array
        self.quant = quant

    def add(self, epoch: int, numbers: BitField) -> None:
        """Add numbers at an epoch."""
        raise NotImplementedError

    def add_many(self, numbers: Iterable[tuple[int, int]]) -> None:
        """Add (epoch, number) pairs."""
        raise NotImplementedError

    def cut(self, removed: BitField) -> None:
        """Cut numbers out of every entry, moving those above down; drop entries left empty."""
        raise NotImplementedError

    def pop_until(self, until: int) -> BitField | None:
        """Remove the entries up to and at an epoch and return their numbers; None if no entry."""
        raise NotImplementedError

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self.array.flush()
