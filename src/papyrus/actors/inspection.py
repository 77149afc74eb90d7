"""An actor's state for people: JSON with field names, its links followed as far as asked.

Records say by their annotations what every field is and what every root points at, so that any
state can be shown, and a path of names and keys leads to any part of it:

    claims.f01000.raw_power        deadlines.3.partitions.0.expirations

Amounts are decimal text, byte strings hexadecimal, bit fields runs such as "0-4, 9", and a root
that is not followed is an object with one key "/", as everywhere in Filecoin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from papyrus.actors.common.collections import ArrayShape, KeyForm, MapShape, RecordShape, SetShape
from papyrus.actors.common.nested_collections import MapOfMapsShape, MultimapShape, SetMultimapShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import BigIntegerForm
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError

Shape = RecordShape[Any] | MapShape[Any, Any] | ArrayShape[Any] | SetShape[Any]
"""What a root may point at; of nested collections it is the map of the inner roots."""

_SHAPES = (RecordShape, MapShape, ArrayShape, SetShape)
_NESTED = (MapOfMapsShape, SetMultimapShape, MultimapShape)


@dataclass(frozen=True, slots=True)
class View:
    """A part of a state: a value, and what its annotation says of it."""

    kind: Any
    value: Any


def state_view(kind: type[Record], root: Cid, store: Blockstore) -> View:
    """Return the whole state of an actor; DecodeError where it is not of that kind."""
    return View(kind, RecordShape(kind).load(store, root))


def shape_of(kind: Any) -> Shape | None:
    """Return what a root of this annotation points at, or None where it does not say."""
    if get_origin(kind) is Annotated:
        for mark in get_args(kind)[1:]:
            if isinstance(mark, _NESTED):
                return mark.roots
            if isinstance(mark, _SHAPES):
                return mark
    return None


def root_shape(view: View) -> Shape | None:
    """Return what a view's value points at, or None where it is no root."""
    return shape_of(_plain(view.kind)) if isinstance(view.value, Cid) else None


def members(record: Record) -> Iterator[tuple[str, View]]:
    """Yield the fields of a record by name."""
    hints = get_type_hints(type(record), include_extras=True)
    # Where the shape of a root depends on another field, the record tells it itself.
    own: dict[str, Shape] = getattr(record, "shapes", {})
    for field in fields(record):  # type: ignore[arg-type]  # every record is a dataclass
        shape = own.get(field.name)
        kind = hints[field.name] if shape is None else Annotated[Cid, shape]
        yield field.name, View(kind, getattr(record, field.name))


def entries(shape: Shape, root: Cid, store: Blockstore) -> Iterator[tuple[Any, View]]:
    """Yield what a root points at: the fields of a record, or keys and values."""
    match shape:
        case RecordShape():
            yield from members(shape.load(store, root))
        case SetShape():
            for member in shape.open(store, root):
                yield member, View(bool, True)
        case MapShape() | ArrayShape():
            for key, value in shape.open(store, root).items():
                yield key, View(shape.values, value)


def select(view: View, path: Sequence[str], store: Blockstore) -> View:
    """Return the part of a view that a path leads to; LookupError says where it ends."""
    for place, step in enumerate(path):
        found = _step(view, step, store)
        if found is None:
            walked = ".".join(path[:place]) or "the state"
            raise LookupError(f"{walked} has no {step!r}{_choices(view, store)}")
        view = found
    return view


def to_json(view: View, store: Blockstore, *, depth: int = 0, limit: int | None = None) -> Any:
    """Return a view as JSON, following links so many levels down.

    Of each collection at most `limit` entries are shown, and then a key "..." that says so.
    """
    kind, value = view.kind, view.value
    if value is None:
        return None
    if isinstance(value, Record):
        return {
            name: to_json(part, store, depth=depth, limit=limit) for name, part in members(value)
        }
    if isinstance(value, (tuple, list)):
        return [
            to_json(View(_item_kind(kind), item), store, depth=depth, limit=limit) for item in value
        ]
    shape = root_shape(view)
    if shape is None or depth <= 0:
        return _scalar(kind, value)
    shown = {}
    for number, (key, part) in enumerate(entries(shape, value, store)):
        if number == limit:
            shown["..."] = f"more than {limit}"
            break
        shown[show_key(key)] = to_json(part, store, depth=depth - 1, limit=limit)
    return shown


def show_key(key: Any) -> str:
    """Return a key of a collection as it is written in paths and JSON."""
    if isinstance(key, tuple):
        return ",".join(map(show_key, key))
    if isinstance(key, bytes) and not isinstance(key, (Address, Cid)):
        return key.hex()
    return str(key)


def _step(view: View, step: str, store: Blockstore) -> View | None:
    value = view.value
    if isinstance(value, Record):
        return dict(members(value)).get(step)
    if isinstance(value, (tuple, list)):
        inside = step.isdecimal() and int(step) < len(value)
        return View(_item_kind(view.kind), value[int(step)]) if inside else None
    shape = root_shape(view)
    return None if shape is None else _lookup(shape, value, step, store)


def _lookup(shape: Shape, root: Cid, step: str, store: Blockstore) -> View | None:
    """Return what stands at one key behind a root, reading only the way there."""
    value: Any
    try:
        match shape:
            case RecordShape():
                return dict(members(shape.load(store, root))).get(step)
            case SetShape():
                inside = _parsed(shape.members, step) in shape.open(store, root)
                return View(bool, True) if inside else None
            case MapShape():
                value = shape.open(store, root).get(_parsed(shape.keys, step))
            case ArrayShape():
                value = shape.open(store, root).get(int(step))
    except (ValueError, IndexError):
        return None
    return None if value is None else View(shape.values, value)


def _parsed(form: KeyForm[Any], step: str) -> Any:
    """Return the key that a step of a path stands for; ValueError where it is none."""
    try:
        return form.parse(step)
    except DecodeError as error:
        raise ValueError(str(error)) from error


def _choices(view: View, store: Blockstore) -> str:
    """Return a hint at what a path may go on with."""
    if isinstance(view.value, Record):
        return f": it has {', '.join(name for name, _ in members(view.value))}"
    shape = root_shape(view)
    if shape is None:
        return ""
    keys = [show_key(key) for key, _ in islice(entries(shape, view.value, store), 5)]
    return f": it begins with {', '.join(keys)}" if keys else ": it is empty"


def _plain(kind: Any) -> Any:
    """Return an annotation without the None it may also be."""
    if get_origin(kind) in (Union, UnionType):
        return next(argument for argument in get_args(kind) if argument is not NoneType)
    return kind


def _item_kind(kind: Any) -> Any:
    arguments = get_args(_plain(kind))
    if get_origin(_plain(kind)) is Annotated:
        arguments = get_args(arguments[0])
    return arguments[0] if arguments else None


def _scalar(kind: Any, value: Any) -> Any:
    if isinstance(value, Cid):
        return {"/": str(value)}
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, BitField):
        return runs_text(value)
    if isinstance(value, (TokenAmount, bool)):
        return value if isinstance(value, bool) else str(value)
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, int) and _is_big(kind):
        return str(value)
    return value


def runs_text(bits: BitField) -> str:
    """Return the members of a bit field as runs, for instance "0-4, 9"."""
    return ", ".join(
        str(start) if end == start + 1 else f"{start}-{end - 1}" for start, end in bits.runs()
    )


def _is_big(kind: Any) -> bool:
    return any(isinstance(mark, BigIntegerForm) for mark in get_args(_plain(kind))[1:])
