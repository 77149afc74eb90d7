"""RLP as Lotus and Ethereum write it, and refuse it (figures of Lotus' rlp_test.go)."""

import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.types import rlp

ENCODINGS = [
    (b"", "80"),
    (b"\x00", "00"),
    (b"\x7f", "7f"),
    (b"\x80", "8180"),
    (bytes.fromhex("0402"), "820402"),
    (b"\xab" * 55, "b7" + "ab" * 55),
    (b"\xab" * 56, "b838" + "ab" * 56),
    (b"\xab" * 256, "b90100" + "ab" * 256),
    ([], "c0"),
    ([b"\x00", b"\x01", b"\xaa", b"\xff"], "c6000181aa81ff"),
    ([[]], "c1c0"),
    ([b"\xaa\xaa", [b"\xbb"], []], "c782aaaac281bbc0"),
    ([b"\xab" * 10] * 6, "f842" + ("8a" + "ab" * 10) * 6),
]

REFUSED = {
    "nothing": "",
    "a byte with a length it needs not": "8100",
    "the last byte with a length it needs not": "817f",
    "a long form of no bytes": "b800",
    "a long form of 55 bytes": "b837" + "aa" * 55,
    "a long form of a short list": "f80100",
    "a length with a leading zero": "b90055" + "aa" * 85,
    "a string longer than the input": "8201",
    "a long string longer than the input": "b838" + "ff" * 10,
    "a list longer than the input": "f838" + "00" * 10,
    "bytes after a string": "850505050505ff",
    "bytes after a list": "c3000102ff",
    "an item longer than its list": "c28301",
    "a length that is cut off": "b9",
    "a length of eight bytes": "bfffffffffffffff0041424344",
    "thirteen items": "cd" + "".join(f"{number:02x}" for number in range(13)),
    "33 lists in a list": "c1" * 34,
}


@pytest.mark.parametrize(("item", "encoding"), ENCODINGS, ids=[pair[1][:16] for pair in ENCODINGS])
def test_items_have_one_encoding(item: rlp.Item, encoding: str) -> None:
    assert rlp.encode(item).hex() == encoding
    assert rlp.decode(bytes.fromhex(encoding)) == item


@pytest.mark.parametrize("encoding", REFUSED.values(), ids=REFUSED)
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(DecodeError):
        rlp.decode(bytes.fromhex(encoding))


def test_a_list_may_have_twelve_items_and_nest_32_deep() -> None:
    assert rlp.decode(bytes((0xC0 + 12,)) + bytes(range(12))) == [bytes((n,)) for n in range(12)]
    item = rlp.decode(bytes(range(0xC0 + 32, 0xC0, -1)) + b"\x42")
    for _ in range(32):
        assert isinstance(item, list)
        (item,) = item
    assert item == b"\x42"


def test_input_is_bounded() -> None:
    head = b"\xba" + (rlp.MAX_LENGTH - 4).to_bytes(3, "big")
    assert len(rlp.decode(head + bytes(rlp.MAX_LENGTH - 4))) == rlp.MAX_LENGTH - 4
    with pytest.raises(DecodeError, match="2097153 bytes, 2097152 at most"):
        rlp.decode(bytes(rlp.MAX_LENGTH + 1))


def test_numbers_have_no_leading_zeros_and_no_sign() -> None:
    assert [rlp.encode_integer(n) for n in (0, 1, 256)] == [b"", b"\x01", b"\x01\x00"]
    assert rlp.decode_integer(b"") == 0
    assert rlp.decode_integer(b"\x01\x00") == 256
    for bad in (b"\x00", b"\x00\x01", []):
        with pytest.raises(DecodeError):
            rlp.decode_integer(bad)
    with pytest.raises(DecodeError, match="no negative"):
        rlp.encode_integer(-1)
