"""Amounts of Filecoin, in attoFIL, and the wire form of every big integer.

One FIL is 10^18 attoFIL. Amounts are whole numbers of attoFIL everywhere; FIL is only a way to
write them for people, in the notation of Lotus (chain/types/fil.go). On the wire a big integer is
a sign byte (0 or 1) followed by the magnitude, highest byte first, and zero is no bytes at all.
"""

import re
from typing import Self

from papyrus.primitives.errors import DecodeError

ATTO_PER_NANO = 10**9
ATTO_PER_FIL = 10**18

MAX_BIGINT_LENGTH = 128
"""Bytes a big integer may take on the wire, its sign included."""

_UNIT_PREFIXES = ("a", "f", "p", "n", "\u03bc", "m")
_MAX_NUMBER_LENGTH = 50
_NUMBER = re.compile(r"(-?)(?:([0-9]+)\.?([0-9]*)|\.([0-9]+))")


class TooBig(ValueError):  # noqa: N818 - what its message says of the number
    """A big integer has outgrown its wire form; a release of the actors refuses to encode it."""


def encode_bigint(number: int) -> bytes:
    """Return the wire form of a number; TooBig if it would exceed 128 bytes."""
    if number == 0:
        return b""
    magnitude = abs(number)
    length = (magnitude.bit_length() + 7) >> 3
    if length >= MAX_BIGINT_LENGTH:
        raise TooBig(f"a big integer of {length + 1} bytes, {MAX_BIGINT_LENGTH} at most")
    sign = b"\x01" if number < 0 else b"\x00"
    return sign + magnitude.to_bytes(length, "big")


def decode_bigint(data: bytes) -> int:
    """Return the number a wire form stands for; DecodeError for a bad sign or over 128 bytes."""
    # Quirk: leading zeros, a lone sign byte and a negative zero are accepted, as the VM
    # (fvm_shared bigint_ser.rs) and Lotus (go-state-types big.Int) both do.
    if not data:
        return 0
    if len(data) > MAX_BIGINT_LENGTH:
        raise DecodeError(f"a big integer of {len(data)} bytes, {MAX_BIGINT_LENGTH} at most")
    sign = data[0]
    if sign > 1:
        raise DecodeError(f"the sign of a big integer is 0 or 1, not {sign}")
    magnitude = int.from_bytes(data[1:], "big")
    return -magnitude if sign else magnitude


def _decimal(amount: int, unit: int, digits: int) -> str:
    """Return amount / unit to so many decimals, halves away from zero, without trailing zeros."""
    scaled = abs(amount) * 10**digits
    rounded = (2 * scaled + unit) // (2 * unit)
    whole, fraction = divmod(rounded, 10**digits)
    text = f"{whole}.{fraction:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if amount < 0 else text


class TokenAmount(int):
    """A whole number of attoFIL, negative where a debt is meant; sums and differences stay one."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the amount people write as "1.5", "1.5 FIL" or "10 attoFIL" (also "aFIL").

        Raises DecodeError for anything else, and for a part of an attoFIL.
        """
        suffix = text.lstrip("-.1234567890")
        number = text[: len(text) - len(suffix)]
        unit = suffix.strip().lower()
        if unit not in ("", "fil", "attofil", "afil"):
            raise DecodeError(f"unrecognized suffix: {suffix[:_MAX_NUMBER_LENGTH]!r}")
        if len(number) > _MAX_NUMBER_LENGTH:
            raise DecodeError(f"string length too large: {len(number)}")
        parts = _NUMBER.fullmatch(number)
        if parts is None:
            raise DecodeError(f"failed to parse {number!r} as a decimal number")
        sign, whole, fraction, bare_fraction = parts.groups(default="")
        fraction = (fraction or bare_fraction).rstrip("0")
        decimals = 18 if unit in ("", "fil") else 0
        if len(fraction) > decimals:
            prefix = "" if decimals else "atto"
            raise DecodeError(f"invalid {prefix}FIL value: {number!r}")
        magnitude = int((whole or "0") + fraction.ljust(decimals, "0"))
        return cls(-magnitude if sign else magnitude)

    @classmethod
    def from_fil(cls, whole: int) -> Self:
        """Return so many whole FIL."""
        return cls(whole * ATTO_PER_FIL)

    @classmethod
    def from_nano(cls, nano: int) -> Self:
        """Return so many nanoFIL."""
        return cls(nano * ATTO_PER_NANO)

    def to_fil(self) -> str:
        """Return the exact amount in FIL, as "1.5 FIL"."""
        return f"{self.unitless()} FIL"

    def unitless(self) -> str:
        """Return the exact amount in FIL without the unit, as "1.5"."""
        return _decimal(self, ATTO_PER_FIL, 18)

    def to_nano(self) -> str:
        """Return the exact amount in nanoFIL, as "1.5 nFIL"; zero has no unit."""
        return f"{_decimal(self, ATTO_PER_NANO, 9)} nFIL" if self else "0"

    def to_short(self) -> str:
        """Return the amount to three decimals in the largest unit that leaves a whole digit."""
        if self == 0:
            return "0"
        unit, prefix = ATTO_PER_FIL, ""
        for power, name in enumerate(_UNIT_PREFIXES):
            if abs(self) < 1000 ** (power + 1):
                unit, prefix = 1000**power, name
                break
        return f"{_decimal(self, unit, 3)} {prefix}FIL"

    def __add__(self, other: int, /) -> "TokenAmount":
        return TokenAmount(int.__add__(self, other))

    __radd__ = __add__

    def __sub__(self, other: int, /) -> "TokenAmount":
        return TokenAmount(int.__sub__(self, other))

    def __rsub__(self, other: int, /) -> "TokenAmount":
        return TokenAmount(int.__rsub__(self, other))

    def __mul__(self, other: int, /) -> "TokenAmount":
        return TokenAmount(int.__mul__(self, other))

    __rmul__ = __mul__

    def __neg__(self) -> "TokenAmount":
        return TokenAmount(int.__neg__(self))

    def __repr__(self) -> str:
        return f"TokenAmount({int(self)})"

    def __str__(self) -> str:
        return int.__repr__(self)


ZERO = TokenAmount(0)
