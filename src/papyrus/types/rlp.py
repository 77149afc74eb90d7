"""Recursive length prefix: how Ethereum writes a transaction (Ethereum yellow paper, appendix B).

An item is a byte string or a list of items. There is one encoding of each item and no other is
read: a length takes no more bytes than it needs, and a single byte below 0x80 stands for itself.
The bounds are those that Lotus puts on transactions (chain/types/ethtypes/rlp.go).
"""

from collections.abc import Sequence
from typing import TypeAlias

from papyrus.primitives.errors import DecodeError

MAX_LENGTH = 2 << 20
"""Bytes of input; the init code of a contract is what takes most of them."""
MAX_ELEMENTS = 12
"""Items of a list; an EIP-1559 transaction has that many."""
MAX_DEPTH = 32
"""Lists within lists."""

_SHORT = 55
"""The longest item whose length fits the first byte."""
_STRING = 0x80
_LIST = 0xC0

Item: TypeAlias = "bytes | list[Item]"


def encode(item: "bytes | Sequence[Item]") -> bytes:
    """Return the encoding of a byte string or of a list of items."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _head(_STRING, len(item)) + item
    content = b"".join(encode(element) for element in item)
    return _head(_LIST, len(content)) + content


def decode(data: bytes) -> Item:
    """Return the item that the bytes are, all of them; DecodeError for any other encoding."""
    if len(data) > MAX_LENGTH:
        raise DecodeError(f"RLP of {len(data)} bytes, {MAX_LENGTH} at most")
    item, end = _read(data, 0, len(data), 0)
    if end != len(data):
        raise DecodeError(f"RLP ends after {end} of {len(data)} bytes")
    return item


def encode_integer(number: int) -> bytes:
    """Return the byte string that stands for a number: highest byte first, none for zero."""
    if number < 0:
        raise DecodeError(f"RLP has no negative numbers, not even {number}")
    return number.to_bytes((number.bit_length() + 7) >> 3, "big")


def decode_integer(item: Item) -> int:
    """Return the number that a byte string stands for; DecodeError for a leading zero."""
    if not isinstance(item, bytes):
        raise DecodeError("RLP has a list where a number is expected")
    if item.startswith(b"\x00"):
        raise DecodeError("an RLP number begins with a zero byte")
    return int.from_bytes(item, "big")


def _head(kind: int, length: int) -> bytes:
    if length <= _SHORT:
        return bytes((kind + length,))
    size = encode_integer(length)
    return bytes((kind + _SHORT + len(size),)) + size


def _read(data: bytes, at: int, limit: int, depth: int) -> tuple[Item, int]:
    """Read one item that lies in `data[at:limit]` and return it with where it ends."""
    if at >= limit:
        raise DecodeError("RLP ends where an item is expected")
    if depth > MAX_DEPTH:
        raise DecodeError(f"RLP lists nested more than {MAX_DEPTH} deep")
    first = data[at]
    if first < _STRING:
        return data[at : at + 1], at + 1
    kind = _LIST if first >= _LIST else _STRING
    start, end = _extent(data, at + 1, limit, first - kind)
    if kind == _LIST:
        return _elements(data, start, end, depth + 1), end
    if end == start + 1 and data[start] < _STRING:
        raise DecodeError("an RLP byte that stands for itself has a length before it")
    return data[start:end], end


def _extent(data: bytes, at: int, limit: int, size: int) -> tuple[int, int]:
    """Return where the content of an item starts and ends; `size` is what its first byte says."""
    length = size
    if size > _SHORT:
        width = size - _SHORT
        digits = data[at : min(at + width, limit)]
        if len(digits) < width:
            raise DecodeError("RLP ends within a length")
        if digits[0] == 0:
            raise DecodeError("an RLP length begins with a zero byte")
        length = int.from_bytes(digits, "big")
        if length <= _SHORT:
            raise DecodeError(f"an RLP length of {length} written in its long form")
        at += width
    if length > limit - at:
        raise DecodeError(f"an RLP item of {length} bytes where {limit - at} are left")
    return at, at + length


def _elements(data: bytes, at: int, end: int, depth: int) -> list[Item]:
    items: list[Item] = []
    while at < end:
        if len(items) == MAX_ELEMENTS:
            raise DecodeError(f"an RLP list of more than {MAX_ELEMENTS} items")
        item, at = _read(data, at, end, depth)
        items.append(item)
    return items
