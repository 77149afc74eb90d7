"""CBOR read by type, exactly as leniently as the actors' decoder reads it.

Actors decode parameters and state with fvm_ipld_encoding (serde_ipld_dagcbor 0.6 over
cbor4ii 0.2), which knows what type it expects and so is laxer than DAG-CBOR in some places. A
Python reader that refused what an actor accepts would disagree about an exit code, hence about
the chain. Each function reads one type at an offset and returns the value and the offset after
it; `depth` counts the arrays, maps and options around it. All raise `DecodeError`, or
`IndexError` where the bytes end, which `read_all` turns into one.

What is accepted beyond DAG-CBOR, all in cbor4ii `core/dec.rs`:

- heads that are not minimal, within the width of the type (a u8 takes one byte at most);
- heads of a major type whose bits are a subset of the expected one's, for the first byte is
  masked and never compared: 0 for bytes and arrays, 0 to 2 for text, 0, 1 and 4 for maps;
- byte and text strings of indefinite length, their chunks nested to any allowed depth;
- map keys in any order and repeated, the last of them counting;
- bytes after the CID within a link.
"""

from collections.abc import Callable
from typing import Any

from papyrus.ipld.cid import Cid
from papyrus.ipld.cid import read as read_cid
from papyrus.primitives.errors import DecodeError

MAX_DEPTH = 256
"""Steps into arrays, maps, options and chunks that the reference decoder's reader allows."""

Reader = Callable[[bytes, int, int], tuple[Any, int]]

_BYTES, _TEXT = 2, 3
_INDEFINITE = 0x1F
_BREAK = 0xFF
_NULL = 0xF6
_WIDEST = {8: 24, 16: 25, 32: 26, 64: 27}


def read_all(read: Reader, data: bytes) -> Any:
    """Return the one value that `data` holds; raises `DecodeError`, also for trailing bytes."""
    try:
        value, end = read(data, 0, 0)
    except IndexError:
        raise DecodeError("CBOR is cut short") from None
    if end != len(data):
        raise DecodeError(f"{len(data) - end} bytes follow the value")
    return value


def unsigned(bits: int) -> Reader:
    """Return the reader of an unsigned integer of this width."""
    widest = _WIDEST[bits]

    def read(data: bytes, at: int, _depth: int) -> tuple[int, int]:
        return _argument(data, at, 0xFF, widest)

    return read


def signed(bits: int) -> Reader:
    """Return the reader of a signed integer of this width."""
    widest = _WIDEST[bits]
    top = 1 << (bits - 1)

    def read(data: bytes, at: int, _depth: int) -> tuple[int, int]:
        negative = data[at] >> 5 == 1
        value, end = _argument(data, at, 0xDF if negative else 0xFF, widest)
        if value >= top:
            raise DecodeError(f"integer at byte {at} does not fit {bits} signed bits")
        return (-1 - value if negative else value), end

    return read


def boolean(data: bytes, at: int, _depth: int) -> tuple[bool, int]:
    """Read true or false."""
    first = data[at]
    if first not in (0xF4, 0xF5):
        raise DecodeError(f"byte {at} is {first:#x}, not a boolean")
    return first == 0xF5, at + 1


def byte_string(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    """Read a byte string."""
    return _string(data, at, depth, _BYTES)


def text(data: bytes, at: int, depth: int) -> tuple[str, int]:
    """Read a text string; the whole of it must be UTF-8, its chunks need not be."""
    raw, end = _string(data, at, depth, _TEXT)
    try:
        return raw.decode(), end
    except UnicodeDecodeError as error:
        raise DecodeError(f"text at byte {at} is not UTF-8: {error}") from error


def text_or_bytes(data: bytes, at: int, depth: int) -> tuple[str | bytes, int]:
    """Read a text string or a byte string, whichever is there.

    Quirk: to tell them apart the reference looks at the first byte, so that here, unlike elsewhere,
    it must be exactly one of theirs, and the length definite.
    """
    first = data[at]
    if first & _INDEFINITE != _INDEFINITE:
        if first >> 5 == _TEXT:
            return text(data, at, _step(depth))
        if first >> 5 == _BYTES:
            return byte_string(data, at, _step(depth))
    raise DecodeError(f"byte {at} begins neither text nor bytes")


def link(data: bytes, at: int, depth: int) -> tuple[Cid, int]:
    """Read a link."""
    tag, at = _argument(data, at, 0x3F, 27)
    if tag != 42 or data[at] >> 5 != 2:
        raise DecodeError(f"byte {at} does not begin a link")
    raw, end = byte_string(data, at, depth)
    if len(raw) < 2 or raw[0] != 0:
        raise DecodeError(f"link at byte {at} lacks its 0x00 prefix")
    # Quirk: the crate reads a CID from the front of the bytes and ignores the rest.
    return read_cid(raw, 1)[0], end


def optional(read_inner: Reader) -> Reader:
    """Return the reader of null or the inner type."""

    def read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
        if data[at] == _NULL:
            return None, at + 1
        return read_inner(data, at, _step(depth))

    return read


def array(read_item: Reader) -> Reader:
    """Return the reader of an array of any length; it gives a tuple."""

    def read(data: bytes, at: int, depth: int) -> tuple[tuple[Any, ...], int]:
        depth = _step(depth)
        count, at = _argument(data, at, 0x7F, 27)
        items = []
        # An item takes a byte at least, so a false count ends at the end of the data.
        for _ in range(min(count, len(data) + 1)):
            item, at = read_item(data, at, depth)
            items.append(item)
        return tuple(items), at

    return read


def fixed_array(read_items: tuple[Reader, ...], required: int) -> Reader:
    """Return the reader of an array of one item per reader, at least the `required` first."""

    def read(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
        depth = _step(depth)
        count, at = _argument(data, at, 0x7F, 27)
        if not required <= count <= len(read_items):
            raise DecodeError(f"array of {count} items, expected {len(read_items)}")
        items = []
        for read_item in read_items[:count]:
            item, at = read_item(data, at, depth)
            items.append(item)
        return items, at

    return read


def text_map(read_item: Reader) -> Reader:
    """Return the reader of a map from text; it gives a dict in the order of the keys' bytes."""

    def read(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
        depth = _step(depth)
        count, at = _argument(data, at, 0x5F, 27)
        entries = {}
        for _ in range(min(count, len(data) + 1)):
            key, at = text(data, at, depth)
            entries[key], at = read_item(data, at, depth)
        return dict(sorted(entries.items(), key=lambda entry: entry[0].encode())), at

    return read


def _step(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise DecodeError(f"nested deeper than {MAX_DEPTH}")
    return depth + 1


def _argument(data: bytes, at: int, mask: int, widest: int) -> tuple[int, int]:
    # Quirk: only the bits outside the expected major type are looked at, so the bits of that
    # type may be present or not.
    low = data[at] & mask
    at += 1
    if low < 24:
        return low, at
    if low > widest:
        raise DecodeError(f"byte {at - 1} does not begin the expected type")
    end = at + (1 << (low - 24))
    if end > len(data):
        raise DecodeError("CBOR is cut short")
    return int.from_bytes(data[at:end], "big"), end


def _string(data: bytes, at: int, depth: int, major: int) -> tuple[bytes, int]:
    mask = 0xFF & ~(major << 5)
    indefinite = major << 5 | _INDEFINITE
    chunks = []
    opened = 0
    while True:
        first = data[at]
        if first == indefinite:
            _step(depth + opened - 1)
            opened += 1
            at += 1
        elif first == _BREAK and opened:
            opened -= 1
            at += 1
        else:
            if opened:
                _step(depth + opened - 1)
            length, at = _argument(data, at, mask, 27)
            if length > len(data) - at:
                raise DecodeError("CBOR is cut short")
            chunks.append(data[at : at + length])
            at += length
        if not opened:
            return b"".join(chunks), at
