"""The blocks of a HAMT: a node cut into its slots, and put together again.

See `papyrus.ipld.hamt` for what they mean. A node of the state tree has dozens of slots of which
a walk wants one. Nearly all are links, or buckets that hold actors, or numbers under short keys: a
regular expression knows those and finds where one ends, and it stays as the bytes it is until it
is asked for. All others, the malformed among them, are read at once. What was never asked for is
written back as it was.
"""

import re
from typing import Any

from papyrus.ipld.bitmap_nodes import BitmapNode
from papyrus.ipld.cid import Cid
from papyrus.ipld.tree_blocks import (
    ARRAY,
    CHAIN_LINK,
    CHAIN_LINK_LENGTH,
    check_order,
    read_bucket,
    read_bytes,
    read_head,
    read_link,
    write_array,
    write_bucket,
    write_bytes,
    write_link,
)
from papyrus.primitives.errors import DecodeError

BUCKET_SIZE = 3
"""The most entries a slot holds before they move to a child."""

MAX_BITMAP_BYTES = 32

Slot = Cid | list[list[bytes]]
"""The CID of a child, or the [key, encoded value] entries of a bucket."""

_BYTES = b"(?:" + b"|".join(re.escape(bytes([0x40 + n])) + b".{%d}" % n for n in range(24)) + b")"
_NUMBER = rb"(?:[\x00-\x17]|\x18.|\x19.{2}|\x1a.{4}|\x1b.{8})"
_LINK = rb"\xd8\x2a\x58\x27.{39}"
_ACTOR = rb"\x85" + _LINK * 2 + _NUMBER + _BYTES + rb"(?:\xf6|" + _BYTES + b")"
_ENTRY = rb"\x82(" + _BYTES + b")(?:" + _ACTOR + b"|" + _NUMBER + b")"
_COMMON_BUCKET = re.compile(
    rb"\x81" + _ENTRY + rb"|\x82" + _ENTRY * 2 + rb"|\x83" + _ENTRY * 3, re.DOTALL
)
"""A bucket of a common kind; the groups are the keys, with their heads, of one, two or three."""

_LEGACY_LINK, _LEGACY_BUCKET = b"\xa1\x61\x30", b"\xa1\x61\x31"
_LEGACY_HEAD_LENGTH = 3


def read_node(data: bytes, width: int, *, legacy: bool) -> tuple[BitmapNode, int]:
    """Return a node of at most `width` slots and where it ends.

    A slot is the CID of a child, a bucket, or bytes that `read_slot` makes one of these of.
    """
    if data[0] != 0x82:
        raise DecodeError("a HAMT node is an array of two")
    bitmap, at = read_bytes(data, 1)
    if len(bitmap) > MAX_BITMAP_BYTES:
        raise DecodeError("a HAMT node's bitmap is at most 32 bytes")
    bits = int.from_bytes(bitmap, "big")
    count, at = read_head(data, at, ARRAY)
    if count > width:
        raise DecodeError(f"a HAMT node has at most {width} slots, not {count}")
    if bits.bit_count() != count:
        raise DecodeError(f"a HAMT node has {count} slots, not {bits.bit_count()}")
    slots: list[Any] = []
    for _ in range(count):
        if legacy:
            slot, at = _read_legacy_slot(data, at)
            slots.append(slot)
        elif data.startswith(CHAIN_LINK, at):
            end = at + CHAIN_LINK_LENGTH
            slots.append(data[at:end])
            at = end
        elif (bucket := _COMMON_BUCKET.match(data, at)) and _ascends(bucket):
            slots.append(bucket.group())
            at = bucket.end()
        else:
            slot, at = _read_slot(data, at)
            slots.append(slot)
    return BitmapNode(bits, slots), at


def read_slot(slot: bytes) -> Slot:
    """Return what a slot that stayed bytes holds: the CID of a child, or a bucket."""
    return _read_slot(slot, 0)[0]


def node_block(bits: int, slots: list[Any], *, legacy: bool) -> bytes:
    """Return the block of a node whose slots are CIDs, buckets, or bytes as they were read."""
    written = []
    for slot in slots:
        if type(slot) is list:
            written.append((_LEGACY_BUCKET if legacy else b"") + write_bucket(slot))
        elif type(slot) is Cid:
            written.append((_LEGACY_LINK if legacy else b"") + write_link(slot))
        else:
            written.append(slot)
    bitmap = bits.to_bytes((bits.bit_length() + 7) // 8, "big")
    return b"\x82" + write_bytes(bitmap) + write_array(written)


def _ascends(bucket: re.Match[bytes]) -> bool:
    """Return whether the keys of a bucket of a common kind ascend."""
    if bucket.lastindex == 3:
        first, second = bucket.group(2, 3)
        return first[1:] < second[1:]
    if bucket.lastindex == 6:
        first, second, third = bucket.group(4, 5, 6)
        return first[1:] < second[1:] < third[1:]
    return True


def _read_legacy_slot(data: bytes, at: int) -> tuple[Slot, int]:
    """Return a slot, {"0": link} or {"1": bucket}, and the offset after it."""
    kind = data[at : at + _LEGACY_HEAD_LENGTH]
    at += _LEGACY_HEAD_LENGTH
    if kind == _LEGACY_LINK:
        return read_link(data, at)
    if kind != _LEGACY_BUCKET:
        raise DecodeError('an old HAMT slot is {"0": link} or {"1": bucket}')
    return _read_bucket(data, at)


def _read_slot(data: bytes, at: int) -> tuple[Slot, int]:
    """Return a slot, a link or a bucket, and the offset after it."""
    return read_link(data, at) if data[at] == 0xD8 else _read_bucket(data, at)


def _read_bucket(data: bytes, at: int) -> tuple[list[list[bytes]], int]:
    bucket, at = read_bucket(data, at, BUCKET_SIZE)
    check_order(bucket)
    return bucket, at
