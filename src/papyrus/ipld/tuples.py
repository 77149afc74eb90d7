"""Records: classes whose wire form is the CBOR array of their fields in order.

Nearly everything on the Filecoin chain is encoded so ("tuple encoding" of cbor-gen and
serde_tuple): field names never travel. A record is written

    @cbor_tuple
    class Ticket(Record):
        proof: bytes

and is a frozen, slotted dataclass whose codec is built from its annotations when the class is
made. `@cbor_transparent` makes a one-field record that travels as its field alone. Fields that a
later upgrade appended are declared with `absent_before`: arrays without them decode, and encoding
always writes them.

There are two readings of bytes. `Reading.STRICT` takes canonical DAG-CBOR and is for what nodes
exchange and store. `Reading.LENIENT` takes exactly what the actors' decoder takes (`lenient`) and
is for parameters and state that actors would read. Writing is always canonical.
"""

from collections.abc import Callable, Iterable
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform, get_type_hints

from papyrus.ipld import dag_cbor, lenient
from papyrus.ipld.schema import CODEC_ATTRIBUTE, Codec, codec_for
from papyrus.primitives.amounts import TooBig
from papyrus.primitives.errors import DecodeError

T = TypeVar("T")
R = TypeVar("R", bound="Record")

_ABSENT_BEFORE = "absent_before"


class Reading(Enum):
    """How strictly bytes are read."""

    STRICT = "strict"
    """Canonical DAG-CBOR only."""

    LENIENT = "lenient"
    """What the actors' own decoder accepts."""


class Record:
    """What every record can do; the decorators fill in how."""

    __slots__ = ()
    __cbor_codec__: ClassVar[Codec]

    def to_cbor(self) -> bytes:
        """Return the canonical encoding.

        Raises `TypeError` for a field of the wrong type, `ValueError` for one out of bounds.
        """
        return dag_cbor.encode(self.__cbor_codec__.to_ipld(self))

    @classmethod
    def from_cbor(cls, data: bytes, *, reading: Reading = Reading.STRICT) -> Self:
        """Return the record that `data` encodes; raises `DecodeError`."""
        codec = cls.__cbor_codec__
        found: Self
        if reading is Reading.LENIENT:
            found = lenient.read_all(codec.read, data)
        else:
            found = codec.from_ipld(dag_cbor.decode(data))
        return found

    def to_ipld(self) -> Any:
        """Return the record as plain IPLD data: a list, or the one field's data."""
        return self.__cbor_codec__.to_ipld(self)

    @classmethod
    def from_ipld(cls, value: Any) -> Self:
        """Return the record that decoded IPLD data stands for; raises `DecodeError`."""
        found: Self = cls.__cbor_codec__.from_ipld(value)
        return found


def absent_before(reason: str, default: T) -> T:
    """Declare a trailing field that encodings made before `reason` (a FIP) lack.

    It then has the default; a caller who builds the record may leave it out too.
    """
    late: T = field(default=default, metadata={_ABSENT_BEFORE: reason})
    return late


@dataclass_transform(frozen_default=True, field_specifiers=(absent_before,))
def cbor_tuple(cls: type[R]) -> type[R]:
    """Make a class a frozen, slotted record that travels as the array of its fields."""
    record, members, codecs = _record(cls)
    setattr(record, CODEC_ATTRIBUTE, _tuple_codec(record, members, codecs))
    return record


@dataclass_transform(frozen_default=True)
def cbor_transparent(cls: type[R]) -> type[R]:
    """Make a class of one field a frozen, slotted record that travels as that field alone."""
    record, members, codecs = _record(cls)
    if len(members) != 1:
        raise TypeError(f"{cls.__name__} has {len(members)} fields; a transparent record has one")
    setattr(record, CODEC_ATTRIBUTE, _transparent_codec(record, members[0].name, codecs[0]))
    return record


def _record(cls: type[R]) -> tuple[type[R], tuple[Field[Any], ...], tuple[Codec, ...]]:
    if not issubclass(cls, Record):
        raise TypeError(
            f"{cls.__name__} must derive from papyrus.ipld.tuples.Record, which is where type "
            f"checkers find to_cbor and from_cbor: write class {cls.__name__}(Record)"
        )
    record = dataclass(frozen=True, slots=True)(cls)
    members = fields(record)  # type: ignore[arg-type]  # a dataclass since the line above
    hints = get_type_hints(record, include_extras=True)
    codecs = []
    for member in members:
        try:
            codecs.append(codec_for(hints[member.name]))
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.{member.name}: {error}") from error
    return record, members, tuple(codecs)


def _required(name: str, members: tuple[Field[Any], ...]) -> int:
    """Return how many leading fields every encoding has."""
    late = [_ABSENT_BEFORE in member.metadata for member in members]
    required = late.index(True) if True in late else len(late)
    if not all(late[required:]):
        raise TypeError(f"{name}: a field that is always present follows one that may be absent")
    return required


def _tuple_codec(
    record: type[R], members: tuple[Field[Any], ...], codecs: tuple[Codec, ...]
) -> Codec:
    name = record.__name__
    build: Callable[..., R] = record
    count = len(members)
    required = _required(name, members)
    names = tuple(member.name for member in members)
    from_ipld = tuple(codec.from_ipld for codec in codecs)
    to_ipld = tuple(codec.to_ipld for codec in codecs)
    values = _getter(names)
    read_items = lenient.fixed_array(tuple(codec.read for codec in codecs), required)

    def check(value: Any) -> R:
        if type(value) is not list or not required <= len(value) <= count:
            raise DecodeError(f"{name}: expected an array of {count} items")
        try:
            return build(*[decode(item) for decode, item in zip(from_ipld, value, strict=False)])
        except DecodeError as error:
            raise _named(name, names, from_ipld, value, error) from error

    def convert(value: Any) -> list[Any]:
        if type(value) is not record:
            raise TypeError(f"{value!r} is not of type {name}")
        try:
            return [encode(item) for encode, item in zip(to_ipld, values(value), strict=True)]
        except (TypeError, ValueError) as error:
            raise _named(name, names, to_ipld, values(value), error) from error

    def read(data: bytes, at: int, depth: int) -> tuple[R, int]:
        items, end = read_items(data, at, depth)
        return build(*items), end

    return Codec(convert, check, read)


def _transparent_codec(record: type[R], name: str, inner: Codec) -> Codec:
    build: Callable[..., R] = record
    value_of = attrgetter(name)

    def check(value: Any) -> R:
        try:
            return build(inner.from_ipld(value))
        except DecodeError as error:
            raise DecodeError(f"{record.__name__}: {error}") from error

    def convert(value: Any) -> Any:
        if type(value) is not record:
            raise TypeError(f"{value!r} is not of type {record.__name__}")
        return inner.to_ipld(value_of(value))

    def read(data: bytes, at: int, depth: int) -> tuple[R, int]:
        found, end = inner.read(data, at, depth)
        return build(found), end

    return Codec(convert, check, read)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that gives the fields of a record in order."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _named(
    record: str,
    names: tuple[str, ...],
    steps: tuple[Callable[[Any], Any], ...],
    items: Iterable[Any],
    error: Exception,
) -> Exception:
    """Return `error` with the name of the field that raises it in front of its message."""
    kinds = (DecodeError, TypeError, TooBig, ValueError)
    kind = next(kind for kind in kinds if isinstance(error, kind))
    for name, step, item in zip(names, steps, items, strict=False):
        try:
            step(item)
        except kind:
            return kind(f"{record}.{name}: {error}")
    # Of the fields alone none is at fault: the record's own construction refused them together.
    return error
