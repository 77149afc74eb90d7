"""DAG-CBOR, strictly: one value, one encoding.

The IPLD DAG-CBOR specification (a subset of RFC 8949) as Filecoin uses it: integers, byte and
text strings, arrays, maps with text keys, true, false, null, and links (tag 42 over a byte
string of 0x00 and a binary CID). Lengths and integers are minimal and definite, map keys are
unique and in length-first byte order, and nothing follows the value. Floats do not occur in
Filecoin and are refused both ways.

Values in Python: None, bool, int (-2**64 to 2**64 - 1), bytes, str, list, dict with str keys,
Cid. Encoding also takes tuples, and subclasses of int, bytes and str; a `Cid` becomes a link and
any other bytes a byte string.

Decoding is cbor2's, which knows more than DAG-CBOR allows; so what it finds must encode to the
very bytes it was found in. Encoding loops with a stack of its own rather than recursing, so that
nesting meets `MAX_DEPTH` and not the interpreter's limit.

Text that is not UTF-8 is refused, except on request: labels of deals made before nv16 may hold
any bytes as text. With `lenient_text` such bytes become lone surrogates (PEP 383), and encoding
with `lenient_text` gives them back exactly.

Surprising: the block before Filecoin's genesis, which every genesis block names as its parent
(bafyreiaqpwbbyjo4a42saasj36kkrpv4tsherf2e7bvezkert2a7dhonoi), has its map keys in another order
and so is refused. It is not state, and `papyrus.ipld.links.cids_in` walks it.
"""

from collections.abc import Iterator
from typing import Any

import cbor2

from papyrus.ipld.cid import CHAIN_LENGTH, Cid
from papyrus.primitives.errors import DecodeError

MAX_DEPTH = 256
"""Arrays and maps inside one another, at most: the limit of the reference actors' decoder."""

LINK_TAG = 42
"""The one tag of DAG-CBOR."""

_SEARCH_DEPTH = MAX_DEPTH + 8
"""How deep cbor2 may go: far enough for the check on the way back to tell what is too deep."""

_LINK_HEAD = b"\xd8\x2a\x58\x27\x00"
_HEADS = tuple(bytes([first]) for first in range(256))


def decode(data: bytes, *, lenient_text: bool = False) -> Any:
    """Return the value that `data` is the canonical encoding of.

    Raises `DecodeError` on anything else.
    """
    try:
        value = cbor2.loads(
            data,
            tag_hook=_link,
            semantic_decoders=_FOREIGN_TAGS,
            str_errors="surrogateescape" if lenient_text else "strict",
            max_depth=_SEARCH_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
        canonical = encode(value, lenient_text=lenient_text)
    except cbor2.CBORDecodeError as error:
        raise DecodeError(f"not CBOR: {error.__cause__ or error}") from error
    except (TypeError, ValueError) as error:
        raise DecodeError(f"not DAG-CBOR: {error}") from error
    if canonical != data:
        raise DecodeError(_first_difference(canonical, data))
    return value


def encode(  # noqa: C901, PLR0912, PLR0915 - one loop, for a call per item would double its time
    value: Any, *, lenient_text: bool = False
) -> bytes:
    """Return the canonical encoding of `value`.

    Raises `TypeError` for a type outside the data model (floats among them) and `ValueError` for
    an integer beyond 64 bits, text that is not Unicode, or nesting beyond `MAX_DEPTH`.
    """
    out: list[bytes] = []
    emit = out.append
    heads = _HEADS
    text_errors = "surrogateescape" if lenient_text else "strict"
    stack: list[Iterator[Any]] = []
    items: Iterator[Any] = iter((value,))
    while True:
        for item in items:
            kind = type(item)
            if kind is int:
                if 0 <= item < 24:
                    emit(heads[item])
                else:
                    emit(_integer(item))
            elif kind is bytes:
                length = len(item)
                emit(heads[0x40 | length] if length < 24 else _head(0x40, length))
                emit(item)
            elif kind is Cid:
                if len(item) == CHAIN_LENGTH:
                    emit(_LINK_HEAD)
                else:
                    emit(b"\xd8\x2a" + _head(0x40, len(item) + 1) + b"\x00")
                emit(item)
            elif kind is list or kind is tuple:
                length = len(item)
                emit(heads[0x80 | length] if length < 24 else _head(0x80, length))
                if length:
                    if len(stack) >= MAX_DEPTH:
                        raise ValueError(f"nested deeper than {MAX_DEPTH}")
                    stack.append(items)
                    items = iter(item)
                    break
            elif item is None:
                emit(b"\xf6")
            elif item is True:
                emit(b"\xf5")
            elif item is False:
                emit(b"\xf4")
            elif kind is str:
                raw = item.encode("utf-8", text_errors)
                emit(_head(0x60, len(raw)))
                emit(raw)
            elif kind is dict:
                emit(_head(0xA0, len(item)))
                if len(stack) >= MAX_DEPTH:
                    raise ValueError(f"nested deeper than {MAX_DEPTH}")
                stack.append(items)
                items = _sorted_entries(item, text_errors)
                break
            else:
                stack.append(items)
                items = iter((_plain(item),))
                break
        else:
            if not stack:
                return b"".join(out)
            items = stack.pop()


def _first_difference(canonical: bytes, data: bytes) -> str:
    if data.startswith(canonical):
        return f"{len(data) - len(canonical)} trailing bytes"
    at = next(
        (at for at, (one, other) in enumerate(zip(canonical, data, strict=False)) if one != other),
        len(data),
    )
    return f"not canonical at byte {at}: a form that is not minimal, or keys out of order"


def _link(tag: cbor2.CBORTag, _immutable: bool) -> Cid:
    value = tag.value
    if tag.tag != LINK_TAG:
        raise DecodeError(f"tag {tag.tag}, where only {LINK_TAG} may be")
    if type(value) is not bytes or value[:1] != b"\x00":
        raise DecodeError("a link is not over bytes that begin with 0x00")
    return Cid.from_bytes(value[1:])


def _no_meaning(_value: Any, _immutable: bool) -> Any:
    raise DecodeError(f"a tag other than {LINK_TAG}")


_FOREIGN_TAGS = dict.fromkeys(
    (*range(LINK_TAG), *range(LINK_TAG + 1, 64), 100, 256, 258, 260, 261, 1004, 43000, 55799),
    _no_meaning,
)
"""Tags of which cbor2 would make something by itself: dates, shared values, patterns and more."""


def _sorted_entries(mapping: dict[Any, Any], text_errors: str) -> Iterator[Any]:
    places: list[tuple[int, bytes, Any]] = []
    for key in mapping:
        if not isinstance(key, str):
            raise TypeError(f"map key {key!r} is not text")
        raw = key.encode("utf-8", text_errors)
        places.append((len(raw), raw, key))
    places.sort(key=lambda place: place[:2])
    for _, _, key in places:
        yield key
        yield mapping[key]


def _plain(item: Any) -> Any:
    """Return a value of a subclass as a value of its base type."""
    if isinstance(item, Cid):
        return Cid(item)
    if isinstance(item, bytes):
        return bytes(item)
    if isinstance(item, int):
        return int(item)
    if isinstance(item, str):
        return str.__str__(item)
    raise TypeError(f"{type(item).__name__} has no DAG-CBOR encoding")


def _integer(value: int) -> bytes:
    return _head(0x00, value) if value >= 0 else _head(0x20, -1 - value)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return _HEADS[major | argument]
    if argument < 0x100:
        return bytes((major | 24, argument))
    if argument < 0x10000:
        return bytes((major | 25,)) + argument.to_bytes(2, "big")
    if argument < 0x100000000:
        return bytes((major | 26,)) + argument.to_bytes(4, "big")
    if argument < 0x10000000000000000:
        return bytes((major | 27,)) + argument.to_bytes(8, "big")
    raise ValueError("integer is beyond 64 bits")
