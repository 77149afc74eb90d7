"""The blocks of the HAMT, AMT and KAMT, cut into slots and put together without decoding values.

A node of the state tree holds dozens of values, and a walk wants one of them. So reading a node
checks its skeleton (arrays, bitmap, keys, links: canonical DAG-CBOR, as everywhere) and only
finds where each value ends; a value is decoded when it is asked for. A node that is written again
carries the values that were not touched byte for byte.

The readers take a block and an offset, and return what they read and the offset after it. They
raise IndexError on a block that is cut short, or return an offset beyond its end: `whole` is the
frame in which all of them must run.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import CHAIN_LENGTH, CHAIN_PREFIX, Cid
from papyrus.primitives.errors import DecodeError

Parsed = TypeVar("Parsed")

UNSIGNED, BYTES, TEXT, ARRAY, MAP = 0, 2, 3, 4, 5
"""Major types of CBOR."""

NODE_CID_PREFIX = b"\x01\x71"
"""A link to a node is a version 1 CID of DAG-CBOR; both references refuse any other codec."""

_LINK_HEAD = b"\xd8\x2a\x58\x27\x00"
LINK_HEAD_LENGTH = len(_LINK_HEAD)
CHAIN_LINK = _LINK_HEAD + CHAIN_PREFIX
"""How the encoding of a link to a block of state begins."""
CHAIN_LINK_LENGTH = LINK_HEAD_LENGTH + CHAIN_LENGTH


def _steps() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return, by an item's first byte, its own length and how many items it adds to those due.

    A length of zero is for the first bytes whose length is not known from them alone.
    """
    lengths, added = [0] * 256, [0] * 256
    for first in range(256):
        major, low = first >> 5, first & 0x1F
        if major in {UNSIGNED, 1} and low < 28:
            lengths[first], added[first] = 1 + (1 << low - 24 if low >= 24 else 0), -1
        elif low < 24 and major in {BYTES, TEXT}:
            lengths[first], added[first] = 1 + low, -1
        elif low < 24 and major in {ARRAY, MAP}:
            lengths[first], added[first] = 1, low * (1 if major == ARRAY else 2) - 1
        elif first in {0xF4, 0xF5, 0xF6}:
            lengths[first], added[first] = 1, -1
    return tuple(lengths), tuple(added)


_LENGTHS, _ADDED = _steps()


def whole(data: bytes, parse: Callable[[bytes], tuple[Parsed, int]]) -> Parsed:
    """Return what `parse` reads from a block, of which nothing may be missing or left."""
    try:
        parsed, end = parse(data)
    except IndexError:
        raise DecodeError("a node is cut short") from None
    if end != len(data):
        raise DecodeError("a node is cut short, or bytes follow it")
    return parsed


def item_end(data: bytes, at: int) -> int:
    """Return where the item at an offset ends, whatever is in it."""
    lengths, added = _LENGTHS, _ADDED
    due = 1
    while due:
        first = data[at]
        length = lengths[first]
        if length:
            at += length
            due += added[first]
        elif first == 0xD8:
            if data[at + 2] != 0x58:
                # A link of another length than the usual: its tag stands before one item.
                at += 2
            else:
                at += 4 + data[at + 3]
                due -= 1
        elif first == 0x58:
            at += 2 + data[at + 1]
            due -= 1
        else:
            major = first >> 5
            if major not in {BYTES, TEXT, ARRAY, MAP}:
                raise DecodeError(f"byte {at} of a node begins no value")
            count, at = read_head(data, at, major)
            due -= 1
            if major in {ARRAY, MAP}:
                due += count * (major - 3)
            else:
                at += count
    return at


def read_head(data: bytes, at: int, major: int) -> tuple[int, int]:
    """Return the argument of a head that must be of this major type."""
    first = data[at]
    if first >> 5 != major:
        raise DecodeError(f"byte {at} of a node begins an item of another type")
    low = first & 0x1F
    at += 1
    if low < 24:
        return low, at
    if low > 27:
        raise DecodeError(f"byte {at - 1} of a node has an indefinite length")
    width = 1 << (low - 24)
    argument = int.from_bytes(data[at : at + width], "big")
    if argument < 24 or argument >> (4 * width if width > 1 else 0) == 0:
        raise DecodeError(f"byte {at - 1} of a node has a length that is not minimal")
    return argument, at + width


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a byte string."""
    first = data[at]
    if 0x40 <= first < 0x58:
        at += 1
        end = at + first - 0x40
    else:
        length, at = read_head(data, at, BYTES)
        end = at + length
    return data[at:end], end


def read_link(data: bytes, at: int) -> tuple[Cid, int]:
    """Return a link to a node."""
    end = at + CHAIN_LINK_LENGTH
    if data[at : at + len(CHAIN_LINK)] == CHAIN_LINK:
        return Cid(data[at + len(_LINK_HEAD) : end]), end
    end = item_end(data, at)
    link = dag_cbor.decode(data[at:end])
    if not isinstance(link, Cid) or not link.startswith(NODE_CID_PREFIX):
        raise DecodeError("a link of a node is not to DAG-CBOR")
    return link, end


def read_values(data: bytes, at: int) -> tuple[list[bytes], int]:
    """Return the items of an array, each still encoded."""
    count, at = read_head(data, at, ARRAY)
    values = []
    for _ in range(count):
        end = item_end(data, at)
        values.append(data[at:end])
        at = end
    return values, at


def read_bucket(data: bytes, at: int, size: int) -> tuple[list[list[bytes]], int]:
    """Return the [key, encoded value] entries of a bucket of 1 to `size`, with ascending keys."""
    count, at = read_head(data, at, ARRAY)
    if not 0 < count <= size:
        raise DecodeError(f"a bucket holds 1 to {size} entries, not {count}")
    entries: list[list[bytes]] = []
    for _ in range(count):
        if data[at] != 0x82:
            raise DecodeError("an entry of a bucket is not an array of two")
        key, at = read_bytes(data, at + 1)
        end = item_end(data, at)
        entries.append([key, data[at:end]])
        at = end
    return entries, at


def check_order(entries: list[list[bytes]]) -> None:
    """Raise DecodeError unless the keys of a bucket ascend."""
    for entry, following in pairwise(entries):
        if entry[0] >= following[0]:
            raise DecodeError("the keys of a bucket are not in order")


def head(major: int, argument: int) -> bytes:
    """Return the head of an item of a major type with this length, count or value."""
    if argument < 24:
        return bytes((major << 5 | argument,))
    encoded = dag_cbor.encode(argument)
    return bytes((major << 5 | encoded[0],)) + encoded[1:]


def write_link(cid: Cid) -> bytes:
    """Return the encoding of a link."""
    return _LINK_HEAD + cid if len(cid) == CHAIN_LENGTH else dag_cbor.encode(cid)


def write_bytes(value: bytes) -> bytes:
    """Return the encoding of a byte string."""
    return head(BYTES, len(value)) + value


def write_array(items: list[bytes]) -> bytes:
    """Return the encoding of an array of encoded items."""
    return head(ARRAY, len(items)) + b"".join(items)


def write_bucket(entries: list[list[bytes]]) -> bytes:
    """Return the encoding of a bucket's entries."""
    return head(ARRAY, len(entries)) + b"".join(
        [b"\x82" + head(BYTES, len(key)) + key + value for key, value in entries]
    )


def put_block(store: Blockstore, block: bytes) -> Cid:
    """Store a DAG-CBOR block and return its CID."""
    cid = Cid.of(block)
    store.put(cid, block)
    return cid


def decoded(value: bytes | None) -> Any:
    """Return an encoded value decoded, None for none."""
    return None if value is None else dag_cbor.decode(value)
