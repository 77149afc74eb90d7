"""How single values cross the wire: amounts, bytes, CIDs, addresses, bitfields, times.

The forms are Lotus': a CID is {"/": text}, an amount decimal text, bytes base64, a tipset key a
list of CIDs in which null and [] both mean the head, a bitfield its run lengths beginning with
absent bits, an undefined address "<empty>". Reading raises DecodeError alone.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError
from papyrus.types import json as chain_json
from papyrus.types.tipset import TipsetKey

MAX_RUNS = 1 << 18
"""Runs of a bitfield that are looked at; no encoding of 32 KiB has as many."""

_LOWEST, _HIGHEST = -(1 << 63), (1 << 64) - 1
_UNDEFINED_ADDRESS = "<empty>"
"""How go-address writes no address."""

Schema = dict[str, Any]
Definitions = dict[str, Schema]


@dataclass(frozen=True, slots=True)
class Codec:
    """How one type crosses: to JSON with a network letter, back, and described as JSON Schema.

    `schema` adds what it refers to under "components" to the definitions it is given.
    """

    write: Callable[[Any, str], Any]
    read: Callable[[Any], Any]
    schema: Callable[[Definitions], Schema]


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def _read_integer(value: Any) -> int:
    if type(value) is not int:
        raise DecodeError("expected an integer")
    if not _LOWEST <= value <= _HIGHEST:
        raise DecodeError("an integer does not fit 64 bits")
    return value


def _read_number(value: Any) -> float:
    if type(value) not in (int, float) or not _LOWEST <= value <= _HIGHEST:
        raise DecodeError("expected a number")
    return float(value)


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise DecodeError("expected text")
    return value


def _read_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise DecodeError("expected true or false")
    return value


def _read_nothing(value: Any) -> None:
    if value is not None:
        raise DecodeError("expected null")


def _read_address(value: Any) -> Address:
    return Address.from_string(_read_text(value))


def _read_maybe_address(value: Any) -> Address | None:
    if value is None or value in ("", _UNDEFINED_ADDRESS):
        return None
    return _read_address(value)


def _read_key(value: Any) -> TipsetKey:
    return chain_json.from_json(TipsetKey, value)


def _read_bitfield(value: Any) -> BitField:
    if not isinstance(value, list) or len(value) > MAX_RUNS:
        raise DecodeError(f"a bitfield in JSON is a list of at most {MAX_RUNS} run lengths")
    lengths = [_read_integer(length) for length in value]
    if any(length < 0 for length in lengths) or 0 in lengths[1:]:
        raise DecodeError("a run of a bitfield has a length, except the first")
    return BitField.from_run_lengths(lengths)


def _write_bitfield(field: BitField, _network: str) -> list[int]:
    return list(field.run_lengths()) or [0]


def _read_time(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(_read_text(value))
    except ValueError as error:
        raise DecodeError("a time in JSON is RFC 3339 text") from error


def _read_uuid(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(_read_text(value))
    except ValueError as error:
        raise DecodeError("expected a UUID") from error


def cid_schema(_definitions: Definitions) -> Schema:
    """Return the schema of a CID."""
    return {"type": "object", "properties": {"/": {"type": "string"}}, "required": ["/"]}


def integer_schema(_definitions: Definitions) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer"}


def _bytes_schema(_definitions: Definitions) -> Schema:
    return {"type": "string", "contentEncoding": "base64"}


def _address_schema(_definitions: Definitions) -> Schema:
    return {"type": "string", "description": "f or t, a digit, and the rest of an address"}


def _signature_schema(definitions: Definitions) -> Schema:
    properties = {"Type": {"type": "integer"}, "Data": or_null(_bytes_schema(definitions))}
    return {"type": "object", "properties": properties, "required": list(properties)}


CID = Codec(
    lambda cid, _: chain_json.cid_to_json(cid),
    chain_json.cid_from_json,
    cid_schema,
)
_ADDRESS = Codec(
    lambda address, network: address.to_string(network), _read_address, _address_schema
)

MAYBE_ADDRESS = Codec(
    lambda address, network: address.to_string(network) if address else _UNDEFINED_ADDRESS,
    _read_maybe_address,
    _address_schema,
)
MaybeAddress = Annotated[Address | None, MAYBE_ADDRESS]
"""An address, or "<empty>" where there is none."""

PLAIN: dict[Any, Codec] = {
    Any: Codec(lambda value, _: value, lambda value: value, lambda _: {}),
    type(None): Codec(lambda _value, _: None, _read_nothing, lambda _: {"type": "null"}),
    bool: Codec(lambda value, _: bool(value), _read_truth, lambda _: {"type": "boolean"}),
    int: Codec(lambda value, _: int(value), _read_integer, integer_schema),
    float: Codec(lambda value, _: float(value), _read_number, lambda _: {"type": "number"}),
    str: Codec(lambda value, _: str(value), _read_text, lambda _: {"type": "string"}),
    bytes: Codec(
        lambda value, _: chain_json.bytes_to_json(value) or "",
        chain_json.bytes_from_json,
        _bytes_schema,
    ),
    Cid: CID,
    Address: _ADDRESS,
    TokenAmount: Codec(
        lambda amount, _: str(int(amount)),
        chain_json.amount_from_json,
        lambda _: {"type": "string", "pattern": "^-?[0-9]+$"},
    ),
    TipsetKey: Codec(
        lambda key, _: chain_json.to_json(key),
        _read_key,
        lambda definitions: {"type": "array", "items": cid_schema(definitions)},
    ),
    BitField: Codec(
        _write_bitfield,
        _read_bitfield,
        lambda _: {"type": "array", "items": {"type": "integer", "minimum": 0}},
    ),
    Signature: Codec(
        lambda signature, _: chain_json.signature_to_json(signature),
        chain_json.signature_from_json,
        _signature_schema,
    ),
    datetime: Codec(
        lambda time, _: time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        _read_time,
        lambda _: {"type": "string", "format": "date-time"},
    ),
    uuid.UUID: Codec(
        lambda value, _: str(value), _read_uuid, lambda _: {"type": "string", "format": "uuid"}
    ),
}
"""The codec of each type that needs no other."""
