"""The codec of every annotation a method may carry, made from those of single values.

Lists, tuples, maps of text, optional values, enumerations, the records of the chain as in
`papyrus.types.json`, and dataclasses: an object whose keys are its fields' names as Go would
spell them (`BlockDelay`), or as `Named` says. Unknown keys are ignored, as Go ignores them, and
an absent one takes its field's default. `Annotated[T, codec]` gives a value a form of its own.

Reading raises DecodeError alone, and says where: "Message: Value: an amount in JSON is decimal
text".

Surprising: an empty list is written as [], where Lotus writes null for some methods. Both mean
the same to Go, and only [] is a list to everyone else.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum, IntEnum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from papyrus.ipld.schema import Width
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.json_values import (
    CID,
    PLAIN,
    Codec,
    Definitions,
    Schema,
    cid_schema,
    integer_schema,
    or_null,
)
from papyrus.types import json as chain_json
from papyrus.types.event import ActorEvent, StampedEvent
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """Marks a dataclass field whose key in JSON is not its own name in Go's spelling.

    As in `sealed_cid: Annotated[Cid, Named("SealedCID")]`.
    """

    name: str


@cache
def codec_of(annotation: Any) -> Codec:
    """Return the codec of an annotation; TypeError for one that has no JSON form."""
    if annotation is None:
        annotation = type(None)
    plain = PLAIN.get(annotation)
    if plain is not None:
        return plain
    if hasattr(annotation, "__supertype__"):
        return codec_of(annotation.__supertype__)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _marked(arguments[1:]) or codec_of(arguments[0])
    if origin in (Union, types.UnionType) and type(None) in arguments:
        rest = tuple(argument for argument in arguments if argument is not type(None))
        return _optional(codec_of(Union[rest]))  # noqa: UP007 - the members are not known here
    if origin is list or (origin is tuple and arguments[1:] == (...,)):
        return _list(codec_of(arguments[0]), origin)
    if origin is dict and arguments[0] is str:
        return _mapping(codec_of(arguments[1]))
    if isinstance(annotation, type):
        return _class(annotation)
    raise TypeError(f"{annotation} has no JSON form")


@cache
def is_long(annotation: Any) -> bool:
    """Return whether a value may be of any length: a list, a map, anything, or what holds one.

    The records of the chain are not, since the protocol bounds them.
    """
    if annotation is Any:
        return True
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (list, tuple, dict):
        return True
    if origin is Annotated:
        return is_long(arguments[0])
    if origin in (Union, types.UnionType):
        return any(map(is_long, arguments))
    if annotation in PLAIN or not dataclasses.is_dataclass(annotation):
        return False
    if isinstance(annotation, type) and _is_of_the_chain(annotation):
        return False
    # A record that holds records of its own kind has them in a list.
    return any(is_long(hint) for hint in typing.get_type_hints(annotation).values())


def _is_of_the_chain(cls: type) -> bool:
    return bool(chain_json.json_fields(cls)) or cls in (Tipset, StampedEvent)


def _marked(marks: tuple[Any, ...]) -> Codec | None:
    for mark in marks:
        if isinstance(mark, Codec):
            return mark
        if isinstance(mark, Width):
            return _sized(mark)
    return None


def _sized(width: Width) -> Codec:
    """Return the codec of an integer that has a width: others are refused, as Go refuses them."""
    lowest = -(1 << (width.bits - 1)) if width.signed else 0
    highest = (1 << (width.bits - width.signed)) - 1
    kind = f"{'a signed' if width.signed else 'an unsigned'} number of {width.bits} bits"

    def read(value: Any) -> int:
        if type(value) is not int:
            raise DecodeError("expected an integer")
        if not lowest <= value <= highest:
            raise DecodeError(f"expected {kind}")
        return value

    def schema(_definitions: Definitions) -> Schema:
        return {"type": "integer"} if width.signed else {"type": "integer", "minimum": 0}

    return Codec(lambda value, _: int(value), read, schema)


def _class(cls: type) -> Codec:
    if issubclass(cls, Enum):
        return _choice(cls)
    if _is_of_the_chain(cls):
        return _chain_record(cls)
    if dataclasses.is_dataclass(cls):
        return _record(cls)
    raise TypeError(f"{cls.__name__} has no JSON form")


def _optional(codec: Codec) -> Codec:
    def schema(definitions: Definitions) -> Schema:
        return {"anyOf": [codec.schema(definitions), {"type": "null"}]}

    return Codec(
        lambda value, network: None if value is None else codec.write(value, network),
        lambda value: None if value is None else codec.read(value),
        schema,
    )


def _list(codec: Codec, origin: type) -> Codec:
    def read(value: Any) -> Any:
        if value is None:
            return origin()
        if not isinstance(value, list):
            raise DecodeError("expected a list or null")
        return origin(_read_item(codec, index, item) for index, item in enumerate(value))

    return Codec(
        lambda value, network: [codec.write(item, network) for item in value],
        read,
        lambda definitions: {"type": "array", "items": codec.schema(definitions)},
    )


def _read_item(codec: Codec, index: int, item: Any) -> Any:
    try:
        return codec.read(item)
    except DecodeError as error:
        raise DecodeError(f"item {index}: {error}") from error


def _mapping(codec: Codec) -> Codec:
    def read(value: Any) -> Any:
        return {key: codec.read(item) for key, item in _object(value).items()}

    return Codec(
        lambda value, network: {key: codec.write(item, network) for key, item in value.items()},
        read,
        lambda definitions: {"type": "object", "additionalProperties": codec.schema(definitions)},
    )


def _choice(cls: type[Enum]) -> Codec:
    kind = "integer" if issubclass(cls, IntEnum) else "string"
    values = [member.value for member in cls]

    def read(value: Any) -> Any:
        if type(value) in (int, str) and value in values:
            return cls(value)
        raise DecodeError(f"expected one of {', '.join(map(str, values))}")

    return Codec(lambda value, _: value.value, read, lambda _: {"type": kind, "enum": list(values)})


def _chain_record(cls: type) -> Codec:
    def read(value: Any) -> Any:
        return chain_json.from_json(cls, _completed(cls, value))

    def schema(definitions: Definitions) -> Schema:
        if cls.__name__ not in definitions:
            definitions[cls.__name__] = {}  # a record within itself finds its name taken
            definitions[cls.__name__] = _chain_schema(cls, definitions)
        return _reference(cls)

    return Codec(chain_json.to_json, read, schema)


def _chain_schema(cls: type, definitions: Definitions) -> Schema:
    if cls is Tipset:
        blocks = codec_of(typing.get_type_hints(Tipset)["blocks"])
        properties = {
            "Cids": _list(CID, list).schema(definitions),
            "Blocks": blocks.schema(definitions),
            "Height": integer_schema(definitions),
        }
    elif cls is StampedEvent:
        entries = codec_of(typing.get_type_hints(ActorEvent)["entries"])
        properties = {
            "Emitter": integer_schema(definitions),
            "Entries": or_null(entries.schema(definitions)),
        }
    else:
        hints = typing.get_type_hints(cls)
        properties = {
            name: _written_schema(hints[attribute], definitions)
            for name, attribute in chain_json.json_fields(cls)
        }
        if cls in (Message, SignedMessage):
            properties["CID"] = cid_schema(definitions)
    return {"type": "object", "properties": properties}


def _written_schema(hint: Any, definitions: Definitions) -> Schema:
    """Return the schema of a record's field, where no bytes and no items are null."""
    schema = codec_of(hint).schema(definitions)
    empty_is_null = hint is bytes or get_origin(hint) is tuple
    return or_null(schema) if empty_is_null else schema


def _completed(cls: type, value: Any) -> Any:
    """Return a message with what Go would take for absent members; anything else as it is."""
    if cls is Message and isinstance(value, Mapping):
        return {**_ABSENT_IN_MESSAGE, **value}
    if cls is SignedMessage and isinstance(value, Mapping) and "Message" in value:
        return {**value, "Message": _completed(Message, value["Message"])}
    return value


_ABSENT_IN_MESSAGE: Mapping[str, Any] = {
    "Version": 0,
    "Nonce": 0,
    "Value": "0",
    "GasLimit": 0,
    "GasFeeCap": "0",
    "GasPremium": "0",
    "Method": 0,
    "Params": None,
}


def _record(cls: type) -> Codec:
    def write(value: Any, network: str) -> Any:
        return {
            name: codec.write(getattr(value, field.name), network)
            for name, field, codec in _fields(cls)
        }

    def read(value: Any) -> Any:
        given = _object(value)
        found = {}
        for name, field, codec in _fields(cls):
            if name in given:
                found[field.name] = _read_member(name, codec, given[name])
            elif _is_required(field):
                found[field.name] = _absent(name, codec)
        return cls(**found)

    def schema(definitions: Definitions) -> Schema:
        if cls.__name__ not in definitions:
            definitions[cls.__name__] = {}  # a record within itself finds its name taken
            fields = _fields(cls)
            definitions[cls.__name__] = {
                "type": "object",
                "properties": {name: codec.schema(definitions) for name, _, codec in fields},
                "required": [name for name, field, _ in fields if _is_required(field)],
            }
        return _reference(cls)

    return Codec(write, read, schema)


def _absent(name: str, codec: Codec) -> Any:
    """Return what null would be read as, for Go leaves out what is empty and may be."""
    try:
        return codec.read(None)
    except DecodeError as error:
        raise DecodeError(f"expected an object with a field {name!r}") from error


def _read_member(name: str, codec: Codec, value: Any) -> Any:
    try:
        return codec.read(value)
    except DecodeError as error:
        raise DecodeError(f"{name}: {error}") from error


def _reference(cls: type) -> Schema:
    return {"$ref": f"#/components/schemas/{cls.__name__}"}


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


@cache
def _fields(cls: type) -> tuple[tuple[str, "dataclasses.Field[Any]", Codec], ...]:
    """Return (name in JSON, field, codec) of each field of a dataclass."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(
        (_name_in_json(field, hints[field.name]), field, codec_of(hints[field.name]))
        for field in dataclasses.fields(cls)
    )


def _name_in_json(field: "dataclasses.Field[Any]", hint: Any) -> str:
    if get_origin(hint) is Annotated:
        for mark in get_args(hint)[1:]:
            if isinstance(mark, Named):
                return mark.name
    name: str | None = field.metadata.get("json")
    return name or "".join(map(str.capitalize, field.name.split("_")))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DecodeError("expected an object")
    return value
