"""JSON from elsewhere, field by field."""

from decimal import Decimal

import pytest

from papyrus.conformance import json_fields as fields
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError


def test_numbers_are_exact():
    assert fields.parse(b"[463950067116374242605324867, 1.10]") == [
        463950067116374242605324867,
        Decimal("1.10"),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\xfd", "not JSON"),
        (b"[NaN]", "NaN is no number"),
        (b"[" * 200_000, "nested too deep"),
        (b"1" * 10_000, "not JSON"),
    ],
)
def test_what_is_no_json_is_refused(data: bytes, message: str):
    with pytest.raises(DecodeError, match=message):
        fields.parse(data)


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (fields.mapping, [], "x is not an object"),
        (fields.sequence, {}, "x is not an array"),
        (fields.text, 1, "x is not a string"),
        (fields.number, True, "x is not a whole number"),
        (fields.number, Decimal("1.5"), "x is not a whole number"),
        (fields.number, -1, "x is -1, not within 0 and"),
        (fields.decimal, "1e9", "x is not a number in a string"),
        (fields.decimal, "", "x is not a number in a string"),
        (fields.decimal, "\u0661", "x is not a number in a string"),
        (fields.decimal, "9" * 101, "x is not a number in a string"),
        (fields.base64_bytes, "a", "x is not base64"),
        (fields.base64_bytes, "\u00e9", "x is not base64"),
        (fields.cid, {"/": "bafy"}, "x is not a CID"),
        (fields.cid, {}, "x is not a CID"),
        (fields.cid, "bafy", "x is not an object"),
    ],
)
def test_a_field_of_another_kind_is_refused(read, value, message: str):
    with pytest.raises(DecodeError, match=message):
        read(value, "x")


def test_null_is_an_empty_array_and_no_bytes():
    assert fields.sequence(None, "x") == []
    assert fields.base64_bytes(None, "x") == b""


def test_well_formed_fields_are_taken():
    cid = Cid.of(b"\x80")
    assert fields.cid({"/": str(cid)}, "x") == cid
    assert fields.decimal("-180000000000000000000000000", "x") == -180000000000000000000000000
    assert fields.base64_bytes("g4CCAIBA", "x") == bytes.fromhex("838082008040")
