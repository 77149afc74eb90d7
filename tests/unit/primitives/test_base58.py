"""Base58, against what libp2p and Bitcoin write."""

import pytest

from papyrus.primitives import base58
from papyrus.primitives.errors import DecodeError

KNOWN = {
    b"": "",
    b"\0": "1",
    b"hello world": "StV1DL6CwTryKyV",
    b"\0\0abc": "11ZiCa",
}


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0a", bytes(range(64)), b"\xff" * 40])
def test_base58_reads_what_it_writes(data):
    assert base58.decode(base58.encode(data)) == data


@pytest.mark.parametrize("data", [b"", b"\0", b"hello world", b"\0\0abc"])
def test_base58_text_is_that_of_others(data):
    assert base58.encode(data) == KNOWN[data]
    assert base58.decode(KNOWN[data]) == data


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "a b", "ä", "1" * 257])
def test_base58_refuses_other_letters_and_long_text(text):
    with pytest.raises(DecodeError):
        base58.decode(text)
