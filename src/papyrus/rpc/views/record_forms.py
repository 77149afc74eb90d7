"""Actors' records as Lotus' JSON, and back, by the annotations of their fields.

The forms are those of Go's encoder over go-state-types: big integers are decimal text, bytes
base64, a bitfield its run lengths, an empty list or byte string null, a byte array of fixed length
a list of numbers where `Numbers` marks it. Reading takes what Go would take: keys in any case,
unknown ones ignored, absent ones zero where the type has a zero. It raises DecodeError alone.

Quirk: a deal's label that is not text is written as "", as Lotus writes it.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from papyrus.actors.common.signatures import GivenSignature
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import BigIntegerForm
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.json_values import PLAIN
from papyrus.rpc.views.go_names import UNWRAPPED, go_name
from papyrus.types import json as chain_json

_MOST_BYTE = 255


class _Absent:
    """Stands for a type that has no zero."""


_NO_ZERO = _Absent()


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type cross: to JSON with a network letter, and back."""

    write: Callable[[Any, str], Any]
    read: Callable[[Any], Any]
    zero: Any = _NO_ZERO
    """What an absent member is read as."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Marks bytes that Go holds in an array, and writes number by number."""

    length: int


@cache
def form_of(kind: Any) -> Form:
    """Return the form of an annotation; TypeError for one that has none."""
    if isinstance(kind, NewType):
        return form_of(kind.__supertype__)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is tuple:
        if arguments[1:] == (...,):
            return _list(form_of(arguments[0]))
        return _fixed(tuple(map(form_of, arguments)))
    if origin is dict and arguments[0] is str:
        return _mapping(form_of(arguments[1]))
    if isinstance(kind, type) and issubclass(kind, Record):
        return _unwrapped(kind) if kind in UNWRAPPED else _record(kind)
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        return _choice(kind)
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    raise TypeError(f"{kind} has no JSON form")


def _annotated(base: Any, marks: tuple[Any, ...]) -> Form:
    for mark in marks:
        if isinstance(mark, Numbers):
            return _numbers(mark.length)
        if isinstance(mark, BigIntegerForm):
            return _SIMPLE[TokenAmount]
    return form_of(base)


def _union(arguments: tuple[Any, ...]) -> Form:
    if set(arguments) == {str, bytes}:
        return _LABEL
    (inner,) = (argument for argument in arguments if argument is not types.NoneType)
    form = form_of(inner)
    return Form(
        lambda value, network: None if value is None else form.write(value, network),
        lambda value: None if value is None else form.read(value),
        None,
    )


def _list(form: Form) -> Form:
    return Form(
        lambda value, network: [form.write(item, network) for item in value] or None,
        lambda value: tuple(map(form.read, _items(value))),
        (),
    )


def _fixed(forms: tuple[Form, ...]) -> Form:
    def read(value: Any) -> Any:
        items = _items(value)
        if len(items) != len(forms):
            raise DecodeError(f"expected a list of {len(forms)} items")
        return tuple(form.read(item) for form, item in zip(forms, items, strict=True))

    return Form(
        lambda value, network: [
            form.write(item, network) for form, item in zip(forms, value, strict=True)
        ],
        read,
    )


def _mapping(form: Form) -> Form:
    return Form(
        lambda value, network: {key: form.write(item, network) for key, item in value.items()},
        lambda value: {key: form.read(item) for key, item in _object(value).items()},
    )


def _numbers(length: int) -> Form:
    def read(value: Any) -> bytes:
        items = [_read_integer(item) for item in _items(value)]
        if len(items) != length or not all(0 <= item <= _MOST_BYTE for item in items):
            raise DecodeError(f"expected a list of {length} bytes as numbers")
        return bytes(items)

    return Form(lambda value, _: list(value), read, bytes(length))


def _choice(kind: type[IntEnum]) -> Form:
    def read(value: Any) -> IntEnum:
        try:
            return kind(_read_integer(value))
        except ValueError as error:
            raise DecodeError(str(error)) from error

    return Form(lambda value, _: int(value), read, next(iter(kind)))


def _unwrapped(record: Any) -> Form:
    ((name, _, form),) = _members(record)
    return Form(
        lambda value, network: form.write(getattr(value, name), network),
        lambda value: record(form.read(value)),
        form.zero if form.zero is _NO_ZERO else record(form.zero),
    )


def _record(record: Any) -> Form:
    def write(value: Any, network: str) -> Any:
        return {
            key: form.write(getattr(value, name), network) for name, key, form in _members(record)
        }

    def read(value: Any) -> Any:
        given = {key.casefold(): item for key, item in _object(value).items()}
        return record(
            **{
                name: _read_member(key, form, given.get(key.casefold(), _NO_ZERO))
                for name, key, form in _members(record)
            }
        )

    return Form(write, read)


@cache
def _members(record: Any) -> tuple[tuple[str, str, Form], ...]:
    """Return (attribute, key, form) of each field."""
    hints = typing.get_type_hints(record, include_extras=True)
    return tuple(
        (field.name, go_name(record, field.name), form_of(hints[field.name]))
        for field in fields(record)
    )


def _read_member(key: str, form: Form, value: Any) -> Any:
    if value is _NO_ZERO:
        if form.zero is _NO_ZERO:
            raise DecodeError(f"expected an object with a field {key!r}")
        return form.zero
    try:
        return form.read(value)
    except DecodeError as error:
        raise DecodeError(f"{key}: {error}") from error


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DecodeError("expected an object")
    return value


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise DecodeError("expected a list or null")
    return value


def _read_integer(value: Any) -> int:
    found: int = PLAIN[int].read(value)
    return found


def _read_signature(value: Any) -> GivenSignature:
    given = {key.casefold(): item for key, item in _object(value).items()}
    kind = _read_integer(given.get("type", 0))
    if not 0 <= kind <= _MOST_BYTE:
        raise DecodeError(f"unknown signature type {kind}")
    return GivenSignature.from_bytes(bytes((kind,)) + chain_json.bytes_from_json(given.get("data")))


_LABEL = Form(
    lambda value, _: value if isinstance(value, str) else "",
    PLAIN[str].read,
    "",
)

_SIMPLE: dict[Any, Form] = {
    bool: Form(PLAIN[bool].write, PLAIN[bool].read, False),
    int: Form(PLAIN[int].write, PLAIN[int].read, 0),
    str: Form(PLAIN[str].write, PLAIN[str].read, ""),
    bytes: Form(lambda value, _: chain_json.bytes_to_json(value), chain_json.bytes_from_json, b""),
    Cid: Form(PLAIN[Cid].write, PLAIN[Cid].read),
    Address: Form(PLAIN[Address].write, PLAIN[Address].read),
    TokenAmount: Form(PLAIN[TokenAmount].write, PLAIN[TokenAmount].read, ZERO),
    BitField: Form(PLAIN[BitField].write, PLAIN[BitField].read),
    GivenSignature: Form(
        lambda value, _: {"Type": int(value.type), "Data": chain_json.bytes_to_json(value.data)},
        _read_signature,
    ),
}
