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
from papyrus.primitives.varint import decode_unsigned

MAX_ENCODED_LENGTH = 32 << 10
"""Bytes an encoded bitfield may take on chain, read or written."""

END_OF_BITS = (1 << 64) - 1
"""Every bit lies below this: the length of all runs together must fit 64 bits."""

_VERSION_BITS = 2
_LONG_FROM = 16
_SHOWN_RUNS = 8

# Written bits are handled as text, first bit first, which Python turns into bytes all at once.
_OCTETS = tuple(f"{octet:08b}"[::-1] for octet in range(256))
_SHORT_BLOCKS = ("", "1", *(f"01{_OCTETS[length][:4]}" for length in range(2, _LONG_FROM)))


def _blocks_within(window: int) -> tuple[tuple[int, ...], int]:
    """Return the run lengths that start and end in a window of 8 bits, and the bits they take."""
    lengths: list[int] = []
    used = 0
    while used < 8:
        rest = window >> used
        if rest & 1:
            lengths.append(1)
            used += 1
        elif rest & 2 and used <= 2 and rest >> 2 & 15 >= 2:
            lengths.append(rest >> 2 & 15)
            used += 6
        else:
            break
    return tuple(lengths), used


_WINDOWS = tuple(_blocks_within(window) for window in range(256))


def _block(length: int) -> str:
    """Return the bits that stand for the length of one run."""
    if length < _LONG_FROM:
        return _SHORT_BLOCKS[length]
    bits = "00"
    while length >= 0x80:
        bits += _OCTETS[length & 0x7F | 0x80]
        length >>= 7
    return bits + _OCTETS[length]


def _read_lengths(stream: int) -> list[int]:
    """Return the lengths of the runs in an encoding, whose bits are those of a number."""
    count = stream.bit_length()
    size = count // 8 + MAX_VARINT_LENGTH + 1
    # The stream moved down by 0 to 7 bits, so that what starts anywhere starts a byte somewhere.
    shifted = [(stream >> shift).to_bytes(size, "little") for shift in range(8)]
    lengths: list[int] = []
    position = _VERSION_BITS + 1
    while position < count:
        window = shifted[position & 7][position >> 3]
        within, used = _WINDOWS[window]
        if used:
            lengths += within
            position += used
            continue
        if window & 2:
            raise DecodeError(f"bitfield spends a short block on a run of {window >> 2 & 15}")
        position += 2
        start = position >> 3
        length, end = decode_unsigned(shifted[position & 7], start)
        if length < _LONG_FROM:
            raise DecodeError(f"bitfield spends a long block on a run of {length}")
        lengths.append(length)
        position += 8 * (end - start)
    return lengths


def _united(starts: list[int], ends: list[int]) -> tuple[int, ...]:
    """Return the bounds of the union of non-empty runs, given all their starts and their ends.

    In sorted order, a run of the union begins at each start that lies beyond the end before it.
    """
    if not starts:
        return ()
    starts.sort()
    ends.sort()
    bounds = [starts[0]]
    for end, start in zip(ends, starts[1:], strict=False):
        if end < start:
            bounds += (end, start)
    bounds.append(ends[-1])
    return tuple(bounds)


def _intersected(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    """Return the bounds of what two sets share.

    At most one run of each is open at a time, so in sorted order both are open from each start to
    the end before it, where that is later.
    """
    starts = sorted(left[::2] + right[::2])
    ends = sorted(left[1::2] + right[1::2])
    bounds: list[int] = []
    for start, end in zip(starts[1:], ends, strict=False):
        if start < end:
            bounds += (start, end)
    return tuple(bounds)


def _complement(bounds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the bounds of all numbers that are not in a set."""
    from_zero = bounds[1:] if bounds[:1] == (0,) else (0, *bounds)
    return from_zero[:-1] if from_zero[-1:] == (END_OF_BITS,) else (*from_zero, END_OF_BITS)


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
        numbers = set(bits)
        return cls(_united(list(numbers), [bit + 1 for bit in numbers]))

    @classmethod
    def from_ranges(cls, ranges: Iterable[tuple[int, int]]) -> Self:
        """Return the union of half-open ranges, in any order; ValueError outside of 64 bits."""
        filled = [(start, end) for start, end in ranges if start < end]
        return cls(_united([start for start, _ in filled], [end for _, end in filled]))

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
        lengths = _read_lengths(stream)
        if stream >> _VERSION_BITS & 1:
            lengths.insert(0, 0)
        if len(lengths) % 2:
            raise DecodeError("bitfield ends in a run of zeros")
        return cls.from_run_lengths(lengths)

    @classmethod
    def union(cls, fields: Iterable["BitField"]) -> Self:
        """Return the set of the numbers in any of some bitfields."""
        starts: list[int] = []
        ends: list[int] = []
        for field in fields:
            starts += field.bounds[::2]
            ends += field.bounds[1::2]
        return cls(_united(starts, ends))

    def to_bytes(self) -> bytes:
        """Return the RLE+ encoding; ValueError if it would exceed 32 KiB."""
        if not self.bounds:
            return b""
        first, *rest = self.run_lengths()
        start = f"000{_block(first)}" if first else "001"
        bits = start + "".join(map(_block, rest))
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
        return BitField.union((self, other))

    def __and__(self, other: "BitField") -> "BitField":
        return BitField(_intersected(self.bounds, other.bounds))

    def __sub__(self, other: "BitField") -> "BitField":
        return BitField(_intersected(self.bounds, _complement(other.bounds)))

    def __xor__(self, other: "BitField") -> "BitField":
        # Membership in exactly one changes wherever it changes in exactly one.
        return BitField(tuple(sorted(set(self.bounds).symmetric_difference(other.bounds))))

    def __repr__(self) -> str:
        shown = [f"{low}..{high - 1}" if high - low > 1 else f"{low}" for low, high in self.runs()]
        more = ["..."] if len(shown) > _SHOWN_RUNS else []
        return f"BitField({', '.join(shown[:_SHOWN_RUNS] + more)})"
