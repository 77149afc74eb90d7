"""The keyed array mapped trie: the storage of EVM contracts, by 32-byte slot number.

A HAMT (`papyrus.ipld.hamt`) that does not hash its keys, so that neighbouring slots lie in
neighbouring nodes, and whose links skip the levels where there is nothing to choose: beside the
CID a link has the `extension`, the part of the path that all keys below it share. A used slot of a
node is a map, {"v": bucket} or {"l": [CID, bits of the extension, the extension]}. Keys are
written without their leading zero bytes, as the builtin EVM actor writes a U256.

The EVM actor's form is the default: five bits a level, one entry to a bucket.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from papyrus.ipld import dag_cbor
from papyrus.ipld.bitmap_nodes import (
    HASH_BITS,
    BitmapNode,
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
    UNSIGNED,
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

KEY_BYTES = 32

DEFAULT_BIT_WIDTH = 5
DEFAULT_BUCKET_SIZE = 1

MAX_BITMAP_BYTES = 32

_BUCKET_START, _LINK_START = b"\xa1\x61v", b"\xa1\x61l\x83"
"""{"v": bucket} up to the bucket, {"l": [CID, length, extension]} up to the CID."""


class _Link:
    """A slot that leads to a child, past the levels its extension covers."""

    __slots__ = ("child", "extension", "length", "raw")

    def __init__(
        self, child: "BitmapNode | Cid", length: int, extension: int, raw: bytes | None = None
    ) -> None:
        """Hold `length` bits of extension; `raw` is how a stored link writes them."""
        self.child = child
        self.length = length
        self.extension = extension
        padded = extension << (-length % 8)
        self.raw = padded.to_bytes((length + 7) // 8, "big") if raw is None else raw


class Kamt:
    """A map of 32-byte keys in a blockstore, read lazily and written by `flush`.

    A value is encoded when it is set and decoded each time it is asked for. Every method that
    walks the tree raises ValueError for a key that is not 32 bytes, DecodeError on a malformed
    node or a path longer than the key, and LocalFault on a missing block; after DecodeError from
    a change the map must be dropped.
    """

    __slots__ = ("_bit_width", "_bucket_size", "_data_depth", "_mask", "_root", "_store", "_top")

    def __init__(
        self,
        store: Blockstore,
        root: Cid | None = None,
        *,
        bit_width: int = DEFAULT_BIT_WIDTH,
        bucket_size: int = DEFAULT_BUCKET_SIZE,
        min_data_depth: int = 0,
    ) -> None:
        """Open the map stored at `root`, or an empty one.

        A bucket of more than `bucket_size` entries becomes a child; the levels above
        `min_data_depth` hold links alone.
        """
        if not 1 <= bit_width <= 8 or bucket_size < 1:
            raise ValueError(f"no map has bit width {bit_width} and buckets of {bucket_size}")
        self._store = store
        self._bit_width = bit_width
        self._bucket_size = bucket_size
        self._data_depth = min_data_depth
        self._mask = (1 << bit_width) - 1
        self._top = top_shift(bit_width)
        self._root = BitmapNode(0, []) if root is None else self._load(root, 0)

    def get(self, key: bytes) -> Any:
        """Return the value at `key`, or None when there is none (`in` tells null from absent)."""
        return decoded(self._find(key))

    def __contains__(self, key: bytes) -> bool:
        return self._find(key) is not None

    @property
    def is_empty(self) -> bool:
        """Whether the map has no entries."""
        return not self._root.bits

    def set(self, key: bytes, value: Any) -> bool:
        """Put `value` at `key`; return whether the map changed (not when the value is equal)."""
        path, shift, node = self._path(key), self._top, self._root
        trail, depth, entry = [], 0, [key, dag_cbor.encode(value)]
        while True:
            shift = self._step(shift)
            index = path >> shift & self._mask
            trail.append(node)
            if not node.bits >> index & 1:
                node.insert(index, self._sink(entry, path, shift, depth))
                break
            position = (node.bits & ((1 << index) - 1)).bit_count()
            item = node.items[position]
            if type(item) is list:
                spread = partial(self._spread, shift=shift)
                if not put_entry(node, position, entry, self._bucket_size, spread):
                    return False
                break
            matched = _match(item, path, shift, self._bit_width)
            if matched < item.length:
                node.items[position] = self._split(item, matched, entry, shift)
                break
            node = self._enter(item, depth + 1)
            shift -= item.length
            depth += 1 + item.length // self._bit_width
        for changed in trail:
            changed.cid = None
        return True

    def delete(self, key: bytes) -> bool:
        """Remove `key`; return whether it was there. The tree is as if it had never been."""
        path, shift, node = self._path(key), self._top, self._root
        trail: list[tuple[BitmapNode, int, int]] = []
        depth = 0
        while True:
            shift = self._step(shift)
            index = path >> shift & self._mask
            if not node.bits >> index & 1:
                return False
            trail.append((node, index, depth))
            item = node.items[(node.bits & ((1 << index) - 1)).bit_count()]
            if type(item) is list:
                break
            if _match(item, path, shift, self._bit_width) < item.length:
                return False
            node = self._enter(item, depth + 1)
            shift -= item.length
            depth += 1 + item.length // self._bit_width
        if not drop_entry(node, index, item, key):
            return False
        for changed, _, _ in trail:
            changed.cid = None
        for parent, slot, above in reversed(trail[:-1]):
            self._clean(parent, slot, above)
        return True

    def clear(self) -> None:
        """Remove every entry."""
        self._root = BitmapNode(0, [])

    def flush(self) -> Cid:
        """Write the changed nodes and return the root's CID; an unchanged map writes nothing."""
        return self._flush(self._root)

    def items(self) -> Iterator[tuple[bytes, Any]]:
        """Yield each (key, value) in ascending order of keys; nodes read are not kept."""
        stack: list[Iterator[Any]] = [iter(self._root.items)]
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif type(item) is list:
                for key, value in item:
                    yield key, dag_cbor.decode(value)
            else:
                child = item.child
                if not isinstance(child, BitmapNode):
                    child = self._load(child, len(stack))
                stack.append(iter(child.items))

    def _path(self, key: bytes) -> int:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a KAMT key has {KEY_BYTES} bytes, not {len(key)}")
        return path_of(key, self._bit_width)

    def _step(self, shift: int) -> int:
        """Return how many bits of a path are left below the next level."""
        if shift <= 0:
            raise _too_deep()
        return shift - self._bit_width

    def _find(self, key: bytes) -> bytes | None:
        """Return the encoded value of a key, or None."""
        path, shift, node, depth = self._path(key), self._top, self._root, 0
        while True:
            shift = self._step(shift)
            index = path >> shift & self._mask
            if not node.bits >> index & 1:
                return None
            item = node.items[(node.bits & ((1 << index) - 1)).bit_count()]
            if type(item) is list:
                return next((entry[1] for entry in item if entry[0] == key), None)
            # Quirk: unlike a change, a lookup checks a node by the links above it alone, not
            # counting the levels they skip, and checks it before the extension.
            depth += 1
            node = self._enter(item, depth)
            if _match(item, path, shift, self._bit_width) < item.length:
                return None
            shift -= item.length

    def _enter(self, link: _Link, depth: int) -> BitmapNode:
        """Return the child of a link, read and kept there if it was not yet."""
        child = link.child
        if not isinstance(child, BitmapNode):
            child = link.child = self._load(child, depth)
        return child

    def _sink(self, entry: list[bytes], path: int, shift: int, depth: int) -> Any:
        """Return the slot for a new entry: a bucket, or links down to where data may lie."""
        if depth >= self._data_depth:
            return [entry]
        shift = self._step(shift)
        slot = self._sink(entry, path, shift, depth + 1)
        return _Link(BitmapNode(1 << (path >> shift & self._mask), [slot]), 0, 0)

    def _spread(self, entries: list[list[bytes]], shift: int) -> _Link:
        """Return a link to a child that holds more entries than a bucket can."""
        below = (1 << shift) - 1
        paths = [self._path(entry[0]) & below for entry in entries]
        differing = max(path ^ paths[0] for path in paths).bit_length()
        if not differing:
            raise _too_deep()
        length = (shift - differing) // self._bit_width * self._bit_width
        shift -= length
        extension = paths[0] >> shift
        shift -= self._bit_width
        slots: dict[int, list[list[bytes]]] = {}
        for path, entry in zip(paths, entries, strict=True):
            slots.setdefault(path >> shift & self._mask, []).append(entry)
        child = BitmapNode(0, [])
        for index, bucket in slots.items():
            child.insert(index, sorted(bucket))
        return _Link(child, length, extension)

    def _split(self, link: _Link, matched: int, entry: list[bytes], shift: int) -> _Link:
        """Return a link to a new node where an entry parts from the way of an existing link."""
        width = self._bit_width
        tail = link.length - matched - width
        ours = self._path(entry[0]) >> self._step(shift - matched) & self._mask
        theirs = link.extension >> tail & self._mask
        midway = BitmapNode(0, [])
        midway.insert(theirs, _Link(link.child, tail, link.extension & ((1 << tail) - 1)))
        midway.insert(ours, [entry])
        return _Link(midway, matched, link.extension >> (link.length - matched))

    def _clean(self, parent: BitmapNode, index: int, depth: int) -> None:
        """Restore the one shape of a slot beneath which an entry was removed."""
        position = (parent.bits & ((1 << index) - 1)).bit_count()
        link = parent.items[position]
        items = link.child.items
        if not items:
            if depth >= self._data_depth:
                raise DecodeError("a KAMT child held a single entry")
            parent.remove(index)
        elif depth < self._data_depth:
            return
        elif len(items) == 1 and type(items[0]) is not list:
            below, width = items[0], self._bit_width
            extension = link.extension << width | link.child.bits.bit_length() - 1
            extension = extension << below.length | below.extension
            length = link.length + width + below.length
            parent.items[position] = _Link(below.child, length, extension)
        elif (bucket := gathered(items, self._bucket_size)) is not None:
            parent.items[position] = bucket

    def _flush(self, node: BitmapNode) -> Cid:
        if node.cid is None:
            slots: list[bytes] = []
            for item in node.items:
                if type(item) is list:
                    bucket = [[key.lstrip(b"\0"), value] for key, value in item]
                    slots.append(_BUCKET_START + write_bucket(bucket))
                else:
                    child = item.child
                    cid = self._flush(child) if isinstance(child, BitmapNode) else child
                    extension = dag_cbor.encode(item.length) + write_bytes(item.raw)
                    slots.append(_LINK_START + write_link(cid) + extension)
            bitmap = node.bits.to_bytes((node.bits.bit_length() + 7) // 8, "big")
            block = b"\x82" + write_bytes(bitmap) + write_array(slots)
            node.cid = put_block(self._store, block)
        return node.cid

    def _load(self, cid: Cid, depth: int) -> BitmapNode:
        """Read one node, refusing what the reference refuses at this depth."""
        node = whole(load(self._store, cid), lambda data: self._parse(data, depth))
        if not node.items and depth:
            raise DecodeError("a KAMT child is empty")
        node.cid = cid
        return node

    def _parse(self, data: bytes, depth: int) -> tuple[BitmapNode, int]:
        if data[0] != 0x82:
            raise DecodeError("a KAMT node is an array of two")
        bitmap, at = read_bytes(data, 1)
        if len(bitmap) > MAX_BITMAP_BYTES:
            raise DecodeError("a KAMT node's bitmap is at most 32 bytes")
        bits = int.from_bytes(bitmap, "big")
        count, at = read_head(data, at, ARRAY)
        if count > self._mask + 1:
            raise DecodeError(f"a KAMT node has at most {self._mask + 1} slots, not {count}")
        if bits.bit_count() != count:
            raise DecodeError(f"a KAMT node has {count} slots, not {bits.bit_count()}")
        items: list[Any] = []
        for _ in range(count):
            item: Any
            if data.startswith(_LINK_START, at):
                item, at = self._read_link(data, at + len(_LINK_START), depth)
            elif data.startswith(_BUCKET_START, at):
                item, at = self._read_bucket(data, at + len(_BUCKET_START), depth)
            else:
                raise DecodeError('a KAMT slot is {"v": bucket} or {"l": [CID, bits, extension]}')
            items.append(item)
        return BitmapNode(bits, items), at

    def _read_bucket(self, data: bytes, at: int, depth: int) -> tuple[list[list[bytes]], int]:
        if depth < self._data_depth:
            raise DecodeError(f"a KAMT holds data at depth {depth}")
        bucket, at = read_bucket(data, at, self._bucket_size)
        for entry in bucket:
            if len(entry[0]) > KEY_BYTES:
                raise DecodeError(f"a KAMT key has {len(entry[0])} bytes")
            entry[0] = entry[0].rjust(KEY_BYTES, b"\0")
        check_order(bucket)
        return bucket, at

    def _read_link(self, data: bytes, at: int, depth: int) -> tuple[_Link, int]:
        cid, at = read_link(data, at)
        length, at = read_head(data, at, UNSIGNED)
        raw, at = read_bytes(data, at)
        if length % self._bit_width:
            raise DecodeError(f"a KAMT extension of {length} bits ends within a level")
        if length >= HASH_BITS - (depth + 1) * self._bit_width:
            raise DecodeError(f"a KAMT extension of {length} bits leaves no bits of the key")
        if len(raw) * 8 < length:
            raise DecodeError(f"a KAMT extension of {length} bits has {len(raw)} bytes")
        extension = int.from_bytes(raw, "big") >> (len(raw) * 8 - length)
        return _Link(cid, length, extension, raw), at


def _match(link: _Link, path: int, shift: int, bit_width: int) -> int:
    """Return how many bits of a link's extension agree with a path, in whole levels.

    `shift` bits of the path are left. Raises DecodeError when they agree but are too few.
    """
    length = min(link.length, shift)
    wanted = link.extension >> (link.length - length)
    differing = (wanted ^ (path >> (shift - length) & ((1 << length) - 1))).bit_length()
    if length < link.length and not differing:
        raise _too_deep()
    return (length - differing) // bit_width * bit_width


def _too_deep() -> DecodeError:
    return DecodeError("a KAMT is deeper than its keys are long")
