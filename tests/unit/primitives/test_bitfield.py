from itertools import product

import pytest

from papyrus.primitives.bitfield import END_OF_BITS, MAX_ENCODED_LENGTH, BitField
from papyrus.primitives.errors import DecodeError


def from_stream(bits: str) -> bytes:
    """Return bytes from bits in groups, the first bit being the lowest of the first byte."""
    stream = bits.replace(" ", "")
    return int(f"0{stream[::-1]}", 2).to_bytes(-(-len(stream) // 8), "little")


def varint_bits(*values: int) -> str:
    return "".join(f"{value:08b}"[::-1] for value in values)


# The cases of the reference's own decoder tests (fvm_ipld_bitfield rleplus).
@pytest.mark.parametrize(
    ("bits", "runs"),
    [
        ("", []),
        ("001 01 0001", [(0, 8)]),
        ("001 01 0010 1 01 1100", [(0, 4), (5, 8)]),
        (f"001 00 {varint_bits(25)}", [(0, 25)]),
        (f"001 00 {varint_bits(17)}", [(0, 17)]),
        (f"001 00 {varint_bits(127)}", [(0, 127)]),
        (f"001 00 {varint_bits(0x80, 1)}", [(0, 128)]),
        (f"001 00 {varint_bits(0xFF, 0x7F)}", [(0, 2**14 - 1)]),
        (f"001 00 {varint_bits(0x80, 0x80, 1)}", [(0, 2**14)]),
        (f"001 00 {varint_bits(*[255] * 9, 1)}", [(0, END_OF_BITS)]),
        ("001 1", [(0, 1)]),
        ("000 1 1", [(1, 2)]),
        ("001 1 1 1 01 0101 1", [(0, 1), (2, 3), (13, 14)]),
    ],
)
def test_canonical_bits_are_read(bits: str, runs: list[tuple[int, int]]) -> None:
    data = from_stream(bits).rstrip(b"\0")
    field = BitField.from_bytes(data)
    assert list(field.runs()) == runs
    assert field.to_bytes() == data


@pytest.mark.parametrize(
    ("bits", "reason"),
    [
        ("101 01 0001", "unsupported bitfield version 1"),
        ("011 01 0001", "unsupported bitfield version 2"),
        ("001 1 01 0000 1", "short block on a run of 0"),
        (f"001 1 00 {varint_bits(0)} 1", "long block on a run of 0"),
        ("001 01 101 00000000", "ends in a zero byte"),
        (f"001 00 {varint_bits(0x83, 0)} 111", "not in its shortest form"),
        (f"001 00 {varint_bits(*[0x80] * 9, 2)} 1", "exceeds 64 bits"),
        (f"001 00 {varint_bits(*[255] * 10)} 1", "longer than 10 bytes"),
        (f"001 {2 * ('00' + varint_bits(*[255] * 8, 127))} 01 0100", "exceeds 64 bits"),
        (f"001 00 {varint_bits(3)} 111", "long block on a run of 3"),
        (f"001 00 {varint_bits(1)} 111", "long block on a run of 1"),
        (f"001 00 {varint_bits(15)} 111", "long block on a run of 15"),
        ("001 01 1000 1111111", "short block on a run of 1"),
        ("000 1", "ends in a run of zeros"),
        ("000 01 0011", "ends in a run of zeros"),
        ("001 01 0010 1", "ends in a run of zeros"),
        ("000 1 01 0010 01 0010", "ends in a run of zeros"),
        ("001", "ends in a run of zeros"),
    ],
)
def test_other_bits_are_refused(bits: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        BitField.from_bytes(from_stream(bits))


def test_encoding_agrees_with_the_first_implementations() -> None:
    # go-bitfield TestDecode, from the Rust reference of its time.
    bits = [0, 2, 4, 5, 6, *range(11, 28)]
    assert BitField.from_bits(bits).to_bytes() == bytes([124, 71, 34, 2])
    # specs-actors bitfield_test: 1 to 5 without 3.
    assert BitField.from_bits([1, 2, 4, 5]).to_bytes() == bytes([0xA8, 0x54])
    # fvm_ipld_bitfield padding: the last block ends before its byte does.
    assert BitField.from_bytes(BitField.from_bits([1, 3]).to_bytes()) == BitField.from_bits([1, 3])


def test_blocks_of_every_kind_are_read_after_each_other() -> None:
    for lengths in product((1, 3, 10, 15, 16, 200), repeat=4):
        for runs in (lengths, (0, 1, *lengths)):
            field = BitField.from_run_lengths(runs)
            assert BitField.from_bytes(field.to_bytes()).run_lengths() == runs


def test_largest_set_is_19_bytes() -> None:
    data = bytes.fromhex("e4ffffffffffffffff2fffffffffffffffff7f")
    field = BitField.from_bytes(data)
    assert list(field.runs()) == [(0, 2**63 - 1), (2**63, END_OF_BITS)]
    assert field.last() == 18446744073709551614
    assert field.count() == 2**64 - 2
    assert field.to_bytes() == data


def test_encoding_stops_at_32_kib() -> None:
    most_runs = b"\xfc" + b"\xff" * (MAX_ENCODED_LENGTH - 1)
    field = BitField.from_bytes(most_runs)
    assert field.count() == (MAX_ENCODED_LENGTH * 8 - 3 + 1) // 2
    assert field.to_bytes() == most_runs
    with pytest.raises(DecodeError, match="32769 bytes, 32768 at most"):
        BitField.from_bytes(most_runs + b"\x01")
    with pytest.raises(ValueError, match="32769 bytes, 32768 at most"):
        BitField.from_bits(range(0, MAX_ENCODED_LENGTH * 8, 2)).to_bytes()


CASES = [
    # left, right, union, intersection, difference, exclusive, cut
    ([(0, 5)], [(1, 3), (5, 7)], [(0, 7)], [(1, 3)], [(0, 1), (3, 5)], [(0, 1), (3, 7)], [(0, 3)]),
    (
        [(3, 6)],
        [(0, 2), (4, 5), (8, 10)],
        [(0, 2), (3, 6), (8, 10)],
        [(4, 5)],
        [(3, 4), (5, 6)],
        [(0, 2), (3, 4), (5, 6), (8, 10)],
        [(1, 3)],
    ),
    (
        [(3, 6), (8, 10)],
        [(2, 7), (8, 11)],
        [(2, 7), (8, 11)],
        [(3, 6), (8, 10)],
        [],
        [(2, 3), (6, 7), (10, 11)],
        [],
    ),
    (
        [(3, 6), (8, 10)],
        [(2, 4)],
        [(2, 6), (8, 10)],
        [(3, 4)],
        [(4, 6), (8, 10)],
        [(2, 3), (4, 6), (8, 10)],
        [(2, 4), (6, 8)],
    ),
    ([(1, 4)], [], [(1, 4)], [], [(1, 4)], [(1, 4)], [(1, 4)]),
    ([], [(1, 4)], [(1, 4)], [], [], [(1, 4)], []),
]


@pytest.mark.parametrize("case", CASES)
def test_sets_combine(case: tuple[list[tuple[int, int]], ...]) -> None:
    left, right, union, intersection, difference, exclusive, cut = map(BitField.from_ranges, case)
    assert left | right == right | left == BitField.union([left, right]) == union
    assert left & right == right & left == intersection
    assert left - right == difference
    assert left ^ right == right ^ left == exclusive
    assert left.cut(right) == cut
    assert left.contains_any(right) == bool(case[3])
    assert left.contains_all(right) == (union == left)


def test_cut_closes_every_gap() -> None:
    left = BitField.from_bits([0, 1, 3, 4, 5, 8])
    right = BitField.from_bits([1, 2, 4])
    assert list(left.cut(right)) == [0, 1, 2, 5]


def test_cut_joins_what_the_gap_kept_apart() -> None:
    field = BitField.from_ranges([(0, 2), (4, 6), (7, 9)])
    cut = field.cut(BitField.from_ranges([(2, 4), (6, 7)]))
    assert list(cut.runs()) == [(0, 6)]


def test_empty_ranges_add_nothing() -> None:
    assert BitField.from_ranges([]) == BitField.from_ranges([(5, 5), (9, 4)]) == BitField()
    assert BitField.from_ranges([(5, 5), (1, 3), (9, 4)]) == BitField.from_bits([1, 2])


@pytest.mark.parametrize(
    ("start", "length", "bits"),
    [
        (0, 0, []),
        (0, 8, [1, 5, 6, 7, 10, 11, 12, 15]),
        (2, 3, [6, 7, 10]),
        (8, 0, []),
        (7, 1, [15]),
    ],
)
def test_slice_counts_bits(start: int, length: int, bits: list[int]) -> None:
    field = BitField.from_bits([1, 5, 6, 7, 10, 11, 12, 15])
    assert list(field.slice(start, length)) == bits


@pytest.mark.parametrize(("start", "length"), [(0, 4), (2, 2), (4, 0), (-1, 1), (0, -1)])
def test_slice_beyond_the_bits_is_refused(start: int, length: int) -> None:
    with pytest.raises(ValueError, match="a bitfield of 3 bits has no"):
        BitField.from_bits([1, 2, 9]).slice(start, length)


def test_set_answers_as_a_set() -> None:
    field = BitField.from_ranges([(7, 9), (2, 4), (3, 5), (9, 9)])
    assert list(field) == [2, 3, 4, 7, 8]
    assert field == BitField.from_bits([8, 7, 4, 4, 3, 2])
    assert hash(field) == hash(BitField.from_bits(iter(field)))
    assert [bit in field for bit in (1, 2, 4, 5, 6, 7, 8, 9)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert (field.first(), field.last(), field.count(), len(field)) == (2, 8, 5, 5)
    assert field
    assert repr(field) == "BitField(2..4, 7..8)"


def test_empty_set_has_no_ends() -> None:
    empty = BitField()
    assert (empty.first(), empty.last(), empty.count(), empty.to_bytes()) == (None, None, 0, b"")
    assert not empty
    assert empty == BitField.from_bytes(b"") == BitField.from_bits([]) == BitField.union([])


def test_run_lengths_start_with_zeros() -> None:
    assert BitField.from_ranges([(2, 6), (9, 11)]).run_lengths() == (2, 4, 3, 2)
    assert BitField.from_ranges([(0, 6)]).run_lengths() == (0, 6)
    assert BitField.from_run_lengths([2, 4, 3, 2]) == BitField.from_ranges([(2, 6), (9, 11)])
    assert BitField.from_run_lengths([0]) == BitField.from_run_lengths([7]) == BitField()
    assert BitField.from_run_lengths([0, 6, 3]) == BitField.from_ranges([(0, 6)])


@pytest.mark.parametrize("lengths", [[1, 0], [0, 1, 0, 1], [-1, 5], [2**63, 2**63], [1, -1]])
def test_empty_or_overflowing_runs_are_refused(lengths: list[int]) -> None:
    with pytest.raises(DecodeError, match="empty run or exceeds 64 bits"):
        BitField.from_run_lengths(lengths)


@pytest.mark.parametrize("bit", [-1, END_OF_BITS])
def test_bit_outside_of_64_bits_is_refused(bit: int) -> None:
    with pytest.raises(ValueError, match="pairs of increasing 64-bit numbers"):
        BitField.from_bits([0, 1, 4, bit])


@pytest.mark.parametrize("bounds", [(1,), (1, 1), (3, 2), (0, 2, 2, 4), (0, 4, 3, 5)])
def test_unsorted_bounds_are_refused(bounds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pairs of increasing 64-bit numbers"):
        BitField(bounds)


def test_huge_runs_cost_nothing() -> None:
    low, high = BitField.from_ranges([(0, 2**63)]), BitField.from_ranges([(5, END_OF_BITS)])
    assert (low | high).count() == END_OF_BITS
    assert (low & high).count() == 2**63 - 5
    assert low.cut(high) == BitField.from_ranges([(0, 5)])
    assert high.slice(2**62, 2**63).first() == 2**62 + 5
    assert 2**64 - 2 in high


def test_repr_of_many_runs_is_short() -> None:
    assert repr(BitField.from_bits(range(0, 100, 2))).endswith("12, 14, ...)")
    assert repr(BitField.from_bits(range(0, 16, 2))).endswith("12, 14)")
