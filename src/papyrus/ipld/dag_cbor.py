"""DAG-CBOR, strictly: one value, one encoding.

The IPLD DAG-CBOR specification (a subset of RFC 8949) as Filecoin uses it: integers, byte and
text strings, arrays, maps with text keys, true, false, null, and links (tag 42 over a byte
string of 0x00 and a binary CID). Lengths and integers are minimal and definite, map keys are
unique and in length-first byte order, and nothing follows the value. Floats do not occur in
Filecoin and are refused both ways.

Values in Python: None, bool, int (-2**64 to 2**64 - 1), bytes, str, list, dict with str keys,
Cid. Encoding also takes tuples, and subclasses of int, bytes and str; a `Cid` becomes a link and
any other bytes a byte string.

Both directions loop with a stack of their own rather than recursing, so hostile nesting meets
`MAX_DEPTH` and not the interpreter's limit. Nothing is allocated from a declared length alone.

Text that is not UTF-8 is refused, except on request: labels of deals made before nv16 may hold
any bytes as text. With `lenient_text` such bytes become lone surrogates (PEP 383), and encoding
with `lenient_text` gives them back exactly.

Surprising: the block before Filecoin's genesis, which every genesis block names as its parent
(bafyreiaqpwbbyjo4a42saasj36kkrpv4tsherf2e7bvezkert2a7dhonoi), has its map keys in another order
and so is refused. It is not state, and `papyrus.ipld.links.cids_in` walks it.
"""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

from papyrus.ipld.cid import CHAIN_LENGTH, CHAIN_PREFIX, Cid
from papyrus.primitives.errors import DecodeError

MAX_DEPTH = 256
"""Arrays and maps inside one another, at most: the limit of the reference actors' decoder."""

_CHAIN_LINK = b"\xd8\x2a\x58\x27\x00" + CHAIN_PREFIX
_CHAIN_LINK_LENGTH = 5 + CHAIN_LENGTH
_LINK_HEAD = b"\xd8\x2a\x58\x27\x00"
_HEADS = tuple(bytes([first]) for first in range(256))


def decode(data: bytes, *, lenient_text: bool = False) -> Any:
    """Return the value that `data` is the canonical encoding of.

    Raises `DecodeError` on anything else.
    """
    try:
        return _decode(bytes(data), "surrogateescape" if lenient_text else "strict")
    except IndexError:
        raise DecodeError("CBOR is cut short") from None
    except UnicodeDecodeError as error:
        raise DecodeError(f"text is not UTF-8: {error}") from error


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


def _decode(  # noqa: C901, PLR0912, PLR0915 - as for encode
    data: bytes, text_errors: str
) -> Any:
    top: list[Any] = []
    append: Any = top.append
    at = 0
    size = len(data)
    mapping: dict[str, Any] | None = None
    stack: list[tuple[Any, Any, dict[str, Any] | None]] = []
    turns = repeat(None, 1)
    while True:
        for _ in turns:
            first = data[at]
            at += 1
            if first < 0x18:
                append(first)
            elif 0x40 <= first < 0x58:
                end = at + first - 0x40
                append(data[at:end])
                at = end
            elif first == 0x58:
                length = data[at]
                if length < 24:
                    raise DecodeError(f"length at byte {at - 1} is not minimal")
                at += 1
                end = at + length
                append(data[at:end])
                at = end
            elif 0x80 < first < 0x98:
                items: list[Any] = []
                append(items)
                stack.append((append, turns, mapping))
                append = items.append
                turns = repeat(None, first - 0x80)
                mapping = None
                break
            elif first == 0xD8:
                end = at - 1 + _CHAIN_LINK_LENGTH
                if data[at - 1 : at + 10] == _CHAIN_LINK:
                    append(Cid(data[at + 4 : end]))
                    at = end
                else:
                    link, at = _link(data, at)
                    append(link)
            elif first == 0x18:
                length = data[at]
                if length < 24:
                    raise DecodeError(f"integer at byte {at - 1} is not minimal")
                at += 1
                append(length)
            elif 0x20 <= first < 0x38:
                append(0x1F - first)
            elif first == 0x80:
                append([])
            elif first == 0xF6:
                append(None)
            elif first == 0xF5:
                append(True)
            elif first == 0xF4:
                append(False)
            elif first == 0xA0:
                append({})
            elif 0x60 <= first < 0x78:
                end = at + first - 0x60
                append(data[at:end].decode("utf-8", text_errors))
                at = end
            elif first >= 0xC0:
                kind = "a tag other than 42" if first < 0xE0 else "a float or a simple value"
                raise DecodeError(f"byte {at - 1} begins {kind}")
            else:
                major = first >> 5
                length = first & 0x1F
                if length > 23:
                    length, at = _argument(data, at - 1)
                if major == 0:
                    append(length)
                elif major == 1:
                    append(-1 - length)
                elif major == 2:
                    end = at + length
                    append(data[at:end])
                    at = end
                elif major == 3:
                    end = at + length
                    append(data[at:end].decode("utf-8", text_errors))
                    at = end
                else:
                    if length > size - at:
                        raise DecodeError("CBOR is cut short")
                    items = []
                    stack.append((append, turns, mapping))
                    if major == 4:
                        mapping = None
                        append(items)
                        turns = repeat(None, length)
                    else:
                        mapping = {}
                        append(mapping)
                        turns = repeat(None, 2 * length)
                    append = items.append
                    break
        else:
            if mapping is not None:
                # Keys and values alternate in the list that `append` is bound to.
                _fill(mapping, append.__self__, text_errors)
            if not stack:
                break
            append, turns, mapping = stack.pop()
            continue
        if len(stack) > MAX_DEPTH:
            raise DecodeError(f"nested deeper than {MAX_DEPTH}")
    if at != size:
        if at > size:
            raise DecodeError("CBOR is cut short")
        raise DecodeError(f"{size - at} bytes follow the value")
    return top[0]


def _link(data: bytes, at: int) -> tuple[Cid, int]:
    """Return the link whose tag's first byte lies before `at`, and the offset after it."""
    if data[at] != 42 or data[at + 1] >> 5 != 2:
        raise DecodeError(f"byte {at - 1} begins a tag other than 42, or 42 not over bytes")
    length, at = _argument(data, at + 1)
    end = at + length
    if end > len(data):
        raise DecodeError("CBOR is cut short")
    if length == 0 or data[at] != 0:
        raise DecodeError(f"link at byte {at} lacks its 0x00 prefix")
    return Cid.from_bytes(data[at + 1 : end]), end


def _argument(data: bytes, at: int) -> tuple[int, int]:
    """Return the argument of the head at `at`, and the offset after the head."""
    low = data[at] & 0x1F
    at += 1
    if low < 24:
        return low, at
    if low == 24:
        value = data[at]
        if value < 24:
            raise DecodeError(f"integer or length at byte {at - 1} is not minimal")
        return value, at + 1
    if low > 27:
        raise DecodeError(f"byte {at - 1} asks for an indefinite length or is reserved")
    width = 1 << (low - 24)
    end = at + width
    if end > len(data):
        raise DecodeError("CBOR is cut short")
    value = int.from_bytes(data[at:end], "big")
    if value >> (4 * width) == 0:
        raise DecodeError(f"integer or length at byte {at - 1} is not minimal")
    return value, end


def _fill(mapping: dict[str, Any], entries: list[Any], text_errors: str) -> None:
    """Put the alternating keys and values into the map; raises for a key out of place."""
    previous = b""
    pairs = iter(entries)
    for key, value in zip(pairs, pairs, strict=True):
        if type(key) is not str:
            raise DecodeError("map key is not text")
        if len(entries) > 2:
            raw = key.encode("utf-8", text_errors)
            if mapping and (len(raw), raw) <= (len(previous), previous):
                raise DecodeError("map keys are not unique and in length-first order")
            previous = raw
        mapping[key] = value


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
