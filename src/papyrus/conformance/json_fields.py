"""Reading JSON that came from elsewhere: each field is what it must be, or DecodeError says why.

Numbers are exact: an amount of 10^27 attoFIL stands in a vector as a bare number, which must
never pass through a float. A number with a fraction becomes a Decimal, which no field takes for one
of its own.
"""

import base64
import binascii
import json
from decimal import Decimal
from typing import Any

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError


def parse(data: bytes) -> Any:
    """Return the JSON value that the bytes are, its numbers exact."""
    try:
        return json.loads(data, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise DecodeError("JSON is nested too deep") from None
    except ValueError as error:  # bad JSON, bad UTF-8, or a number of thousands of digits
        raise DecodeError(f"not JSON: {error}") from error


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Return the object that the value is."""
    if not isinstance(value, dict):
        raise DecodeError(f"{where} is not an object")
    return value


def sequence(value: Any, where: str) -> list[Any]:
    """Return the array that the value is; null counts as an empty one, as in Go."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise DecodeError(f"{where} is not an array")
    return value


def text(value: Any, where: str) -> str:
    """Return the string that the value is."""
    if not isinstance(value, str):
        raise DecodeError(f"{where} is not a string")
    return value


def number(value: Any, where: str, *, lowest: int = 0, highest: int = 2**63 - 1) -> int:
    """Return the whole number that the value is, within bounds."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise DecodeError(f"{where} is not a whole number")
    if not lowest <= value <= highest:
        raise DecodeError(f"{where} is {value}, not within {lowest} and {highest}")
    return value


def decimal(value: Any, where: str) -> int:
    """Return the whole number that is written out in a string, as Lotus writes big ones."""
    written = text(value, where)
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 100):
        raise DecodeError(f"{where} is not a number in a string")
    return int(written)


def base64_bytes(value: Any, where: str) -> bytes:
    """Return the bytes of standard base64; null counts as none, as in Go."""
    if value is None:
        return b""
    try:
        return base64.b64decode(text(value, where), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(f"{where} is not base64: {error}") from error


def cid(value: Any, where: str) -> Cid:
    """Return the CID of the form {"/": text}."""
    written = mapping(value, where).get("/")
    try:
        return Cid.from_string(text(written, where))
    except DecodeError as error:
        raise DecodeError(f"{where} is not a CID: {error}") from error


def _refuse(written: str) -> Any:
    raise DecodeError(f"not JSON: {written} is no number")
