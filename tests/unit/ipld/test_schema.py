"""Field codecs: each annotation's wire form, and the values outside of it."""

from enum import IntEnum
from typing import Annotated, Any, NewType, Optional

import pytest

from papyrus.ipld import dag_cbor, lenient
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import (
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    BigInt,
    Length,
    MaxLength,
    VmAddress,
    Width,
    codec_for,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError

STATE = Cid.of(b"\x80")
SectorNumber = NewType("SectorNumber", int)


class Kind(IntEnum):
    """An enumeration that travels as its number."""

    ONE = 1
    TWO = 2


class Sealed:
    """A class that gives and takes its own bytes."""

    def __init__(self, raw):
        self.raw = raw

    @classmethod
    def from_bytes(cls, raw):
        if not raw:
            raise DecodeError("nothing in it")
        return cls(raw)

    def to_bytes(self):
        return self.raw


def _strict(annotation, data):
    return codec_for(annotation).from_ipld(dag_cbor.decode(bytes.fromhex(data)))


def _lenient(annotation, data):
    return lenient.read_all(codec_for(annotation).read, bytes.fromhex(data))


@pytest.mark.parametrize(
    ("annotation", "value", "encoding"),
    [
        (U8, 255, "18ff"),
        (U16, 65535, "19ffff"),
        (U32, 2**32 - 1, "1affffffff"),
        (U64, 2**64 - 1, "1bffffffffffffffff"),
        (I8, -128, "387f"),
        (I16, -(2**15), "397fff"),
        (I32, 2**31 - 1, "1a7fffffff"),
        (I64, -(2**63), "3b7fffffffffffffff"),
        (Annotated[SectorNumber, Width(64, signed=False)], 5, "05"),
        (Annotated[Kind, Width(8, signed=False)], Kind.TWO, "02"),
        (BigInt, -256, "43010100"),
        (BigInt, 0, "40"),
        (bool, True, "f5"),
        (str, "é", "62c3a9"),
        (bytes, b"a", "4161"),
        (str | bytes, b"a", "4161"),
        (str | bytes, "a", "6161"),
        (Annotated[bytes, Length(2)], b"ab", "426162"),
        (Annotated[tuple[U64, ...], MaxLength(2)], (1, 2), "820102"),
        (Cid, STATE, "d82a582700" + STATE.hex()),
        (Address, Address.from_id(1000), "4300e807"),
        (VmAddress, Address.from_id(2**63), "4b0080808080808080808001"),
        (TokenAmount, TokenAmount(1000), "430003e8"),
        (BitField, BitField.from_bits([0]), "410c"),
        (tuple[U64, ...], (1, 2, 3), "83010203"),
        (tuple[U64, str], (1, "a"), "82016161"),
        (dict[str, U64], {"a": 1, "b": 2}, "a2616101616202"),
        (U64 | None, None, "f6"),
        (U64 | None, 1, "01"),
        (Optional[U64], 1, "01"),  # noqa: UP045 - both spellings are accepted
        (tuple[bytes | None, ...], (None, b""), "82f640"),
    ],
)
def test_value_and_wire_form_agree(annotation, value, encoding):
    codec = codec_for(annotation)
    assert dag_cbor.encode(codec.to_ipld(value)).hex() == encoding
    for found in (_strict(annotation, encoding), _lenient(annotation, encoding)):
        assert found == value
        assert type(found) is type(value)


def test_class_that_gives_its_bytes_is_a_field():
    codec = codec_for(Sealed)
    assert codec.to_ipld(Sealed(b"x")) == b"x"
    assert _strict(Sealed, "4178").raw == _lenient(Sealed, "0178").raw == b"x"
    with pytest.raises(DecodeError, match="nothing in it"):
        _strict(Sealed, "40")


def test_bytes_of_a_subclass_travel_as_bytes():
    assert type(codec_for(bytes).to_ipld(Address.from_id(1))) is bytes


@pytest.mark.parametrize(
    ("annotation", "encoding", "message"),
    [
        (U8, "190100", "256 is not U8"),
        (U64, "20", "-1 is not U64"),
        (U64, "f5", "True is not U64"),
        (U64, "4101", "is not U64"),
        (I64, "1b8000000000000000", "is not I64"),
        (I64, "3b8000000000000000", "is not I64"),
        (Annotated[Kind, Width(8, signed=False)], "03", "3 is not a valid Kind"),
        (BigInt, "01", "expected bytes"),
        (BigInt, "4102", "sign of a big integer"),
        (bool, "01", "found int, expected bool"),
        (str | bytes, "f6", "found NoneType, expected str or bytes"),
        (bool, "f6", "found NoneType, expected bool"),
        (str, "4161", "found bytes, expected str"),
        (bytes, "6161", "found str, expected bytes"),
        (bytes, "d82a450001550000", "found Cid, expected bytes"),
        (Annotated[bytes, Length(2)], "4161", "length is 1, expected 2"),
        (Annotated[tuple[U64, ...], MaxLength(2)], "83010203", "length is 3, expected at most 2"),
        (Cid, "4161", "found bytes, expected Cid"),
        (Address, "4105", "an address of 1 bytes"),
        (Address, "6161", "expected bytes"),
        (Address, "4b00ffffffffffffffffff01", "below 2\\^63"),
        (BitField, "4107", "bitfield"),
        (tuple[U64, ...], "01", "expected an array"),
        (tuple[U64, ...], "81f6", "None is not U64"),
        (tuple[U64, str], "8101", "array of 2 items"),
        (dict[str, U64], "80", "expected a map"),
        (dict[str, U64], "a16161f5", "True is not U64"),
        (U64 | None, "f5", "True is not U64"),
    ],
)
def test_other_data_is_refused(annotation, encoding, message):
    with pytest.raises(DecodeError, match=message):
        _strict(annotation, encoding)


@pytest.mark.parametrize(
    ("annotation", "encoding"),
    [
        (Annotated[Kind, Width(8, signed=False)], "03"),
        (Annotated[bytes, Length(2)], "4161"),
        (Annotated[tuple[U64, ...], MaxLength(2)], "83010203"),
        (Address, "4105"),
        (BigInt, "4102"),
        (tuple[U64, str], "8101"),
    ],
)
def test_lenient_reading_keeps_bounds(annotation, encoding):
    with pytest.raises(DecodeError):
        _lenient(annotation, encoding)


def test_readings_differ_in_the_ids_that_go_refuses():
    encoding = "4b00ffffffffffffffffff01"
    assert _lenient(Address, encoding).id == 2**64 - 1


@pytest.mark.parametrize(
    ("annotation", "value", "error", "message"),
    [
        (U64, -1, ValueError, "-1 does not fit U64"),
        (U8, 256, ValueError, "256 does not fit U8"),
        (I64, 2**63, ValueError, "does not fit I64"),
        (U64, True, TypeError, "True is not an integer"),
        (U64, "1", TypeError, "'1' is not an integer"),
        (U64, 1.0, TypeError, "1.0 is not an integer"),
        (BigInt, 1 << 1016, ValueError, "128 at most"),
        (bool, 1, TypeError, "1 is not of type bool"),
        (str, b"a", TypeError, "is not of type str"),
        (str | bytes, 1, TypeError, "is not of type bytes"),
        (bytes, "a", TypeError, "is not of type bytes"),
        (bytes, STATE, TypeError, "is not of type bytes"),
        (Cid, bytes(STATE), TypeError, "is not of type Cid"),
        (Annotated[bytes, Length(2)], b"a", ValueError, "length is 1, expected 2"),
        (Address, b"\x00\x01", TypeError, "is not of type Address"),
        (BitField, b"", TypeError, "is not of type BitField"),
        (tuple[U64, ...], 5, TypeError, "5 is not a tuple"),
        (tuple[U64, str], (1,), TypeError, "not a tuple of 2 items"),
        (dict[str, U64], [], TypeError, "not a dict"),
        (TokenAmount, None, TypeError, "None is not of type int"),
    ],
)
def test_other_values_are_not_encoded(annotation, value, error, message):
    with pytest.raises(error, match=message):
        codec_for(annotation).to_ipld(value)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (int, "int has no width: annotate U64"),
        (float, "<class 'float'> has no wire form: use an integer with a width"),
        (list[U64], "has no wire form"),
        (dict[int, U64], "has no wire form"),
        (int | str, "has no wire form"),
        (U64 | str | None, "has no wire form"),
        (SectorNumber, "int has no width"),
        (Annotated[float, "metres"], "has no wire form"),
        (Any, "has no wire form"),
    ],
)
def test_annotation_without_wire_form_is_refused(annotation, message):
    with pytest.raises(TypeError, match=message):
        codec_for(annotation)
