"""Base58 as Bitcoin writes it, in which libp2p writes the identities of peers.

The alphabet leaves out what looks alike (0 and O, I and l). Each zero byte at the start is a 1.
"""

from papyrus.primitives.errors import DecodeError

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: value for value, letter in enumerate(_ALPHABET)}

MAX_LENGTH = 256
"""Letters that are read; the time to read them grows with their square."""


def encode(data: bytes) -> str:
    """Return the text of some bytes."""
    number = int.from_bytes(data, "big")
    letters = ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + letters


def decode(text: str) -> bytes:
    """Return the bytes of a text; DecodeError where it is too long or has other letters."""
    if len(text) > MAX_LENGTH:
        raise DecodeError(f"base58 of {len(text)} letters, {MAX_LENGTH} at most")
    number = 0
    for letter in text:
        if letter not in _DIGITS:
            raise DecodeError(f"{letter!r} is not a base58 letter")
        number = number * 58 + _DIGITS[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) >> 3, "big")
