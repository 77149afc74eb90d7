"""The hash array mapped trie: Filecoin's persistent map from bytes to values.

The IPLD HashMap specification as Filecoin configures it: the SHA-256 of a key, read `bit_width`
bits at a time from the most significant end, names a slot at each level. A slot holds a bucket of
up to three entries sorted by key, or, when a fourth would come, a child node one level down. A
node is the CBOR array of its bitmap (big-endian, no leading zero bytes) and its used slots, lowest
first: a bucket is an array of [key, value], a child is its CID. Trees written before actors
version 3 (`legacy`) wrap each slot in a map, {"0": child} or {"1": bucket}.

The shape depends on the entries alone, not on how they came: a delete pulls a child's entries up
as soon as they fit a bucket. Nodes are read when first walked through and kept, most slots
as the bytes they are until they are asked for; a flush writes the changed nodes, once each.

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
from papyrus.ipld.hamt_blocks import BUCKET_SIZE, node_block, read_node, read_slot
from papyrus.ipld.tree_blocks import decoded, put_block, whole
from papyrus.primitives.errors import DecodeError

DEFAULT_BIT_WIDTH = 5
"""The width of the state tree and of most maps of the builtin actors (others have 3 or 6)."""


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
            item = self._slot(node, position)
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
            item = self._slot(node, position)
            if type(item) is list:
                break
            node = item if type(item) is BitmapNode else self._enter(node, position, shift)
        if not drop_entry(node, index, item, key):
            return False
        for changed, _ in trail:
            changed.cid = None
        self._collapse(trail)
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
            stack.append(iter(self._slots(self.root)))
        else:
            bucket = self._start(start, stack)
            stack.append(iter([[entry for entry in bucket if entry[0] >= start]]))
        for key, value in self._walk(stack, 0):
            yield key, dag_cbor.decode(value)

    def keys(self) -> Iterator[bytes]:
        """Yield each key in the order of the tree."""
        return (key for key, _ in self._walk([iter(self._slots(self.root))], 0))

    def read_node(self, child: "BitmapNode | Cid", level: int) -> BitmapNode:
        """Return the node a child stands for without keeping it; `level` 1 is the root's."""
        if level * self.bit_width > self._top:
            raise _too_deep()
        node = child if isinstance(child, BitmapNode) else self._load(child)
        self._slots(node)
        return node

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
            stack.append(islice(self._slots(node), position + 1, None))
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
            item = self._slot(node, position)
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

    def _slot(self, node: BitmapNode, position: int) -> Any:
        """Return what the slot at a position holds: a bucket, a child's CID, or the child."""
        item = node.items[position]
        if type(item) is bytes:
            item = node.items[position] = read_slot(item)
        return item

    def _slots(self, node: BitmapNode) -> list[Any]:
        """Return what all slots of a node hold."""
        for position in range(len(node.items)):
            self._slot(node, position)
        return node.items

    def _flush(self, node: BitmapNode) -> Cid:
        if node.cid is None:
            slots = [
                item if type(item) is not BitmapNode else item.cid or self._flush(item)
                for item in node.items
            ]
            node.cid = put_block(self._store, node_block(node.bits, slots, legacy=self._legacy))
        return node.cid

    def _load(self, cid: Cid, *, is_root: bool = False) -> BitmapNode:
        """Read one node, refusing what the reference refuses."""
        node = whole(load(self._store, cid), self._parse)
        if not node.items and not is_root:
            raise DecodeError("a HAMT child is empty")
        node.cid = cid
        return node

    def _parse(self, data: bytes) -> tuple[BitmapNode, int]:
        return read_node(data, self._mask + 1, legacy=self._legacy)

    def _collapse(self, trail: list[tuple[BitmapNode, int]]) -> None:
        """Pull children's entries up where a bucket can hold them, from the bottom of a trail."""
        for depth in range(len(trail) - 1, 0, -1):
            child = trail[depth][0]
            if not child.items:
                raise DecodeError("a HAMT child held a single entry")
            if len(child.items) > BUCKET_SIZE:
                return
            bucket = gathered(self._slots(child), BUCKET_SIZE)
            if bucket is None:
                return
            parent, position = trail[depth - 1]
            parent.items[position] = bucket


def _too_deep() -> DecodeError:
    return DecodeError("a HAMT is deeper than its hashes are long")
