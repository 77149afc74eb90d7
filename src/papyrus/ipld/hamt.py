"""The hash array mapped trie: Filecoin's persistent map from bytes to values.

The IPLD HashMap specification as Filecoin configures it: the SHA-256 of a key, read `bit_width`
bits at a time from the most significant end, names a slot at each level. A slot holds a bucket of
up to three entries sorted by key, or, when a fourth would come, a child node one level down. A
node is the CBOR array of its bitmap (big-endian, no leading zero bytes) and its used slots, lowest
first: a bucket is an array of [key, value], a child is its CID. Trees written before actors
version 3 (`legacy`) wrap each slot in a map, {"0": child} or {"1": bucket}.

The shape depends on the entries alone, not on how they came: a delete pulls a child's entries up
as soon as they fit a bucket. Nodes are read when first walked through and kept; a flush writes the
changed ones, once each.

Quirk: go-hamt-ipld refuses a child that would fit in its parent's bucket; ref-fvm, which executes
every message, accepts one, and so does this. Neither writes one.
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Any

from papyrus.ipld import dag_cbor
from papyrus.ipld.bitmap_nodes import (
    BitmapNode,
    Difference,
    drop_entry,
    gathered,
    path_of,
    put_entry,
    top_shift,
)
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.tree_blocks import (
    ARRAY,
    CHAIN_LINK,
    CHAIN_LINK_LENGTH,
    LINK_HEAD_LENGTH,
    check_order,
    decoded,
    put_block,
    read_bucket,
    read_bytes,
    read_head,
    read_link,
    whole,
    write_array,
    write_bucket,
    write_bytes,
    write_link,
)
from papyrus.primitives.errors import DecodeError

DEFAULT_BIT_WIDTH = 5
"""The width of the state tree and of most maps of the builtin actors (others have 3 or 6)."""

BUCKET_SIZE = 3
"""The most entries a slot holds before they move to a child."""

MAX_BITMAP_BYTES = 32

_LEGACY_LINK, _LEGACY_BUCKET = b"\xa1\x61\x30", b"\xa1\x61\x31"


def diff(old: "Hamt", new: "Hamt") -> Difference[bytes]:
    """Return what changed from one map to another, reading only where their nodes differ.

    Raises ValueError when their widths differ, DecodeError on a malformed node, LocalFault on a
    missing one.
    """
    if old.bit_width != new.bit_width:
        raise ValueError(f"maps of widths {old.bit_width} and {new.bit_width} share no shape")
    result: Difference[bytes] = Difference()
    pending: list[tuple[Any, Any, int]] = [(old.root, new.root, 1)]
    while pending:
        left, right, level = pending.pop()
        if isinstance(left, (BitmapNode, Cid)) and isinstance(right, (BitmapNode, Cid)):
            left_cid = left.cid if isinstance(left, BitmapNode) else left
            right_cid = right.cid if isinstance(right, BitmapNode) else right
            if left is right or (left_cid is not None and left_cid == right_cid):
                continue
            left_slots = old.read_node(left, level).slots()
            right_slots = new.read_node(right, level).slots()
            pending.extend(
                (left_slots.get(index), right_slots.get(index), level + 1)
                for index in sorted(left_slots.keys() | right_slots.keys(), reverse=True)
            )
        else:
            result.compare(
                dict(old.read_entries(left, level)), dict(new.read_entries(right, level))
            )
    return result


class Hamt:
    """A map in a blockstore, read lazily and written by `flush`.

    A value is encoded when it is set and decoded each time it is asked for, so what a caller does
    to one changes nothing here. Every method that walks the tree raises DecodeError on a
    malformed node, a path longer than the hash or, where it returns values, a malformed value;
    and LocalFault on a missing block. After DecodeError from a change the map must be dropped.
    """

    __slots__ = ("_legacy", "_mask", "_store", "_top", "bit_width", "root")

    root: BitmapNode
    """The root node, for `diff`; change the map through its methods only."""

    bit_width: int
    """How many bits of the hash each level uses."""

    def __init__(
        self,
        store: Blockstore,
        root: Cid | None = None,
        *,
        bit_width: int = DEFAULT_BIT_WIDTH,
        legacy: bool = False,
    ) -> None:
        """Open the map stored at `root`, or an empty one; `legacy` is the form before actors v3."""
        if not 1 <= bit_width <= 8:
            raise ValueError(f"a map's bit width is 1 to 8, not {bit_width}")
        self._store = store
        self._legacy = legacy
        self._mask = (1 << bit_width) - 1
        self._top = top_shift(bit_width)
        self.bit_width = bit_width
        self.root = BitmapNode(0, []) if root is None else self._load(root, is_root=True)

    def get(self, key: bytes) -> Any:
        """Return the value at `key`, or None when there is none (`in` tells null from absent)."""
        return decoded(self._find(key))

    def __contains__(self, key: bytes) -> bool:
        return self._find(key) is not None

    @property
    def is_empty(self) -> bool:
        """Whether the map has no entries."""
        return not self.root.bits

    def set(self, key: bytes, value: Any) -> bool:
        """Put `value` at `key`; return whether the map changed (not when the value is equal)."""
        entry = [key, dag_cbor.encode(value)]
        path, shift, node = self._path(key), self._top, self.root
        trail: list[Any] = []
        while True:
            shift -= self.bit_width
            index = path >> shift & self._mask
            trail.append(node)
            if not node.bits >> index & 1:
                node.insert(index, [entry])
                break
            position = (node.bits & ((1 << index) - 1)).bit_count()
            item = node.items[position]
            if type(item) is list:
                spread = partial(self._spread, shift=shift)
                if not put_entry(node, position, entry, BUCKET_SIZE, spread):
                    return False
                break
            node = item if type(item) is BitmapNode else self._enter(node, position, shift)
        for changed in trail:
            changed.cid = None
        return True

    def delete(self, key: bytes) -> bool:
        """Remove `key`; return whether it was there. The tree is as if it had never been."""
        path, shift, node = self._path(key), self._top, self.root
        trail: list[Any] = []
        while True:
            shift -= self.bit_width
            index = path >> shift & self._mask
            if not node.bits >> index & 1:
                return False
            position = (node.bits & ((1 << index) - 1)).bit_count()
            trail.append((node, position))
            item = node.items[position]
            if type(item) is list:
                break
            node = item if type(item) is BitmapNode else self._enter(node, position, shift)
        if not drop_entry(node, index, item, key):
            return False
        for changed, _ in trail:
            changed.cid = None
        _collapse(trail)
        return True

    def clear(self) -> None:
        """Remove every entry."""
        self.root = BitmapNode(0, [])

    def flush(self) -> Cid:
        """Write the changed nodes and return the root's CID; an unchanged map writes nothing."""
        return self._flush(self.root)

    def items(self, start: bytes | None = None) -> Iterator[tuple[bytes, Any]]:
        """Yield each (key, value) in the order of the tree, from the key `start` where given.

        Both references walk in this order. Nodes read on the way are not kept, so the whole of a
        large map can be read in little memory. Raises KeyError when `start` is not in the map.
        """
        stack: list[Iterator[Any]] = []
        if start is None:
            stack.append(iter(self.root.items))
        else:
            bucket = self._start(start, stack)
            stack.append(iter([[entry for entry in bucket if entry[0] >= start]]))
        for key, value in self._walk(stack, 0):
            yield key, dag_cbor.decode(value)

    def keys(self) -> Iterator[bytes]:
        """Yield each key in the order of the tree."""
        return (key for key, _ in self._walk([iter(self.root.items)], 0))

    def read_node(self, child: "BitmapNode | Cid", level: int) -> BitmapNode:
        """Return the node a child stands for without keeping it; `level` 1 is the root's."""
        if level * self.bit_width > self._top:
            raise _too_deep()
        return child if isinstance(child, BitmapNode) else self._load(child)

    def read_entries(self, item: Any, level: int) -> Iterator[list[bytes]]:
        """Yield the entries of a slot at a level (a bucket, a child or None), values encoded."""
        return self._walk([iter(() if item is None else (item,))], level - 2)

    def _walk(self, stack: list[Iterator[Any]], above: int) -> Iterator[list[bytes]]:
        """Yield the entries the iterators on the stack still lead to; `above` levels lie above."""
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif type(item) is list:
                yield from item
            else:
                stack.append(iter(self.read_node(item, above + len(stack) + 1).items))

    def _start(self, start: bytes, stack: list[Iterator[Any]]) -> list[list[Any]]:
        """Return the bucket that holds `start`, leaving on the stack what comes after it."""
        path, shift, node = self._path(start), self._top, self.root
        while True:
            shift -= self.bit_width
            index = path >> shift & self._mask
            if not node.bits >> index & 1:
                raise KeyError(start)
            position = (node.bits & ((1 << index) - 1)).bit_count()
            stack.append(islice(node.items, position + 1, None))
            item = node.items[position]
            if type(item) is list:
                if all(entry[0] != start for entry in item):
                    raise KeyError(start)
                return item
            node = item if type(item) is BitmapNode else self._enter(node, position, shift)

    def _find(self, key: bytes) -> bytes | None:
        """Return the encoded value of a key, or None."""
        path, shift, node = self._path(key), self._top, self.root
        while True:
            shift -= self.bit_width
            index = path >> shift & self._mask
            bits = node.bits
            if not bits >> index & 1:
                return None
            position = (bits & ((1 << index) - 1)).bit_count()
            item = node.items[position]
            if type(item) is list:
                for entry in item:
                    if entry[0] == key:
                        value: bytes = entry[1]
                        return value
                return None
            node = item if type(item) is BitmapNode else self._enter(node, position, shift)

    def _path(self, key: bytes) -> int:
        return path_of(sha256(key).digest(), self.bit_width)

    def _enter(self, node: BitmapNode, position: int, shift: int) -> BitmapNode:
        """Read the child at a position, `shift` bits from the end of the path, and keep it."""
        if not shift:
            raise _too_deep()
        child = self._load(node.items[position])
        node.items[position] = child
        return child

    def _spread(self, entries: list[list[bytes]], shift: int) -> BitmapNode:
        """Return a child that holds more entries than a bucket can, `shift` bits from the end."""
        if not shift:
            raise _too_deep()
        shift -= self.bit_width
        slots: dict[int, list[list[bytes]]] = {}
        for entry in entries:
            index = self._path(entry[0]) >> shift & self._mask
            slots.setdefault(index, []).append(entry)
        child = BitmapNode(0, [])
        for index, group in slots.items():
            if len(group) > BUCKET_SIZE:
                child.insert(index, self._spread(group, shift))
            else:
                child.insert(index, sorted(group))
        return child

    def _flush(self, node: BitmapNode) -> Cid:
        if node.cid is None:
            slots = []
            for item in node.items:
                if type(item) is list:
                    slot, kind = write_bucket(item), _LEGACY_BUCKET
                else:
                    child = item if type(item) is not BitmapNode else item.cid or self._flush(item)
                    slot, kind = write_link(child), _LEGACY_LINK
                slots.append(kind + slot if self._legacy else slot)
            bitmap = node.bits.to_bytes((node.bits.bit_length() + 7) // 8, "big")
            block = b"\x82" + write_bytes(bitmap) + write_array(slots)
            node.cid = put_block(self._store, block)
        return node.cid

    def _load(self, cid: Cid, *, is_root: bool = False) -> BitmapNode:
        """Read one node, refusing what the reference refuses."""
        node = whole(load(self._store, cid), self._parse)
        if not node.items and not is_root:
            raise DecodeError("a HAMT child is empty")
        node.cid = cid
        return node

    def _parse(self, data: bytes) -> tuple[BitmapNode, int]:
        if data[0] != 0x82:
            raise DecodeError("a HAMT node is an array of two")
        bitmap, at = read_bytes(data, 1)
        if len(bitmap) > MAX_BITMAP_BYTES:
            raise DecodeError("a HAMT node's bitmap is at most 32 bytes")
        bits = int.from_bytes(bitmap, "big")
        count, at = read_head(data, at, ARRAY)
        if count > self._mask + 1:
            raise DecodeError(f"a HAMT node has at most {self._mask + 1} slots, not {count}")
        if bits.bit_count() != count:
            raise DecodeError(f"a HAMT node has {count} slots, not {bits.bit_count()}")
        items: list[Any] = []
        is_kinded = not self._legacy
        for _ in range(count):
            if is_kinded and data.startswith(CHAIN_LINK, at):
                end = at + CHAIN_LINK_LENGTH
                items.append(Cid(data[at + LINK_HEAD_LENGTH : end]))
                at = end
            else:
                item, at = self._parse_slot(data, at)
                items.append(item)
        return BitmapNode(bits, items), at

    def _parse_slot(self, data: bytes, at: int) -> tuple[Any, int]:
        """Return a slot of any form, and the offset after it."""
        is_link = data[at] == 0xD8
        if self._legacy:
            kind = data[at : at + 3]
            is_link = kind == _LEGACY_LINK
            if not is_link and kind != _LEGACY_BUCKET:
                raise DecodeError('an old HAMT slot is {"0": link} or {"1": bucket}')
            at += 3
        if is_link:
            return read_link(data, at)
        bucket, at = read_bucket(data, at, BUCKET_SIZE)
        check_order(bucket)
        return bucket, at


def _too_deep() -> DecodeError:
    return DecodeError("a HAMT is deeper than its hashes are long")


def _collapse(trail: list[tuple[BitmapNode, int]]) -> None:
    """Pull children's entries up where a bucket can hold them, from the bottom of a trail."""
    for depth in range(len(trail) - 1, 0, -1):
        child = trail[depth][0]
        if not child.items:
            raise DecodeError("a HAMT child held a single entry")
        bucket = gathered(child.items, BUCKET_SIZE)
        if bucket is None:
            return
        parent, position = trail[depth - 1]
        parent.items[position] = bucket
