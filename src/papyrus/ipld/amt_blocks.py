"""The blocks of an AMT: its root and its nodes, checked when read as the references check them.

See `papyrus.ipld.amt` for what they mean.
"""

from typing import Any

from papyrus.ipld import dag_cbor
from papyrus.ipld.bitmap_nodes import BitmapNode
from papyrus.ipld.tree_blocks import (
    ARRAY,
    head,
    read_bytes,
    read_head,
    read_link,
    read_values,
    write_array,
    write_bytes,
)
from papyrus.primitives.errors import DecodeError


def _bitmap_bytes(bit_width: int) -> int:
    return 1 if bit_width <= 3 else 1 << (bit_width - 3)


def root_block(version: int, bit_width: int, height: int, count: int, node: bytes) -> bytes:
    """Return the block of a root around the block of its node."""
    numbers = (bit_width, height, count) if version == 3 else (height, count)
    return head(ARRAY, len(numbers) + 1) + b"".join(map(dag_cbor.encode, numbers)) + node


def node_block(bits: int, items: list[bytes], bit_width: int, height: int) -> bytes:
    """Return the block of a node of encoded links, or of encoded values at height 0."""
    bitmap = write_bytes(bits.to_bytes(_bitmap_bytes(bit_width), "little"))
    array = write_array(items)
    return b"\x83" + bitmap + (array + b"\x80" if height else b"\x80" + array)


def read_node(
    data: bytes, at: int, bit_width: int, height: int, *, is_root: bool = False
) -> tuple[BitmapNode, int]:
    """Return a node and the offset after it, refusing what the reference refuses."""
    if data[at] != 0x83:
        raise DecodeError("an AMT node is an array of three")
    bitmap, at = read_bytes(data, at + 1)
    if len(bitmap) != _bitmap_bytes(bit_width):
        raise DecodeError(f"an AMT node's bitmap has {len(bitmap)} bytes")
    # Quirk: both references ignore the bits above the width of a node narrower than a byte.
    bits = int.from_bytes(bitmap, "little") & ((1 << (1 << bit_width)) - 1)
    items: list[Any] = []
    count, at = read_head(data, at, ARRAY)
    if height:
        if count != bits.bit_count():
            raise DecodeError(f"an AMT node has {count} links, not {bits.bit_count()}")
        for _ in range(count):
            link, at = read_link(data, at)
            items.append(link)
        count, at = read_head(data, at, ARRAY)
    if count:
        raise DecodeError("an AMT node has links in a leaf or values above the leaves")
    if not height:
        items, at = read_values(data, at)
        if len(items) != bits.bit_count():
            raise DecodeError(f"an AMT node has {len(items)} values, not {bits.bit_count()}")
    # The empty array alone has an empty node.
    if not items and (height or not is_root):
        raise DecodeError("an AMT node is empty")
    return BitmapNode(bits, items), at
