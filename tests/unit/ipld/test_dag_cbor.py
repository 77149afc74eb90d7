"""DAG-CBOR: each rule of the canonical form, and what hostile bytes cost."""

import time
from contextlib import suppress

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError

CHAIN = Cid.of(b"\x80")
INLINE = Cid.of(b"", RAW, 0)
MEBIBYTE = 1 << 20


class Label(str):
    """A kind of text whose `str` is something else."""

    __slots__ = ()

    def __str__(self):
        return "label"


class Link(Cid):
    """A kind of CID."""


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65535, "19ffff"),
        (65536, "1a00010000"),
        (2**32 - 1, "1affffffff"),
        (2**32, "1b0000000100000000"),
        (2**64 - 1, "1bffffffffffffffff"),
        (-1, "20"),
        (-24, "37"),
        (-25, "3818"),
        (-256, "38ff"),
        (-257, "390100"),
        (-(2**63), "3b7fffffffffffffff"),
        (-(2**64), "3bffffffffffffffff"),
        (False, "f4"),
        (True, "f5"),
        (None, "f6"),
        (b"", "40"),
        (b"\x01\x02", "420102"),
        (bytes(24), "5818" + "00" * 24),
        (bytes(256), "590100" + "00" * 256),
        ("", "60"),
        ("é", "62c3a9"),
        ("x" * 24, "7818" + "78" * 24),
        ([], "80"),
        ([1, [2, 3], []], "830182020380"),
        ([0] * 24, "9818" + "00" * 24),
        ({}, "a0"),
        ({"a": 1}, "a1616101"),
        ({"b": 1, "a": {}, "aa": [{}]}, "a36161a06162016261 6181a0"),
        (CHAIN, "d82a582700" + CHAIN.hex()),
        (INLINE, "d82a450001550000"),
    ],
)
def test_value_has_one_encoding(value, encoding):
    raw = bytes.fromhex(encoding)
    assert dag_cbor.encode(value) == raw
    decoded = dag_cbor.decode(raw)
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("encoding", "why"),
    [
        ("", "cut short"),
        ("18", "cut short"),
        ("1900", "cut short"),
        ("41", "cut short"),
        ("58", "cut short"),
        ("5818", "cut short"),
        ("61", "cut short"),
        ("81", "cut short"),
        ("a1", "cut short"),
        ("a160", "cut short"),
        ("d8", "cut short"),
        ("d82a", "cut short"),
        ("d82a58", "cut short"),
        ("d82a4500", "cut short"),
        ("d82a5827000171a0e40220" + "00" * 31, "cut short"),
        ("9affffffff", "cut short"),
        ("bbffffffffffffffff", "cut short"),
        ("5bffffffffffffffff", "cut short"),
        ("7b7fffffffffffffff", "cut short"),
        ("0000", "1 bytes follow"),
        ("8000", "1 bytes follow"),
        ("f6ff", "1 bytes follow"),
        ("1817", "not minimal"),
        ("190001", "not minimal"),
        ("1900ff", "not minimal"),
        ("1a0000ffff", "not minimal"),
        ("1b00000000ffffffff", "not minimal"),
        ("3817", "not minimal"),
        ("3900ff", "not minimal"),
        ("580161", "not minimal"),
        ("5900ff" + "00" * 255, "not minimal"),
        ("780161", "not minimal"),
        ("980100", "not minimal"),
        ("b8016000", "not minimal"),
        ("d82a580500015500 00", "not minimal"),
        ("1c", "indefinite length or is reserved"),
        ("1f", "indefinite length or is reserved"),
        ("5f4100ff", "indefinite length or is reserved"),
        ("7f6161ff", "indefinite length or is reserved"),
        ("9fff", "indefinite length or is reserved"),
        ("bfff", "indefinite length or is reserved"),
        ("ff", "float or a simple value"),
        ("f90000", "float or a simple value"),
        ("fa00000000", "float or a simple value"),
        ("fb0000000000000000", "float or a simple value"),
        ("f7", "float or a simple value"),
        ("e0", "float or a simple value"),
        ("f3", "float or a simple value"),
        ("f8ff", "float or a simple value"),
        ("f814", "float or a simple value"),
        ("c000", "tag other than 42"),
        ("c24101", "tag other than 42"),
        ("c349010000000000000000", "tag other than 42"),
        ("d82b4100", "tag other than 42"),
        ("d9002a450001550000", "tag other than 42"),
        ("d82a00", "42 not over bytes"),
        ("d82a6100", "42 not over bytes"),
        ("d82a5f41004401550000ff", "indefinite length or is reserved"),
        ("d82a40", "0x00 prefix"),
        ("d82a4401550000", "0x00 prefix"),
        ("d82a4100", "varint"),
        ("d82a46000155000000", "1 trailing"),
        ("d82a450002550000", "version 2"),
        ("a10001", "key is not text"),
        ("a1410001", "key is not text"),
        ("a1f601", "key is not text"),
        ("a2616101616102", "length-first order"),
        ("a2616201616102", "length-first order"),
        ("a262616101616102", "length-first order"),
        ("a3616101616201616101", "length-first order"),
        ("a2600160 02", "length-first order"),
        ("61ff", "not UTF-8"),
        ("62c328", "not UTF-8"),
        ("63eda080", "not UTF-8"),
        ("a161ff00", "not UTF-8"),
    ],
)
def test_everything_else_is_refused(encoding, why):
    with pytest.raises(DecodeError):
        pytest.fail(f"{dag_cbor.decode(bytes.fromhex(encoding))!r} although: {why}")


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("8000", "1 trailing bytes"),
        ("82011817", "not canonical at byte 2"),
        ("fb0000000000000000", "float"),
        ("81c000", "a tag other than 42"),
        ("d9ffff00", "tag 65535, where only 42 may be"),
        ("d82a4100", "varint"),
        ("58", "premature end"),
    ],
)
def test_a_refusal_says_why(encoding, message):
    with pytest.raises(DecodeError, match=message):
        dag_cbor.decode(bytes.fromhex(encoding))


def test_nesting_is_bounded_both_ways():
    value = []
    for _ in range(dag_cbor.MAX_DEPTH - 1):
        value = [value]
    deepest = b"\x81" * dag_cbor.MAX_DEPTH + b"\x80"
    assert dag_cbor.decode(deepest) == [value]
    assert dag_cbor.encode([value]) == deepest
    with pytest.raises(DecodeError, match="nested deeper"):
        dag_cbor.decode(b"\x81" + deepest)
    with pytest.raises(ValueError, match="nested deeper"):
        dag_cbor.encode([[value], 0])


def test_nested_maps_are_bounded():
    with pytest.raises(DecodeError, match="nested deeper"):
        dag_cbor.decode(b"\xa1\x60" * (dag_cbor.MAX_DEPTH + 1) + b"\x00")


def test_cyclic_value_is_refused():
    cycle = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="nested deeper"):
        dag_cbor.encode(cycle)
    ring = {}
    ring["a"] = ring
    with pytest.raises(ValueError, match="nested deeper"):
        dag_cbor.encode(ring)


def test_subclasses_travel_as_their_base_types():
    address = Address.from_id(1000)
    assert dag_cbor.encode([address, TokenAmount(5), (1, 2)]) == bytes.fromhex("834300e80705820102")
    assert dag_cbor.encode([Label("é"), Link(CHAIN)]) == dag_cbor.encode(["é", CHAIN])


def test_long_lists_among_other_values_keep_their_order():
    value = [[1, [2, {"k": [3, {}]}], b"x"], {"a": [[]], "b": CHAIN}, 4]
    assert dag_cbor.decode(dag_cbor.encode(value)) == value


@pytest.mark.parametrize("value", [1.0, {1, 2}, object(), bytearray(b"x"), [1, 2.5], {"a": 0.0}])
def test_other_types_are_not_encoded(value):
    with pytest.raises(TypeError, match="no DAG-CBOR encoding"):
        dag_cbor.encode(value)


@pytest.mark.parametrize("key", [1, b"a", None])
def test_other_keys_are_not_encoded(key):
    with pytest.raises(TypeError, match="is not text"):
        dag_cbor.encode({key: 1})


@pytest.mark.parametrize("value", [2**64, -(2**64) - 1, TokenAmount(10**30)])
def test_integers_beyond_64_bits_are_not_encoded(value):
    with pytest.raises(ValueError, match="beyond 64 bits"):
        dag_cbor.encode(value)


def test_lone_surrogates_are_not_encoded():
    with pytest.raises(ValueError, match="surrogates"):
        dag_cbor.encode("\udcff")


def test_lenient_text_gives_bytes_back_exactly():
    raw = bytes.fromhex("8264ff00c3a9a162c32801")
    value = dag_cbor.decode(raw, lenient_text=True)
    assert value == ["\udcff\x00é", {"\udcc3(": 1}]
    assert dag_cbor.encode(value, lenient_text=True) == raw
    with pytest.raises(DecodeError, match="utf-8"):
        dag_cbor.decode(raw)


def _array_of(item):
    count = (MEBIBYTE - 5) // len(item)
    return b"\x9a" + count.to_bytes(4, "big") + item * count


@pytest.mark.parametrize(
    "data",
    [
        _array_of(b"\x80"),
        _array_of(b"\xa1\x60\x60"),
        _array_of(bytes.fromhex("d82a450001710000")),
        b"\x81" * MEBIBYTE,
        b"\xa1\x60" * (MEBIBYTE // 2),
        b"\xc1" * MEBIBYTE,
        b"\x9a\xff\xff\xff\xff" * (MEBIBYTE // 5),
        b"\xc2\x5a\x00\x0f\xff\x00" + bytes(0xFFF00),
    ],
    ids=["lists", "maps", "links", "nested", "nested-maps", "tags", "false-counts", "bignum"],
)
def test_mebibyte_of_anything_takes_bounded_time(data):
    began = time.process_time()
    with suppress(DecodeError):
        dag_cbor.decode(data)
    # Idle, the slowest takes 0.7 s; a busy machine that measures coverage takes many times that.
    assert time.process_time() - began < 10
