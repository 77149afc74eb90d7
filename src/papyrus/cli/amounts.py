"""How commands read and show amounts, sizes and epochs: plain for people, exact for programs.

People write and read FIL, programs get attoFIL as decimal text.
"""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError

AmountArgument = Annotated[
    str, typer.Argument(metavar="AMOUNT", help="In FIL, or with a unit: 10attofil.")
]

_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB")


def read_amount(text: str, what: str = "the amount") -> TokenAmount:
    """Return an amount that a person wrote, in FIL unless it says otherwise.

    DecodeError for anything else, and for less than nothing.
    """
    try:
        amount = TokenAmount.parse(text)
    except DecodeError as error:
        raise DecodeError(
            f"{what} {text!r} is none ({error}): write FIL as 1.5, or attoFIL as 10attofil"
        ) from error
    if amount < 0:
        raise DecodeError(f"{what} {text!r} is less than nothing")
    return amount


def read_atto(text: str, what: str) -> TokenAmount:
    """Return an amount of attoFIL that a person wrote; DecodeError for anything else."""
    if not text.isascii() or not text.isdigit():
        raise DecodeError(f"{what} {text!r} is to be a whole number of attoFIL")
    return TokenAmount(int(text))


def fil(atto: Any) -> str:
    """Return an amount of attoFIL, a number or JSON's text, in FIL."""
    return TokenAmount(int(atto)).to_fil()


def read_size(text: str) -> int:
    """Return a number of bytes that a person wrote as 1024, 32GiB or 1TiB; DecodeError."""
    digits = text.rstrip("BKMGTPEZIbkmgtpezi ")
    unit = text[len(digits) :].strip().lower() or "b"
    units = {name.lower(): place for place, name in enumerate(_BINARY_UNITS)}
    if not digits.isascii() or not digits.isdigit() or unit not in units:
        raise DecodeError(f"{text!r} is no size: write bytes, or 32GiB")
    return int(digits) << (10 * units[unit])


def human_power(count: Any) -> str:
    """Return bytes of storage as people write them, for instance 32 GiB."""
    size = int(count)
    place = 0
    while size and size % 1024 == 0 and place + 1 < len(_BINARY_UNITS):
        size, place = size // 1024, place + 1
    if size < 1024:
        return f"{size} {_BINARY_UNITS[place]}"
    rest = float(size)
    while rest >= 1024 and place + 1 < len(_BINARY_UNITS):
        rest, place = rest / 1024, place + 1
    return f"{rest:.2f} {_BINARY_UNITS[place]}"


def when(timestamp: int) -> str:
    """Return a moment in Unix seconds as people write it, in UTC."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S")


def ago(timestamp: int) -> str:
    """Return how long ago a moment was, or how far ahead it is."""
    seconds = int(time.time()) - timestamp
    if seconds < 0:
        return f"in {_span(-seconds)}"
    return f"{_span(seconds)} ago"


def _span(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
