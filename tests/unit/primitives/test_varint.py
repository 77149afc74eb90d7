import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import (
    decode_unsigned,
    decode_zigzag,
    encode_unsigned,
    encode_zigzag,
)

U64_MAX = 2**64 - 1


@pytest.mark.parametrize(
    ("number", "wire"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (150, "9601"),
        (16384, "808001"),
        (2**63 - 1, "ffffffffffffffff7f"),
        (2**63, "80808080808080808001"),
        (U64_MAX, "ffffffffffffffffff01"),
    ],
)
def test_unsigned_encodes_and_decodes(number: int, wire: str) -> None:
    data = bytes.fromhex(wire)
    assert encode_unsigned(number) == data
    assert decode_unsigned(data) == (number, len(data))
    assert decode_unsigned(b"\xaa" + data + b"\x55", 1) == (number, len(data) + 1)


@pytest.mark.parametrize("number", [-1, U64_MAX + 1])
def test_unsigned_refuses_what_64_bits_cannot_hold(number: int) -> None:
    with pytest.raises(ValueError, match="does not fit 64 unsigned bits"):
        encode_unsigned(number)


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        ("", "ends early"),
        ("80", "ends early"),
        ("ffffffffffffffffff", "ends early"),
        ("8000", "shortest form"),
        ("818000", "shortest form"),
        ("ffffffffffffffffff00", "shortest form"),
        ("ffffffffffffffffff02", "exceeds 64 bits"),
        ("ffffffffffffffffff7f", "exceeds 64 bits"),
        ("8080808080808080808001", "longer than 10 bytes"),
        ("ff" * 64, "longer than 10 bytes"),
    ],
)
def test_unsigned_refuses_malformed_bytes(wire: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode_unsigned(bytes.fromhex(wire))


def test_unsigned_drops_bits_above_64_where_the_vm_does() -> None:
    assert decode_unsigned(bytes.fromhex("ffffffffffffffffff7f"), strict=False) == (U64_MAX, 10)
    assert decode_unsigned(bytes.fromhex("80808080808080808002"), strict=False) == (0, 10)
    with pytest.raises(DecodeError, match="shortest form"):
        decode_unsigned(bytes.fromhex("8000"), strict=False)


def test_unsigned_past_the_end_is_refused() -> None:
    with pytest.raises(DecodeError, match="ends early"):
        decode_unsigned(b"\x01", 5)


@pytest.mark.parametrize(
    ("number", "wire"),
    [
        (0, "00"),
        (-1, "01"),
        (1, "02"),
        (-64, "7f"),
        (64, "8001"),
        (2**63 - 1, "feffffffffffffffff01"),
        (-(2**63), "ffffffffffffffffff01"),
    ],
)
def test_zigzag_encodes_and_decodes(number: int, wire: str) -> None:
    assert encode_zigzag(number).hex() == wire
    assert decode_zigzag(bytes.fromhex(wire)) == (number, len(wire) // 2)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_zigzag_refuses_what_64_bits_cannot_hold(number: int) -> None:
    with pytest.raises(ValueError, match="does not fit 64 unsigned bits"):
        encode_zigzag(number)
