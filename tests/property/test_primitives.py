"""Laws of the protocol's numbers, and of readers on any input at all."""

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papyrus.primitives.address import ETHEREUM_NAMESPACE, Address
from papyrus.primitives.amounts import TokenAmount, decode_bigint, encode_bigint
from papyrus.primitives.bitfield import END_OF_BITS, BitField
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import (
    decode_unsigned,
    decode_zigzag,
    encode_unsigned,
    encode_zigzag,
)

U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
ADDRESSES = st.one_of(
    st.builds(Address.from_id, U64),
    st.builds(Address.secp256k1, st.binary(min_size=65, max_size=65)),
    st.builds(Address.actor, st.binary(max_size=64)),
    st.builds(Address.bls, st.binary(min_size=48, max_size=48)),
    st.builds(Address.delegated, U64, st.binary(max_size=54)),
)
SMALL_SETS = st.sets(st.integers(0, 60))
WIDE_RANGES = st.lists(
    st.tuples(st.integers(0, END_OF_BITS), st.integers(1, 2**40)).map(
        lambda pair: (pair[0], min(END_OF_BITS, pair[0] + pair[1]))
    ),
    max_size=20,
)


@given(U64)
def test_unsigned_varint_round_trips(number: int) -> None:
    data = encode_unsigned(number)
    assert decode_unsigned(data) == (number, len(data))
    assert len(data) == max(1, -(-number.bit_length() // 7))


@given(I64)
def test_zigzag_varint_round_trips(number: int) -> None:
    data = encode_zigzag(number)
    assert decode_zigzag(data) == (number, len(data))


@given(st.binary(max_size=12))
def test_varint_that_is_read_is_the_one_that_is_written(data: bytes) -> None:
    try:
        number, end = decode_unsigned(data)
    except DecodeError:
        return
    assert encode_unsigned(number) == data[:end]


@given(ADDRESSES)
def test_address_round_trips_as_bytes_and_text(address: Address) -> None:
    assert Address.from_bytes(bytes(address)) == address
    assert Address.from_string(str(address)) == address
    assert Address.from_string(address.to_string("t")) == address


@given(ADDRESSES, st.integers(2, 137), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_address_text_with_one_wrong_letter_is_refused(
    address: Address, position: int, letter: str
) -> None:
    text = str(address)
    body = text.rfind("f") + 1 if text[1] == "4" else 2
    if text[1] == "0" or position >= len(text) or position < body or text[position] == letter:
        return
    with pytest.raises(DecodeError):
        Address.from_string(text[:position] + letter + text[position + 1 :])


@given(st.binary(min_size=20, max_size=20))
@example(b"\xff" + bytes(19))
def test_every_ethereum_address_round_trips(ethereum: bytes) -> None:
    address = Address.from_ethereum(ethereum)
    assert address.to_ethereum() == ethereum
    assert address[0] == 0 or address.namespace == ETHEREUM_NAMESPACE


@given(st.integers(-(2**1015), 2**1015))
def test_bigint_round_trips(number: int) -> None:
    assert decode_bigint(encode_bigint(number)) == number


@given(st.integers(-(10**40), 10**40))
def test_amount_survives_being_written_for_people(atto: int) -> None:
    amount = TokenAmount(atto)
    assert TokenAmount.parse(amount.to_fil()) == amount
    assert TokenAmount.parse(f"{atto} attoFIL") == amount


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_amounts_are_closed_and_agree_with_numbers(left: int, right: int) -> None:
    total, difference = TokenAmount(left) + TokenAmount(right), TokenAmount(left) - right
    assert (total, difference) == (left + right, left - right)
    assert type(total) is type(difference) is TokenAmount


@given(SMALL_SETS, SMALL_SETS)
def test_bitfields_combine_as_sets_do(left: set[int], right: set[int]) -> None:
    one, two = BitField.from_bits(left), BitField.from_bits(right)
    assert set(one | two) == left | right
    assert set(one & two) == left & right
    assert set(one - two) == left - right
    assert set(one ^ two) == left ^ right
    assert one.contains_any(two) == (not left.isdisjoint(right))
    assert one.contains_all(two) == (left >= right)
    assert list(one) == sorted(left)
    assert [bit in one for bit in range(62)] == [bit in left for bit in range(62)]


@given(SMALL_SETS, SMALL_SETS)
def test_cut_moves_each_bit_down_by_what_was_below(left: set[int], right: set[int]) -> None:
    cut = BitField.from_bits(left).cut(BitField.from_bits(right))
    assert set(cut) == {bit - sum(gap < bit for gap in right) for bit in left - right}


@given(SMALL_SETS, st.data())
def test_slice_is_a_slice_of_the_sorted_bits(bits: set[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(bits)))
    length = data.draw(st.integers(0, len(bits) - start))
    expected = sorted(bits)[start : start + length]
    assert list(BitField.from_bits(bits).slice(start, length)) == expected


@given(WIDE_RANGES, WIDE_RANGES)
def test_wide_bitfields_obey_the_laws_of_sets(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    one, two = BitField.from_ranges(left), BitField.from_ranges(right)
    assert BitField.from_bytes(one.to_bytes()) == one
    assert (one | two).count() + (one & two).count() == one.count() + two.count()
    assert one ^ two == (one | two) - (one & two) == (one - two) | (two - one)
    assert one.cut(two).count() == (one - two).count()
    assert BitField.from_run_lengths(one.run_lengths()) == one


@given(st.binary(max_size=80))
@example(b"\x04")
@example(b"\xe4" + b"\xff" * 8 + b"\x2f" + b"\xff" * 8 + b"\x7f")
def test_bitfield_that_is_read_is_the_one_that_is_written(data: bytes) -> None:
    try:
        field = BitField.from_bytes(data)
    except DecodeError:
        return
    assert field.to_bytes() == data


READERS_OF_BYTES: list[Callable[[bytes], Any]] = [
    decode_unsigned,
    decode_zigzag,
    decode_bigint,
    Address.from_bytes,
    Address.from_chain_bytes,
    Address.from_ethereum,
    BitField.from_bytes,
]
READERS_OF_TEXT: list[Callable[[str], Any]] = [Address.from_string, TokenAmount.parse]
MIB = 1 << 20


@pytest.mark.parametrize("reader", READERS_OF_BYTES)
@given(data=st.binary(max_size=200))
def test_bytes_are_read_or_refused(reader: Callable[[bytes], Any], data: bytes) -> None:
    with suppress(DecodeError):
        reader(data)


@pytest.mark.parametrize("reader", READERS_OF_TEXT)
@given(text=st.one_of(st.text(), st.text("ft01234fabc.-+ FILatto\u03bc", max_size=60)))
def test_text_is_read_or_refused(reader: Callable[[str], Any], text: str) -> None:
    with suppress(DecodeError):
        reader(text)


@pytest.mark.parametrize("reader", READERS_OF_BYTES)
@pytest.mark.parametrize("byte", [0x00, 0x01, 0x55, 0x80, 0xFC, 0xFF])
def test_a_mebibyte_is_refused_at_once(reader: Callable[[bytes], Any], byte: int) -> None:
    data = bytes([byte]) * MIB
    before = perf_counter()
    with suppress(DecodeError):
        reader(data)
    assert perf_counter() - before < 1


@pytest.mark.parametrize("reader", READERS_OF_TEXT)
@pytest.mark.parametrize("text", ["f", "f4", "1", " ", "-", ".", "\u03bc"])
def test_a_mebibyte_of_text_is_refused_at_once(reader: Callable[[str], Any], text: str) -> None:
    before = perf_counter()
    with pytest.raises(DecodeError) as caught:
        reader(text * MIB)
    assert len(str(caught.value)) < 200
    assert perf_counter() - before < 1


@pytest.mark.parametrize("last", [b"\x01", b"\x80", b"\xff"])
@pytest.mark.parametrize("byte", [0x00, 0x11, 0x55, 0xAA, 0xFC, 0xFF])
def test_the_largest_bitfield_is_read_and_combined_fast(byte: int, last: bytes) -> None:
    data = b"\xfc" + bytes([byte]) * (32 * 1024 - 2) + last
    before = perf_counter()
    try:
        field = BitField.from_bytes(data)
    except DecodeError:
        pass
    else:
        assert field.cut(field ^ BitField.from_bits([0])).count() <= 1
    assert perf_counter() - before < 2
