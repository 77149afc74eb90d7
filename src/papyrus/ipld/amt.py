"""The array mapped trie: Filecoin's persistent sparse array, indexed by unsigned 64-bit integers.

A tree of nodes 2^`bit_width` wide, all of whose leaves lie at one depth: the root's `height` is 0
while every index fits the root itself, and an index, read `bit_width` bits at a time, names a slot
at each level. A node is the CBOR array of its bitmap (lowest index first, lowest bit first, at
least one byte), its links and its values, one of the two lists empty. The root block is
[bit_width, height, count, node] (version 3; go-amt-ipld calls it v3 and v4) or, for messages,
receipts and all state before actors version 3, [height, count, node] of width 8 (version 0).

The shape depends on the indices in use alone: the root grows only for an index it cannot hold,
and sinks back when its first child is its only one. Nodes are read when first walked through and
kept; a flush writes the changed ones, once each.

Malformed trees are refused as go-amt-ipld refuses them when they are read. ref-fvm refuses some
of these only by panicking when it later meets a leaf where a link should be.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from papyrus.ipld import dag_cbor
from papyrus.ipld.amt_blocks import node_block, read_node, root_block
from papyrus.ipld.bitmap_nodes import BitmapNode, Difference
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.tree_blocks import (
    ARRAY,
    UNSIGNED,
    decoded,
    put_block,
    read_head,
    whole,
    write_link,
)
from papyrus.primitives.errors import DecodeError

MAX_INDEX = 2**64 - 2
"""The greatest index, one below the largest integer so that a count of elements fits one too."""

DEFAULT_BIT_WIDTH = 3
"""The width of every version 0 tree, and of most others."""

MAX_BIT_WIDTH = 18
"""Far above the widest tree on chain; go-amt-ipld is tested up to here."""

MAX_CAPACITY = 2**64 - 1
"""What the references count a tree as holding when it could hold more."""


def amt_root(
    store: Blockstore,
    values: Iterable[Any],
    bit_width: int = DEFAULT_BIT_WIDTH,
    version: Literal[0, 3] = 0,
) -> Cid:
    """Store the array of these values and return its root: for receipts, messages and events."""
    _check_form(bit_width, version)
    width = 1 << bit_width
    items = [dag_cbor.encode(value) for value in values]
    count, height = len(items), 0
    while len(items) > width:
        rows = (items[start : start + width] for start in range(0, len(items), width))
        items = [
            write_link(put_block(store, node_block((1 << len(row)) - 1, row, bit_width, height)))
            for row in rows
        ]
        height += 1
    node = node_block((1 << len(items)) - 1, items, bit_width, height)
    return put_block(store, root_block(version, bit_width, height, count, node))


def diff(old: "Amt", new: "Amt") -> Difference[int]:
    """Return what changed from one array to another, reading only where their nodes differ.

    Raises ValueError when their widths differ, DecodeError on a malformed node, LocalFault on a
    missing one.
    """
    if old.bit_width != new.bit_width:
        raise ValueError(f"arrays of widths {old.bit_width} and {new.bit_width} share no shape")
    result: Difference[int] = Difference()
    height = max(old.height, new.height)
    # Each entry: a subtree of both trees that starts at the same index and is of one height. A
    # root lower than the other tree's stands at the bottom of a chain of first children.
    pending: list[tuple[Any, Any, int, int]] = [(old.root, new.root, height, 0)]
    while pending:
        left, right, height, base = pending.pop()
        if left is right or (_cid_of(left) is not None and _cid_of(left) == _cid_of(right)):
            continue
        left_slots = old.read_slots(left, height)
        right_slots = new.read_slots(right, height)
        if height == 0:
            result.compare(
                {base + index: value for index, value in left_slots.items()},
                {base + index: value for index, value in right_slots.items()},
            )
            continue
        step = height * old.bit_width
        pending.extend(
            (left_slots.get(index), right_slots.get(index), height - 1, base + (index << step))
            for index in sorted(left_slots.keys() | right_slots.keys(), reverse=True)
        )
    return result


class Amt:
    """A sparse array in a blockstore, read lazily and written by `flush`.

    A value is encoded when it is set and decoded each time it is asked for. Every method that
    walks the tree raises IndexError for an index outside 0 to MAX_INDEX, DecodeError on a
    malformed node and LocalFault on a missing block; after DecodeError from a change the array
    must be dropped.
    """

    __slots__ = ("_mask", "_store", "_stored", "bit_width", "count", "height", "root", "version")

    bit_width: int
    """How many bits of an index each level uses."""

    height: int
    """How many levels lie above the leaves."""

    count: int
    """How many elements there are; `len` gives it too, but cannot above 2^63 - 1."""

    root: BitmapNode
    """The root node, for `diff`; change the array through its methods only."""

    version: Literal[0, 3]
    """The form of the root block: 3, or 0 for the one before actors v3."""

    def __init__(
        self,
        store: Blockstore,
        root: Cid | None = None,
        *,
        bit_width: int | None = None,
        version: Literal[0, 3] = 3,
    ) -> None:
        """Open the array stored at `root`, or an empty one.

        Where `bit_width` is given, a stored array of another width is malformed; where it is not,
        the stored width holds, and a new array has the default.
        """
        self._store = store
        self._stored = root
        self.version = version
        self.bit_width = DEFAULT_BIT_WIDTH if bit_width is None else bit_width
        _check_form(self.bit_width, version)
        self.height = self.count = 0
        self.root = BitmapNode(0, [])
        if root is not None:
            self._load_root(root, bit_width)
        self._mask = (1 << self.bit_width) - 1

    @classmethod
    def from_values(
        cls,
        store: Blockstore,
        values: Iterable[Any],
        *,
        bit_width: int = DEFAULT_BIT_WIDTH,
        version: Literal[0, 3] = 3,
    ) -> "Amt":
        """Return the stored array of these values, at 0 and up."""
        root = amt_root(store, values, bit_width, version)
        return cls(store, root, bit_width=bit_width, version=version)

    def __len__(self) -> int:
        return self.count

    def get(self, index: int) -> Any:
        """Return the value at `index`, or None when there is none (`in` tells null from absent)."""
        return decoded(self._find(index))

    def __contains__(self, index: int) -> bool:
        return self._find(index) is not None

    def set(self, index: int, value: Any) -> None:
        """Put `value` at `index`."""
        _check_index(index)
        encoded = dag_cbor.encode(value)
        if self.count >= MAX_INDEX:
            raise DecodeError("an AMT's count is beyond its indices")
        while index >= self._capacity(self.height):
            if self.root.bits:
                self.root = BitmapNode(1, [self.root])
            self.height += 1
        node, shift = self.root, self.height * self.bit_width
        path = [node]
        while shift:
            slot = index >> shift & self._mask
            shift -= self.bit_width
            if not node.bits >> slot & 1:
                node.insert(slot, BitmapNode(0, []))
            node = self._enter(node, slot, shift)
            path.append(node)
        slot = index & self._mask
        if node.bits >> slot & 1:
            node.items[(node.bits & ((1 << slot) - 1)).bit_count()] = encoded
        else:
            node.insert(slot, encoded)
            self.count += 1
        self._change(path)

    def delete(self, index: int) -> bool:
        """Remove the element at `index`; return whether there was one."""
        _check_index(index)
        if index >= self._capacity(self.height):
            return False
        node, shift = self.root, self.height * self.bit_width
        path = [node]
        while True:
            slot = index >> shift & self._mask
            if not node.bits >> slot & 1:
                return False
            if not shift:
                break
            shift -= self.bit_width
            node = self._enter(node, slot, shift)
            path.append(node)
        if not self.count:
            raise DecodeError("an AMT's count is below its number of elements")
        self.count -= 1
        self._change(path)
        for child in reversed(path):
            child.remove(index >> shift & self._mask)
            if child.bits:
                break
            shift += self.bit_width
        if not self.root.bits:
            self.height = 0
        while self.height and self.root.bits == 1:
            self.root = self._enter(self.root, 0, (self.height - 1) * self.bit_width)
            self.height -= 1
        return True

    def flush(self) -> Cid:
        """Write the changed nodes and return the root's CID; an unchanged array writes nothing."""
        if self._stored is None:
            node = self._block(self.root, self.height)
            block = root_block(self.version, self.bit_width, self.height, self.count, node)
            self._stored = put_block(self._store, block)
        return self._stored

    def items(self, start: int = 0) -> Iterator[tuple[int, Any]]:
        """Yield each (index, value) in order, from `start` on.

        Nodes read on the way are not kept, so the whole of a large array can be read in little
        memory.
        """
        pending: list[tuple[Any, int, int]] = [(self.root, self.height, 0)]
        while pending:
            child, height, base = pending.pop()
            slots = self.read_slots(child, height)
            step = height * self.bit_width
            if height == 0:
                for slot, value in slots.items():
                    index = base + slot
                    if index > MAX_INDEX:
                        raise DecodeError("an AMT holds an element beyond its last index")
                    if index >= start:
                        yield index, dag_cbor.decode(value)
            else:
                pending.extend(
                    (slots[slot], height - 1, base + (slot << step))
                    for slot in reversed(slots)
                    if base + (slot + 1 << step) > start
                )

    def read_slots(self, child: "BitmapNode | Cid | None", height: int) -> dict[int, Any]:
        """Return the used slots of a subtree of this height, without keeping what is read.

        Where the root itself is lower, it stands in the first slot of the levels it lacks.
        """
        if child is None:
            return {}
        if child is self.root and height > self.height:
            return {0: child} if child.bits else {}
        if not isinstance(child, BitmapNode):
            child = self._load(child, height)
        return child.slots()

    def _capacity(self, height: int) -> int:
        return int(min(1 << min((height + 1) * self.bit_width, 64), MAX_CAPACITY))

    def _find(self, index: int) -> bytes | None:
        """Return the encoded value at an index, or None."""
        _check_index(index)
        if index >= self._capacity(self.height):
            return None
        node, shift, mask = self.root, self.height * self.bit_width, self._mask
        while True:
            slot = index >> shift & mask
            if not node.bits >> slot & 1:
                return None
            position = (node.bits & ((1 << slot) - 1)).bit_count()
            item = node.items[position]
            if not shift:
                value: bytes = item
                return value
            shift -= self.bit_width
            node = item if type(item) is BitmapNode else self._enter(node, slot, shift)

    def _enter(self, node: BitmapNode, slot: int, shift: int) -> BitmapNode:
        """Return the child in a used slot, read and kept there if it was not yet."""
        position = (node.bits & ((1 << slot) - 1)).bit_count()
        child = node.items[position]
        if type(child) is not BitmapNode:
            child = node.items[position] = self._load(child, shift // self.bit_width)
        return child

    def _change(self, path: list[BitmapNode]) -> None:
        self._stored = None
        for node in path:
            node.cid = None

    def _block(self, node: BitmapNode, height: int) -> bytes:
        """Return the block of a node, having written the children it links to."""
        items = node.items
        if height:
            items = [
                write_link(
                    item if type(item) is not BitmapNode else item.cid or self._write(item, height)
                )
                for item in items
            ]
        return node_block(node.bits, items, self.bit_width, height)

    def _write(self, child: BitmapNode, height: int) -> Cid:
        child.cid = put_block(self._store, self._block(child, height - 1))
        return child.cid

    def _load_root(self, root: Cid, bit_width: int | None) -> None:
        def parse(data: bytes) -> tuple[BitmapNode, int]:
            fields, at = read_head(data, 0, ARRAY)
            if fields != (4 if self.version == 3 else 3):
                raise DecodeError(f"an AMT root of version {self.version} has {fields} fields")
            if self.version == 3:
                stored, at = read_head(data, at, UNSIGNED)
                if bit_width not in {None, stored} or not 1 <= stored <= MAX_BIT_WIDTH:
                    raise DecodeError(f"an AMT has bit width {stored}")
                self.bit_width = stored
            self.height, at = read_head(data, at, UNSIGNED)
            self.count, at = read_head(data, at, UNSIGNED)
            if self.height * self.bit_width >= 64:
                raise DecodeError(f"an AMT's height of {self.height} is out of bounds")
            if self.count > self._capacity(self.height):
                raise DecodeError(f"an AMT of height {self.height} cannot hold {self.count}")
            return read_node(data, at, self.bit_width, self.height, is_root=True)

        self.root = whole(load(self._store, root), parse)

    def _load(self, cid: Cid, height: int) -> BitmapNode:
        node = whole(
            load(self._store, cid), lambda data: read_node(data, 0, self.bit_width, height)
        )
        node.cid = cid
        return node


def _check_index(index: int) -> None:
    if not 0 <= index <= MAX_INDEX:
        raise IndexError(f"index {index} is out of range for the AMT")


def _check_form(bit_width: int, version: int) -> None:
    if not 1 <= bit_width <= MAX_BIT_WIDTH:
        raise ValueError(f"an array's bit width is 1 to {MAX_BIT_WIDTH}, not {bit_width}")
    if version not in {0, 3} or (version == 0 and bit_width != DEFAULT_BIT_WIDTH):
        raise ValueError(f"no array has version {version} and bit width {bit_width}")


def _cid_of(child: Any) -> Cid | None:
    """Return the CID of a subtree, None where it has none or may have changed."""
    return child.cid if isinstance(child, BitmapNode) else child
