"""Bitfields: sets of 64-bit numbers, written as run lengths (RLE+).

Sector numbers, deal IDs and partition indices are kept on chain as sets in which neighbours tend
to go together. In memory a set is the sorted list of points where membership changes, so that all
work is done on runs and never on single bits; the runs are half-open and at most as many as the
encoding has bits.

The encoding is a stream of bits, lowest of each byte first: the version "00", the value of the
first run, and then the length of each run in turn, the values alternating. A length of 1 is "1",
of 2 to 15 "01" and four bits, and above that "00" and an unsigned varint. Zero bits at the end
are dropped, the last run is of ones, and the empty set is no bytes at all. The reader accepts
what the VM's does (fvm_ipld_bitfield): the canonical form only.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import lt, sub
from typing import Self

from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import MAX_LENGTH as MAX_VARINT_LENGTH
from papyrus.primitives.varint import decode_unsigned, encode_unsigned

MAX_ENCODED_LENGTH = 32 << 10
"""Bytes an encoded bitfield may take on chain, read or written."""

END_OF_BITS = (1 << 64) - 1
"""Every bit lies below this: the length of all runs together must fit 64 bits."""

_VERSION = "00"
_LONG_FROM = 16
_VARINT_BITS = 8 * MAX_VARINT_LENGTH
_SHOWN_RUNS = 8

# Bits are handled as text, first bit first: Python converts whole streams to and from it at once.
_SHORT_LENGTHS = {f"{length:04b}"[::-1]: length for length in range(_LONG_FROM)}
_SHORT_BLOCKS = ("", "1", *(f"01{f'{length:04b}'[::-1]}" for length in range(2, _LONG_FROM)))

_UNION = (False, True, True, True)
_INTERSECTION = (False, False, False, True)
_DIFFERENCE = (False, True, False, False)
_EXCLUSIVE = (False, True, True, False)


def _block(length: int) -> str:
    """Return the bits that stand for the length of one run."""
    if length < _LONG_FROM:
        return _SHORT_BLOCKS[length]
    varint = int.from_bytes(encode_unsigned(length), "little")
    bits = f"{varint:b}"[::-1]
    return "00" + bits.ljust(-(-len(bits) // 8) * 8, "0")


def _read_lengths(bits: str, count: int) -> list[int]:
    """Return the lengths of the runs in the first `count` of some bits, padded with zeros."""
    lengths = []
    position = len(_VERSION) + 1
    while position < count:
        if bits[position] == "1":
            lengths.append(1)
            position += 1
            continue
        if bits[position + 1] == "1":
            length = _SHORT_LENGTHS[bits[position + 2 : position + 6]]
            if length < 2:
                raise DecodeError(f"bitfield spends a short block on a run of {length}")
            position += 6
        else:
            start = position + 2
            varint = int(bits[start : start + _VARINT_BITS][::-1], 2)
            length, used = decode_unsigned(varint.to_bytes(MAX_VARINT_LENGTH, "little"))
            if length < _LONG_FROM:
                raise DecodeError(f"bitfield spends a long block on a run of {length}")
            position = start + 8 * used
        lengths.append(length)
    return lengths


def _combine(left: tuple[int, ...], right: tuple[int, ...], keep: tuple[bool, ...]) -> list[int]:
    """Return where membership changes in the combination of two sets.

    `keep` says whether a number stays that is in neither, the left, the right, or both.
    """
    changes = [2 * bound for bound in left]
    changes += [2 * bound + 1 for bound in right]
    changes.sort()
    bounds: list[int] = []
    state = 0
    inside = False
    for change in changes:
        state ^= 1 + (change & 1)
        if keep[state] != inside:
            inside = not inside
            bound = change >> 1
            if bounds and bounds[-1] == bound:
                bounds.pop()
            else:
                bounds.append(bound)
    return bounds


@dataclass(frozen=True, slots=True, repr=False)
class BitField:
    """An immutable set of numbers from 0 to 2^64 - 2."""

    bounds: tuple[int, ...] = ()
    """The starts and ends of its runs in turn: an even count of increasing numbers."""

    def __post_init__(self) -> None:
        """Refuse bounds that are not sorted, distinct and paired; ValueError."""
        bounds = self.bounds
        if bounds and (
            len(bounds) % 2 or bounds[0] < 0 or bounds[-1] > END_OF_BITS or not self._is_sorted()
        ):
            raise ValueError("the bounds of a bitfield are pairs of increasing 64-bit numbers")

    def _is_sorted(self) -> bool:
        return all(map(lt, self.bounds, self.bounds[1:]))

    @classmethod
    def from_bits(cls, bits: Iterable[int]) -> Self:
        """Return the set of some numbers, in any order; ValueError outside of 0 to 2^64 - 2."""
        return cls.from_ranges((bit, bit + 1) for bit in set(bits))

    @classmethod
    def from_ranges(cls, ranges: Iterable[tuple[int, int]]) -> Self:
        """Return the union of half-open ranges, in any order; ValueError outside of 64 bits."""
        bounds: list[int] = []
        for start, end in sorted(ranges):
            if start >= end:
                continue
            if bounds and start <= bounds[-1]:
                bounds[-1] = max(bounds[-1], end)
            else:
                bounds += (start, end)
        return cls(tuple(bounds))

    @classmethod
    def from_run_lengths(cls, lengths: Iterable[int]) -> Self:
        """Return the set with these run lengths, zeros first; only the first may be 0.

        Raises DecodeError where a later run is empty or the runs exceed 64 bits together.
        """
        bounds = tuple(accumulate(lengths))
        if len(bounds) % 2:
            bounds = bounds[:-1]
        try:
            return cls(bounds)
        except ValueError as error:
            raise DecodeError("bitfield has an empty run or exceeds 64 bits") from error

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an RLE+ encoding; DecodeError unless it is canonical and at most 32 KiB."""
        if not data:
            return cls()
        if len(data) > MAX_ENCODED_LENGTH:
            raise DecodeError(f"a bitfield of {len(data)} bytes, {MAX_ENCODED_LENGTH} at most")
        if data[-1] == 0:
            raise DecodeError("bitfield ends in a zero byte")
        if data[0] & 3:
            raise DecodeError(f"unsupported bitfield version {data[0] & 3}")
        stream = int.from_bytes(data, "little")
        bits = f"{stream:b}"[::-1] + "0" * (_VARINT_BITS + 2)
        lengths = _read_lengths(bits, stream.bit_length())
        if bits[len(_VERSION)] == "1":
            lengths.insert(0, 0)
        if len(lengths) % 2:
            raise DecodeError("bitfield ends in a run of zeros")
        return cls.from_run_lengths(lengths)

    @classmethod
    def union(cls, fields: Iterable["BitField"]) -> Self:
        """Return the set of the numbers in any of some bitfields."""
        return cls.from_ranges(run for field in fields for run in field.runs())

    def to_bytes(self) -> bytes:
        """Return the RLE+ encoding; ValueError if it would exceed 32 KiB."""
        if not self.bounds:
            return b""
        first, *rest = self.run_lengths()
        start = "0" + _block(first) if first else "1"
        bits = _VERSION + start + "".join(map(_block, rest))
        length = (len(bits.rstrip("0")) + 7) // 8
        if length > MAX_ENCODED_LENGTH:
            raise ValueError(f"a bitfield of {length} bytes, {MAX_ENCODED_LENGTH} at most")
        return int(bits[::-1], 2).to_bytes(length, "little")

    def run_lengths(self) -> tuple[int, ...]:
        """Return the lengths of its runs, zeros (perhaps none) first and ones last."""
        bounds = self.bounds
        return bounds[:1] + tuple(map(sub, bounds[1:], bounds))

    def runs(self) -> Iterator[tuple[int, int]]:
        """Return its runs as half-open (start, end) in order, each apart from the next."""
        return zip(self.bounds[::2], self.bounds[1::2], strict=True)

    def count(self) -> int:
        """Return how many numbers it holds, which may exceed what len() can say."""
        return sum(self.bounds[1::2]) - sum(self.bounds[::2])

    def first(self) -> int | None:
        """Return its lowest number, or None if it is empty."""
        return self.bounds[0] if self.bounds else None

    def last(self) -> int | None:
        """Return its highest number, or None if it is empty."""
        return self.bounds[-1] - 1 if self.bounds else None

    def slice(self, start: int, length: int) -> "BitField":
        """Return `length` of its numbers after skipping the lowest `start`; ValueError if fewer."""
        if start < 0 or length < 0 or start + length > self.count():
            raise ValueError(f"a bitfield of {self.count()} bits has no {length} after {start}")
        bounds: list[int] = []
        skip, wanted = start, length
        for low, high in self.runs():
            if not wanted:
                break
            skipped = min(skip, high - low)
            skip -= skipped
            taken = min(wanted, high - low - skipped)
            wanted -= taken
            if taken:
                bounds += (low + skipped, low + skipped + taken)
        return BitField(tuple(bounds))

    def cut(self, other: "BitField") -> "BitField":
        """Return it without another's numbers, those above each moved down to close the gap."""
        gaps = other.runs()
        gap_low, gap_high = next(gaps, (END_OF_BITS, END_OF_BITS))
        removed = 0
        bounds: list[int] = []
        for low, high in (self - other).runs():
            while gap_high <= low:
                removed += gap_high - gap_low
                gap_low, gap_high = next(gaps, (END_OF_BITS, END_OF_BITS))
            if bounds and bounds[-1] == low - removed:
                bounds[-1] = high - removed
            else:
                bounds += (low - removed, high - removed)
        return BitField(tuple(bounds))

    def contains_any(self, other: "BitField") -> bool:
        """Return whether it shares a number with another."""
        return bool(self & other)

    def contains_all(self, other: "BitField") -> bool:
        """Return whether every number of another is in it."""
        return not other - self

    def __contains__(self, bit: int) -> bool:
        return bisect_right(self.bounds, bit) % 2 == 1

    def __iter__(self) -> Iterator[int]:
        for start, end in self.runs():
            yield from range(start, end)

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return bool(self.bounds)

    def __or__(self, other: "BitField") -> "BitField":
        return BitField(tuple(_combine(self.bounds, other.bounds, _UNION)))

    def __and__(self, other: "BitField") -> "BitField":
        return BitField(tuple(_combine(self.bounds, other.bounds, _INTERSECTION)))

    def __sub__(self, other: "BitField") -> "BitField":
        return BitField(tuple(_combine(self.bounds, other.bounds, _DIFFERENCE)))

    def __xor__(self, other: "BitField") -> "BitField":
        return BitField(tuple(_combine(self.bounds, other.bounds, _EXCLUSIVE)))

    def __repr__(self) -> str:
        shown = [f"{low}..{high - 1}" if high - low > 1 else f"{low}" for low, high in self.runs()]
        more = ["..."] if len(shown) > _SHOWN_RUNS else []
        return f"BitField({', '.join(shown[:_SHOWN_RUNS] + more)})"
