"""Queues of numbers by epoch, each entry a bitfield (`BitFieldQueue` in builtin-actors).

Partitions by the epoch at which some of their sectors may expire, sectors that terminated early by
the epoch at which they did, pre-commitments by the epoch at which they lapse.
"""

from collections.abc import Iterable

from papyrus.actors.common.collections import Array
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.ipld.cid import Cid
from papyrus.primitives.bitfield import BitField
from papyrus.vm.aborts import illegal_state


def queue_index(quant: QuantSpec, epoch: int) -> int:
    """Return the index of an epoch in a queue: rounded up. Aborts where that is negative."""
    index = quant.quantize_up(epoch)
    if index < 0:
        raise illegal_state(f"epoch {index} cannot be a key of a queue")
    return index


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
        if not numbers:
            return
        index = queue_index(self.quant, epoch)
        self.array.set(index, (self.array.get(index) or BitField()) | numbers)

    def add_many(self, numbers: Iterable[tuple[int, int]]) -> None:
        """Add (epoch, number) pairs."""
        by_epoch: dict[int, list[int]] = {}
        for epoch, number in numbers:
            by_epoch.setdefault(self.quant.quantize_up(epoch), []).append(number)
        for epoch in sorted(by_epoch):
            self.add(epoch, BitField.from_bits(by_epoch[epoch]))

    def cut(self, removed: BitField) -> None:
        """Cut numbers out of every entry, moving those above down; drop entries left empty."""
        for index, numbers in list(self.array.items()):
            rest = numbers.cut(removed)
            if rest:
                self.array.set(index, rest)
            else:
                self.array.delete(index)

    def pop_until(self, until: int) -> BitField | None:
        """Remove the entries up to and at an epoch and return their numbers; None if no entry."""
        popped = []
        for index, numbers in self.array.items():
            if index > until:
                break
            popped.append((index, numbers))
        for index, _ in popped:
            self.array.delete(index)
        return BitField.union(numbers for _, numbers in popped) if popped else None

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self.array.flush()
