"""What a field of a record may be, and the codec each annotation stands for.

`codec_for` turns an annotation into a `Codec` once, when a record class is made: how a value
becomes IPLD data, how it is read back strictly, and how the lenient reader of `lenient` reads it.
Integers say their width (`U64`, `I64`, ...), checked when decoding and when encoding and never on
arithmetic. Lengths are bounded with `Annotated[bytes, Length(32)]` and
`Annotated[tuple[Cid, ...], MaxLength(8192)]`, checked both ways too.

Decoding raises `DecodeError`; encoding raises `TypeError` for a value of another type and
`ValueError` for one out of bounds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, TypeAlias, Union, get_args, get_origin

from papyrus.ipld import lenient
from papyrus.ipld.cid import Cid
from papyrus.ipld.lenient import Reader
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, decode_bigint, encode_bigint
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError

CODEC_ATTRIBUTE = "__cbor_codec__"
"""Where a class keeps its own `Codec`, which `codec_for` then uses."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How one type crosses the wire."""

    to_ipld: Callable[[Any], Any]
    """Give the IPLD data of a value, checking its type and bounds."""

    from_ipld: Callable[[Any], Any]
    """Give the value of strictly decoded IPLD data."""

    read: Reader
    """Read the value from bytes as leniently as the reference does."""


@dataclass(frozen=True, slots=True)
class Width:
    """The width of an integer in bits, and whether it has a sign."""

    bits: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Length:
    """The one length a byte string or array may have."""

    length: int


@dataclass(frozen=True, slots=True)
class MaxLength:
    """The greatest length a byte string, text or array may have."""

    length: int


@dataclass(frozen=True, slots=True)
class VmAddressForm:
    """Marks an address whose numbers may take all 64 bits, as the VM reads it everywhere."""


@dataclass(frozen=True, slots=True)
class BigIntegerForm:
    """Marks an integer that travels as a byte string: a sign byte and the magnitude."""


U8: TypeAlias = Annotated[int, Width(8, signed=False)]
U16: TypeAlias = Annotated[int, Width(16, signed=False)]
U32: TypeAlias = Annotated[int, Width(32, signed=False)]
U64: TypeAlias = Annotated[int, Width(64, signed=False)]
I8: TypeAlias = Annotated[int, Width(8, signed=True)]
I16: TypeAlias = Annotated[int, Width(16, signed=True)]
I32: TypeAlias = Annotated[int, Width(32, signed=True)]
I64: TypeAlias = Annotated[int, Width(64, signed=True)]
BigInt: TypeAlias = Annotated[int, BigIntegerForm()]
VmAddress: TypeAlias = Annotated[Address, VmAddressForm()]
"""An address in state that came in parameters: no node has checked it as it checks messages."""
ActorID: TypeAlias = U64
ChainEpoch: TypeAlias = I64
"""An epoch with its width, for fields; `papyrus.primitives.epochs.ChainEpoch` has none."""
MethodNumber: TypeAlias = U64


def codec_for(annotation: Any) -> Codec:
    """Return the codec of an annotation; raises `TypeError` for one that has no wire form."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return _class_codec(annotation)
    if isinstance(annotation, NewType):
        return codec_for(annotation.__supertype__)
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        if set(arguments) == {str, bytes}:
            return _TEXT_OR_BYTES
        inner = [argument for argument in arguments if argument is not NoneType]
        if len(inner) == 1 and len(arguments) == 2:
            return _optional(codec_for(inner[0]))
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _array(codec_for(arguments[0]))
        return _fixed_array(tuple(codec_for(argument) for argument in arguments))
    if origin is dict and arguments[0] is str:
        return _text_map(codec_for(arguments[1]))
    raise TypeError(_no_wire_form(annotation))


def _class_codec(kind: Any) -> Codec:
    own = kind.__dict__.get(CODEC_ATTRIBUTE)
    if isinstance(own, Codec):
        return own
    known = _SIMPLE.get(kind)
    if known is not None:
        return known
    if kind is int:
        raise TypeError(
            "int has no width: annotate U64, I64, ChainEpoch or another of papyrus.ipld.schema"
        )
    if {"from_bytes", "to_bytes"} <= kind.__dict__.keys():
        return _over_bytes(kind, kind.to_bytes, kind.from_bytes, kind.from_bytes)
    raise TypeError(_no_wire_form(kind))


def _no_wire_form(annotation: Any) -> str:
    return (
        f"{annotation!r} has no wire form: use an integer with a width, bool, str, bytes, Cid, "
        "Address, TokenAmount, BigInt, BitField, tuple[T, ...], dict[str, T], T | None, "
        "str | bytes, a class decorated with cbor_tuple or cbor_transparent, or one with "
        "from_bytes and to_bytes"
    )


def _annotated(base: Any, marks: tuple[Any, ...]) -> Codec:
    codec: Codec | None = None
    for mark in marks:
        if isinstance(mark, Width):
            codec = _integer(mark)
            if isinstance(base, type) and issubclass(base, IntEnum):
                codec = _enumeration(base, codec)
        elif isinstance(mark, BigIntegerForm):
            codec = _over_bytes(int, encode_bigint, decode_bigint, decode_bigint)
        elif isinstance(mark, VmAddressForm):
            codec = _over_bytes(Address, bytes, _vm_address, _vm_address)
    codec = codec or codec_for(base)
    for mark in marks:
        if isinstance(mark, Length):
            codec = _bounded(codec, mark.length, mark.length)
        elif isinstance(mark, MaxLength):
            codec = _bounded(codec, 0, mark.length)
    return codec


def _exact(kind: type, read: Reader) -> Codec:
    def check(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise DecodeError(f"found {type(value).__name__}, expected {kind.__name__}")

    def convert(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise TypeError(f"{value!r} is not of type {kind.__name__}")

    return Codec(convert, check, read)


def _bytes_to_ipld(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if isinstance(value, bytes) and not isinstance(value, Cid):
        return bytes(value)
    raise TypeError(f"{value!r} is not of type bytes")


def _integer(width: Width) -> Codec:
    low = -(1 << (width.bits - 1)) if width.signed else 0
    high = low + (1 << width.bits) - 1
    name = f"{'I' if width.signed else 'U'}{width.bits}"

    def check(value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise DecodeError(f"{value!r} is not {name}")

    def convert(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{value!r} is not an integer")
        if low <= value <= high:
            return int(value)
        raise ValueError(f"{value} does not fit {name}")

    read = lenient.signed(width.bits) if width.signed else lenient.unsigned(width.bits)
    return Codec(convert, check, read)


def _enumeration(kind: type[IntEnum], codec: Codec) -> Codec:
    def member(number: int) -> IntEnum:
        try:
            return kind(number)
        except ValueError as error:
            raise DecodeError(str(error)) from error

    def check(value: Any) -> IntEnum:
        return member(codec.from_ipld(value))

    def read(data: bytes, at: int, depth: int) -> tuple[IntEnum, int]:
        number, end = codec.read(data, at, depth)
        return member(number), end

    return Codec(codec.to_ipld, check, read)


def _over_bytes(
    kind: type,
    to_bytes: Callable[[Any], bytes],
    strict: Callable[[bytes], Any],
    loose: Callable[[bytes], Any],
) -> Codec:
    """Return the codec of a type that travels as a byte string."""

    def check(value: Any) -> Any:
        if type(value) is not bytes:
            raise DecodeError(f"found {type(value).__name__}, expected bytes")
        return strict(value)

    def convert(value: Any) -> bytes:
        if isinstance(value, kind):
            return to_bytes(value)
        raise TypeError(f"{value!r} is not of type {kind.__name__}")

    def read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
        raw, end = lenient.byte_string(data, at, depth)
        return loose(raw), end

    return Codec(convert, check, read)


def _text_or_bytes() -> Codec:
    def check(value: Any) -> str | bytes:
        if type(value) in (str, bytes):
            found: str | bytes = value
            return found
        raise DecodeError(f"found {type(value).__name__}, expected str or bytes")

    def convert(value: Any) -> str | bytes:
        return value if type(value) is str else _bytes_to_ipld(value)

    return Codec(convert, check, lenient.text_or_bytes)


def _optional(inner: Codec) -> Codec:
    def check(value: Any) -> Any:
        return None if value is None else inner.from_ipld(value)

    def convert(value: Any) -> Any:
        return None if value is None else inner.to_ipld(value)

    return Codec(convert, check, lenient.optional(inner.read))


def _array(inner: Codec) -> Codec:
    from_ipld = inner.from_ipld
    to_ipld = inner.to_ipld

    def check(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise DecodeError(f"found {type(value).__name__}, expected an array")
        return tuple(map(from_ipld, value))

    def convert(value: Any) -> list[Any]:
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"{value!r} is not a tuple")
        return list(map(to_ipld, value))

    return Codec(convert, check, lenient.array(inner.read))


def _fixed_array(inner: tuple[Codec, ...]) -> Codec:
    count = len(inner)
    read_items = lenient.fixed_array(tuple(codec.read for codec in inner), count)

    def check(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or len(value) != count:
            raise DecodeError(f"expected an array of {count} items")
        return tuple(codec.from_ipld(item) for codec, item in zip(inner, value, strict=True))

    def convert(value: Any) -> list[Any]:
        if not isinstance(value, tuple) or len(value) != count:
            raise TypeError(f"{value!r} is not a tuple of {count} items")
        return [codec.to_ipld(item) for codec, item in zip(inner, value, strict=True)]

    def read(data: bytes, at: int, depth: int) -> tuple[tuple[Any, ...], int]:
        items, end = read_items(data, at, depth)
        return tuple(items), end

    return Codec(convert, check, read)


def _text_map(inner: Codec) -> Codec:
    def check(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise DecodeError(f"found {type(value).__name__}, expected a map")
        return {key: inner.from_ipld(item) for key, item in value.items()}

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError(f"{value!r} is not a dict")
        return {key: inner.to_ipld(item) for key, item in value.items()}

    return Codec(convert, check, lenient.text_map(inner.read))


def _bounded(codec: Codec, least: int, most: int) -> Codec:
    bound = f"{least}" if least == most else f"at most {most}"

    def check(value: Any) -> Any:
        found = codec.from_ipld(value)
        if least <= len(found) <= most:
            return found
        raise DecodeError(f"length is {len(found)}, expected {bound}")

    def convert(value: Any) -> Any:
        if least <= len(value) <= most:
            return codec.to_ipld(value)
        raise ValueError(f"length is {len(value)}, expected {bound}")

    def read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
        found, end = codec.read(data, at, depth)
        if least <= len(found) <= most:
            return found, end
        raise DecodeError(f"length is {len(found)}, expected {bound}")

    return Codec(convert, check, read)


_TEXT_OR_BYTES = _text_or_bytes()


def _token_amount(raw: bytes) -> TokenAmount:
    return TokenAmount(decode_bigint(raw))


# The same few addresses recur in every state and message, and both forms are immutable.
_chain_address = lru_cache(maxsize=1 << 14)(Address.from_chain_bytes)
_vm_address = lru_cache(maxsize=1 << 14)(Address.from_bytes)

_SIMPLE: dict[type, Codec] = {
    bool: _exact(bool, lenient.boolean),
    str: _exact(str, lenient.text),
    bytes: Codec(_bytes_to_ipld, _exact(bytes, lenient.byte_string).from_ipld, lenient.byte_string),
    Cid: _exact(Cid, lenient.link),
    Address: _over_bytes(Address, bytes, _chain_address, _vm_address),
    TokenAmount: _over_bytes(int, encode_bigint, _token_amount, _token_amount),
    BitField: _over_bytes(BitField, BitField.to_bytes, BitField.from_bytes, BitField.from_bytes),
}
