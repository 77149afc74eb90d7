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
from hashlib import sha256
from itertools import islice
from typing import Any

from papyrus.ipld import dag_cbor
from papyrus.ipld.bitmap_nodes import (
    NODE_CID_PREFIX,
    BitmapNode,
    Difference,
    is_unchanged,
    path_of,
    top_shift,
)
from papyrus.ipld.blockstore import Blockstore, load, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError

DEFAULT_BIT_WIDTH = 5
"""The width of the state tree and of every map of the builtin actors."""

BUCKET_SIZE = 3
"""The most entries a slot holds before they move to a child."""

MAX_BITMAP_BYTES = 32


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

    A value returned belongs to the map: to change one, set a changed copy. Every method that
    walks the tree raises DecodeError on a malformed node or a path longer than the hash, and
    LocalFault on a missing block; after DecodeError from a change the map must be dropped.
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
        entry = self._find(key)
        return None if entry is None else entry[1]

    def __contains__(self, key: bytes) -> bool:
        return self._find(key) is not None

    @property
    def is_empty(self) -> bool:
        """Whether the map has no entries."""
        return not self.root.bits

    def set(self, key: bytes, value: Any) -> bool:
        """Put `value` at `key`; return whether the map changed (not when the value is equal)."""
        path, shift, node = self._path(key), self._top, self.root
        trail: list[Any] = []
        while True:
            shift -= self.bit_width
            index = path >> shift & self._mask
            trail.append(node)
            if not node.bits >> index & 1:
                node.insert(index, [[key, value]])
                break
            position = (node.bits & ((1 << index) - 1)).bit_count()
            item = node.items[position]
            if type(item) is list:
                if not self._set_in_bucket(node, position, [key, value], shift):
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
        found = next((place for place, entry in enumerate(item) if entry[0] == key), None)
        if found is None:
            return False
        if len(item) == 1:
            node.remove(index)
        else:
            del item[found]
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
            yield from ((key, value) for key, value in bucket if key >= start)
        yield from self._walk(stack, 0)

    def keys(self) -> Iterator[bytes]:
        """Yield each key in the order of the tree."""
        return (key for key, _ in self.items())

    def read_node(self, child: "BitmapNode | Cid", level: int) -> BitmapNode:
        """Return the node a child stands for without keeping it; `level` 1 is the root's."""
        if level * self.bit_width > self._top:
            raise _too_deep()
        return child if isinstance(child, BitmapNode) else self._load(child)

    def read_entries(self, item: Any, level: int) -> Iterator[tuple[bytes, Any]]:
        """Yield the entries of one slot at a level: of a bucket, of a child, or of None."""
        return self._walk([iter(() if item is None else (item,))], level - 2)

    def _walk(self, stack: list[Iterator[Any]], above: int) -> Iterator[tuple[bytes, Any]]:
        """Yield the entries the iterators on the stack still lead to; `above` levels lie above."""
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif type(item) is list:
                yield from map(tuple, item)
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

    def _find(self, key: bytes) -> Any:
        """Return the entry of a key, or None."""
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
                        return entry
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

    def _set_in_bucket(self, node: BitmapNode, position: int, new: list[Any], shift: int) -> bool:
        """Put an entry into the bucket at a position; return whether anything changed."""
        bucket = node.items[position]
        key = new[0]
        for place, entry in enumerate(bucket):
            if entry[0] == key:
                if is_unchanged(entry[1], new[1]):
                    return False
                bucket[place] = new
                return True
        if len(bucket) < BUCKET_SIZE:
            bucket.append(new)
            bucket.sort(key=_key_of)
        else:
            node.items[position] = self._spread([*bucket, new], shift)
        return True

    def _spread(self, entries: list[list[Any]], shift: int) -> BitmapNode:
        """Return a child that holds more entries than a bucket can, `shift` bits from the end."""
        if not shift:
            raise _too_deep()
        shift -= self.bit_width
        slots: dict[int, list[list[Any]]] = {}
        for entry in entries:
            index = self._path(entry[0]) >> shift & self._mask
            slots.setdefault(index, []).append(entry)
        child = BitmapNode(0, [])
        for index, group in slots.items():
            if len(group) > BUCKET_SIZE:
                child.insert(index, self._spread(group, shift))
            else:
                child.insert(index, sorted(group, key=_key_of))
        return child

    def _flush(self, node: BitmapNode) -> Cid:
        if node.cid is None:
            slots = [
                item if type(item) is not BitmapNode else item.cid or self._flush(item)
                for item in node.items
            ]
            if self._legacy:
                slots = [{"1" if type(slot) is list else "0": slot} for slot in slots]
            bitmap = node.bits.to_bytes((node.bits.bit_length() + 7) // 8, "big")
            node.cid = put_cbor(self._store, [bitmap, slots])
        return node.cid

    def _load(self, cid: Cid, *, is_root: bool = False) -> BitmapNode:
        """Read one node, refusing what the reference refuses."""
        block = dag_cbor.decode(load(self._store, cid))
        if type(block) is not list or len(block) != 2:
            raise DecodeError("a HAMT node is an array of two")
        bitmap, slots = block
        if type(bitmap) is not bytes or len(bitmap) > MAX_BITMAP_BYTES:
            raise DecodeError("a HAMT node's bitmap is a byte string of at most 32")
        bits = int.from_bytes(bitmap, "big")
        if type(slots) is not list or len(slots) > self._mask + 1:
            raise DecodeError(f"a HAMT node has at most {self._mask + 1} slots")
        if bits.bit_count() != len(slots):
            raise DecodeError(f"a HAMT node has {len(slots)} slots, not {bits.bit_count()}")
        if not slots and not is_root:
            raise DecodeError("a HAMT child is empty")
        if self._legacy:
            slots = [_legacy_slot(slot) for slot in slots]
        for slot in slots:
            if type(slot) is list:
                _check_bucket(slot)
            elif not isinstance(slot, Cid) or not slot.startswith(NODE_CID_PREFIX):
                raise DecodeError("a HAMT slot is a bucket or a DAG-CBOR link")
        return BitmapNode(bits, slots, cid)


def _too_deep() -> DecodeError:
    return DecodeError("a HAMT is deeper than its hashes are long")


def _key_of(entry: list[Any]) -> bytes:
    key: bytes = entry[0]
    return key


def _collapse(trail: list[tuple[BitmapNode, int]]) -> None:
    """Pull children's entries up where a bucket can hold them, from the bottom of a trail."""
    for depth in range(len(trail) - 1, 0, -1):
        child = trail[depth][0]
        if not child.items:
            raise DecodeError("a HAMT child held a single entry")
        if any(type(item) is not list for item in child.items):
            return
        if sum(map(len, child.items)) > BUCKET_SIZE:
            return
        parent, position = trail[depth - 1]
        entries = [entry for bucket in child.items for entry in bucket]
        parent.items[position] = sorted(entries, key=_key_of)


def _legacy_slot(slot: Any) -> Any:
    """Return the bucket or link within a slot of the older form."""
    if type(slot) is dict and len(slot) == 1:
        if type(slot.get("1")) is list:
            return slot["1"]
        if isinstance(slot.get("0"), Cid):
            return slot["0"]
    raise DecodeError('an old HAMT slot is {"0": link} or {"1": bucket}')


def _check_bucket(bucket: list[Any]) -> None:
    if not 0 < len(bucket) <= BUCKET_SIZE:
        raise DecodeError(f"a HAMT bucket has 1 to {BUCKET_SIZE} entries, not {len(bucket)}")
    previous = None
    for entry in bucket:
        if type(entry) is not list or len(entry) != 2 or type(entry[0]) is not bytes:
            raise DecodeError("a HAMT entry is an array of a byte string and a value")
        if previous is not None and entry[0] <= previous:
            raise DecodeError("a HAMT bucket's keys are not in order")
        previous = entry[0]
