"""RLE+ bitfields against what one would write first: a reader of single bits, and Python sets.

The bitfield is of the shape go-bitfield's own benchmark has: 10,000 bits of a million in about 700
runs. Ratios are times, so 0.1 is ten times as fast as the baseline.
"""

import random
from collections.abc import Callable
from timeit import Timer
from typing import Any

from papyrus.primitives.bitfield import MAX_ENCODED_LENGTH, BitField

Runs = list[tuple[int, int]]


def sample(seed: int) -> list[int]:
    """Return 10,000 bits below 2^20, each next to the one before with probability 0.93."""
    source = random.Random(seed)  # noqa: S311 - a sample that is the same each time
    bits: list[int] = []
    while len(bits) < 10_000:
        bits.append(source.randrange(1 << 20))
        while source.random() < 0.93 and len(bits) < 10_000:
            bits.append((bits[-1] + 1) % (1 << 20))
    return sorted(set(bits))


def read_bit_by_bit(data: bytes) -> Runs:
    """Return the runs of ones of a valid encoding, taking one bit at a time."""
    total = 8 * len(data)
    position = 0

    def take(count: int) -> int:
        nonlocal position
        value = 0
        for place in range(count):
            if position < total:
                value |= (data[position >> 3] >> (position & 7) & 1) << place
            position += 1
        return value

    last = max(place for place in range(total) if data[place >> 3] >> (place & 7) & 1)
    take(2)
    value = take(1)
    runs, start = [], 0
    while position <= last:
        if take(1):
            length = 1
        elif take(1):
            length = take(4)
        else:
            length, shift, byte = 0, 0, 0x80
            while byte & 0x80:
                byte = take(8)
                length |= (byte & 0x7F) << shift
                shift += 7
        if value:
            runs.append((start, start + length))
        start += length
        value ^= 1
    return runs


def write_bit_by_bit(runs: Runs) -> bytes:
    """Return the encoding of some runs of ones, putting one bit at a time."""
    bits: list[int] = []

    def put(value: int, count: int) -> None:
        bits.extend(value >> place & 1 for place in range(count))

    def put_length(length: int) -> None:
        if length == 1:
            put(1, 1)
        elif length < 16:
            put(2, 2)
            put(length, 4)
        else:
            put(0, 2)
            while length >= 0x80:
                put(length & 0x7F | 0x80, 8)
                length >>= 7
            put(length, 8)

    put(0, 2)
    put(runs[0][0] == 0, 1)
    end = 0
    for low, high in runs:
        if low > end:
            put_length(low - end)
        put_length(high - low)
        end = high
    out = bytearray(-(-len(bits) // 8))
    for place, bit in enumerate(bits):
        out[place >> 3] |= bit << (place & 7)
    return bytes(out).rstrip(b"\0")


def microseconds(work: Callable[[], Any]) -> float:
    """Return the best time of a few rounds."""
    timer = Timer(work)
    rounds, _ = timer.autorange()
    return min(timer.repeat(5, max(1, rounds // 5))) / max(1, rounds // 5) * 1e6


def compared(
    name: str, work: Callable[[], Any], baseline: str, other: Callable[[], Any]
) -> tuple[str, float, str, str, float]:
    """Return a row: the time of some work, and its ratio to the time of other work."""
    time = microseconds(work)
    return (name, time, "us", baseline, time / microseconds(other))


def bench() -> list[tuple[str, float, str, str, float | None]]:
    """Return the rows of RLE+ reading, writing and the algebra of sets."""
    bits, others = sample(1), sample(2)
    one, two = BitField.from_bits(bits), BitField.from_bits(others)
    left, right = set(bits), set(others)
    data, runs = one.to_bytes(), list(one.runs())
    assert read_bit_by_bit(data) == runs
    assert write_bit_by_bit(runs) == data
    assert set(one - two) == left - right

    def unite_by_runs() -> bytes:
        return (BitField.from_bytes(data) | two).to_bytes()

    def unite_by_sets() -> bytes:
        return BitField.from_bits(set(BitField.from_bytes(data)) | right).to_bytes()

    assert unite_by_runs() == unite_by_sets()
    shape = f"{len(runs)} runs of {len(bits)} bits"
    worst = b"\xfc" + b"\xff" * (MAX_ENCODED_LENGTH - 1)
    widest = BitField.from_bytes(worst)
    by_bits = "one bit at a time"
    sets = "sets of integers"
    most_sparse = microseconds(lambda: BitField.from_bytes(worst))
    return [
        compared(
            f"read {shape}",
            lambda: BitField.from_bytes(data),
            by_bits,
            lambda: read_bit_by_bit(data),
        ),
        compared(f"write {shape}", one.to_bytes, by_bits, lambda: write_bit_by_bit(runs)),
        compared("union", lambda: one | two, sets, lambda: left | right),
        compared("intersection", lambda: one & two, sets, lambda: left & right),
        compared("difference", lambda: one - two, sets, lambda: left - right),
        compared(
            "union, encoded to encoded",
            unite_by_runs,
            "the same by sets",
            unite_by_sets,
        ),
        compared(
            "count",
            one.count,
            "sum over a list of runs",
            lambda: sum(high - low for low, high in runs),
        ),
        compared(
            "contains",
            lambda: bits[5000] in one,
            "search of a list of runs",
            lambda: any(low <= bits[5000] < high for low, high in runs),
        ),
        ("read the most runs 32 KiB can hold", most_sparse / 1000, "ms", "", None),
        ("write them", microseconds(widest.to_bytes) / 1000, "ms", "", None),
        (
            "cut them in half",
            microseconds(lambda: widest.cut(BitField.from_ranges([(0, 1 << 17)]))) / 1000,
            "ms",
            "",
            None,
        ),
    ]
