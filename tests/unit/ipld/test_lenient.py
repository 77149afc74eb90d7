"""The lenient reader, against what fvm_ipld_encoding 0.5.4 was seen to do with the same bytes."""

import pytest

from papyrus.ipld import lenient
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError

STATE = Cid.of(b"\x80")
TAGGED = "d82a582700" + STATE.hex()

NUMBERS = lenient.array(lenient.unsigned(64))
BY_NAME = lenient.text_map(lenient.unsigned(64))
PAIR = lenient.fixed_array((lenient.unsigned(64), lenient.byte_string), 2)
LATE = lenient.fixed_array((lenient.unsigned(64), lenient.unsigned(64)), 1)


@pytest.mark.parametrize(
    ("read", "data", "value"),
    [
        (lenient.unsigned(8), "1800", 0),
        (lenient.unsigned(8), "18ff", 255),
        (lenient.unsigned(16), "190001", 1),
        (lenient.unsigned(32), "1a00000001", 1),
        (lenient.unsigned(64), "1b0000000000000001", 1),
        (lenient.unsigned(64), "1bffffffffffffffff", 2**64 - 1),
        (lenient.signed(8), "387f", -128),
        (lenient.signed(64), "3800", -1),
        (lenient.signed(64), "1b7fffffffffffffff", 2**63 - 1),
        (lenient.signed(64), "3b7fffffffffffffff", -(2**63)),
        (lenient.boolean, "f5", True),
        (lenient.boolean, "f4", False),
        (lenient.byte_string, "42abcd", b"\xab\xcd"),
        (lenient.byte_string, "02abcd", b"\xab\xcd"),
        (lenient.byte_string, "1802abcd", b"\xab\xcd"),
        (lenient.byte_string, "580161", b"a"),
        (lenient.byte_string, "5b000000000000000161", b"a"),
        (lenient.byte_string, "5fff", b""),
        (lenient.byte_string, "5f416101625f4163ffff", b"abc"),
        (lenient.text, "6161", "a"),
        (lenient.text, "0161", "a"),
        (lenient.text, "2161", "a"),
        (lenient.text, "4161", "a"),
        (lenient.text, "7f61c361a9ff", "é"),
        (lenient.text_or_bytes, "6161", "a"),
        (lenient.text_or_bytes, "780161", "a"),
        (lenient.text_or_bytes, "4161", b"a"),
        (lenient.text_or_bytes, "580161", b"a"),
        (lenient.link, TAGGED, STATE),
        (lenient.link, "d9002a582700" + STATE.hex(), STATE),
        (lenient.link, "182a582700" + STATE.hex(), STATE),
        (lenient.link, "582a582700" + STATE.hex(), STATE),
        (lenient.link, "d82a582800" + STATE.hex() + "ff", STATE),
        (lenient.link, "d82a5f582700" + STATE.hex() + "ff", STATE),
        (lenient.optional(lenient.unsigned(64)), "f6", None),
        (lenient.optional(lenient.unsigned(64)), "1805", 5),
        (NUMBERS, "80", ()),
        (NUMBERS, "820102", (1, 2)),
        (NUMBERS, "020102", (1, 2)),
        (NUMBERS, "98020102", (1, 2)),
        (BY_NAME, "a0", {}),
        (BY_NAME, "a2616201616102", {"a": 2, "b": 1}),
        (BY_NAME, "a2616101616102", {"a": 2}),
        (BY_NAME, "02616201616102", {"a": 2, "b": 1}),
        (BY_NAME, "22616201616102", {"a": 2, "b": 1}),
        (BY_NAME, "82616201616102", {"a": 2, "b": 1}),
        (PAIR, "820141aa", [1, b"\xaa"]),
        (PAIR, "020101aa", [1, b"\xaa"]),
        (LATE, "8101", [1]),
        (LATE, "820102", [1, 2]),
    ],
)
def test_what_the_reference_accepts_is_accepted(read, data, value):
    assert lenient.read_all(read, bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (lenient.unsigned(8), "190005"),
        (lenient.unsigned(16), "1a00000005"),
        (lenient.unsigned(32), "1b0000000000000005"),
        (lenient.unsigned(64), "20"),
        (lenient.unsigned(64), "1c"),
        (lenient.unsigned(64), "1f"),
        (lenient.unsigned(64), "f5"),
        (lenient.unsigned(64), "f6"),
        (lenient.unsigned(64), "fb0000000000000000"),
        (lenient.unsigned(64), "c24101"),
        (lenient.unsigned(64), "0000"),
        (lenient.unsigned(64), ""),
        (lenient.unsigned(64), "1b00"),
        (lenient.signed(8), "1880"),
        (lenient.signed(8), "3880"),
        (lenient.signed(64), "1b8000000000000000"),
        (lenient.signed(64), "3b8000000000000000"),
        (lenient.signed(64), "41"),
        (lenient.boolean, "00"),
        (lenient.boolean, "f6"),
        (lenient.byte_string, "6161"),
        (lenient.byte_string, "80"),
        (lenient.byte_string, "2161"),
        (lenient.byte_string, "f6"),
        (lenient.byte_string, "42ab"),
        (lenient.byte_string, "5bffffffffffffffff"),
        (lenient.byte_string, "5f41"),
        (lenient.byte_string, "5f4161"),
        (lenient.byte_string, "5f6161ff"),
        (lenient.byte_string, "ff"),
        (lenient.byte_string, "1f4161ff"),
        (lenient.text, "61ff"),
        (lenient.text, "8161"),
        (lenient.text, "7f61c3ff"),
        (lenient.text_or_bytes, "0161"),
        (lenient.text_or_bytes, "61ff"),
        (lenient.text_or_bytes, "5f4161ff"),
        (lenient.text_or_bytes, "7f6161ff"),
        (lenient.text_or_bytes, "f6"),
        (lenient.link, "582700" + STATE.hex()),
        (lenient.link, "d82b582700" + STATE.hex()),
        (lenient.link, "d82a182700" + STATE.hex()),
        (lenient.link, "d82a5826" + STATE.hex()),
        (lenient.link, "d82a582701" + STATE.hex()),
        (lenient.link, "d82a582600" + STATE.hex()[:-2]),
        (lenient.link, "d82a40"),
        (lenient.link, "d82a4100"),
        (lenient.optional(lenient.unsigned(64)), "f7"),
        (NUMBERS, "9f01ff"),
        (NUMBERS, "a10102"),
        (NUMBERS, "420102"),
        (NUMBERS, "8201"),
        (NUMBERS, "9affffffff01"),
        (NUMBERS, "9bffffffffffffffff"),
        (BY_NAME, "bf616101ff"),
        (BY_NAME, "a10101"),
        (BY_NAME, "a16161"),
        (BY_NAME, "bbffffffffffffffff"),
        (BY_NAME, "4161"),
        (PAIR, "8101"),
        (PAIR, "830141aa00"),
        (PAIR, "a10141aa"),
        (PAIR, "820101aaaa"),
        (LATE, "80"),
        (LATE, "83010203"),
    ],
)
def test_what_the_reference_refuses_is_refused(read, data):
    with pytest.raises(DecodeError):
        lenient.read_all(read, bytes.fromhex(data))


def test_chunks_nest_as_deep_as_the_reference_lets_them():
    def nested(levels):
        return b"\x5f" * levels + b"\x41a" + b"\xff" * levels

    assert lenient.read_all(lenient.byte_string, nested(256)) == b"a"
    with pytest.raises(DecodeError, match="nested deeper"):
        lenient.read_all(lenient.byte_string, nested(257))
    # An array and a chunk share one budget.
    strings = lenient.array(lenient.byte_string)
    assert lenient.read_all(strings, b"\x81" + nested(255)) == (b"a",)
    with pytest.raises(DecodeError, match="nested deeper"):
        lenient.read_all(strings, b"\x81" + nested(256))


def test_arrays_and_options_nest_as_deep_as_the_reference_lets_them():
    read = lenient.unsigned(64)
    for _ in range(128):
        read = lenient.array(lenient.optional(read))
    assert lenient.read_all(read, b"\x81" * 128 + b"\x05")
    deeper = lenient.array(read)
    with pytest.raises(DecodeError, match="nested deeper"):
        lenient.read_all(deeper, b"\x81" * 129 + b"\x05")
