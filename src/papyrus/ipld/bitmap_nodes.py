"""What the HAMT, the AMT and the KAMT share: sparse nodes, and what a difference is.

A node of each of these trees has up to 2^width slots and stores only the ones in use, in order,
beside a bitmap of which they are. In memory a slot holds either data or a child, and a child is
the CID of a node not yet read or the node itself. Values stay encoded, so that equal means equal
bytes (`papyrus.ipld.tree_blocks`).

A node remembers the CID it was read from or written to, and forgets it when anything beneath it
changes: so a flush writes exactly the nodes without one, and two nodes with the same CID need no
comparing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid

Key = TypeVar("Key")

HASH_BITS = 256
"""The length of what the HAMT and the KAMT read slots from: a digest, or a key of 32 bytes."""


def top_shift(bit_width: int) -> int:
    """Return how many bits a path has: its levels times the bits each uses."""
    return -(-HASH_BITS // bit_width) * bit_width


def path_of(digest: bytes, bit_width: int) -> int:
    """Return the slots that 32 bytes name, one to a level, the root's in the highest bits.

    The last level has only the bits that are left, so the others of its slot number are zero.
    """
    path = int.from_bytes(digest, "big")
    left = HASH_BITS % bit_width
    return (path >> left << bit_width) | (path & ((1 << left) - 1)) if left else path


class BitmapNode:
    """A node in memory: `items` holds the slots whose bits are set, lowest first."""

    __slots__ = ("bits", "cid", "items")

    def __init__(self, bits: int, items: list[Any], cid: Cid | None = None) -> None:
        """Hold the slots; `cid` is where this very content is stored, if it is."""
        self.bits = bits
        self.items = items
        self.cid = cid

    def insert(self, index: int, item: Any) -> None:
        """Fill the empty slot `index`."""
        self.items.insert((self.bits & ((1 << index) - 1)).bit_count(), item)
        self.bits |= 1 << index

    def remove(self, index: int) -> None:
        """Empty the slot `index`, which is in use."""
        del self.items[(self.bits & ((1 << index) - 1)).bit_count()]
        self.bits ^= 1 << index

    def slots(self) -> dict[int, Any]:
        """Return the slots in use by index, lowest first."""
        bits, indices = self.bits, []
        while bits:
            lowest = bits & -bits
            indices.append(lowest.bit_length() - 1)
            bits ^= lowest
        return dict(zip(indices, self.items, strict=True))


def put_entry(
    node: BitmapNode,
    position: int,
    new: list[bytes],
    size: int,
    spread: Callable[[list[list[bytes]]], Any],
) -> bool:
    """Put a [key, encoded value] entry into a bucket; return whether anything changed.

    A bucket of `size` entries with other keys gives way to what `spread` makes of them and it.
    """
    bucket = node.items[position]
    for place, entry in enumerate(bucket):
        if entry[0] == new[0]:
            if entry[1] == new[1]:
                return False
            bucket[place] = new
            return True
    if len(bucket) < size:
        bucket.append(new)
        bucket.sort()
    else:
        node.items[position] = spread([*bucket, new])
    return True


def drop_entry(node: BitmapNode, index: int, bucket: list[list[bytes]], key: bytes) -> bool:
    """Remove a key from the bucket in slot `index`; return whether it was there."""
    for place, entry in enumerate(bucket):
        if entry[0] == key:
            if len(bucket) == 1:
                node.remove(index)
            else:
                del bucket[place]
            return True
    return False


def gathered(items: list[Any], size: int) -> list[list[bytes]] | None:
    """Return the entries of a node as one bucket, or None where it has children or too many."""
    if any(type(item) is not list for item in items) or sum(map(len, items)) > size:
        return None
    return sorted(entry for bucket in items for entry in bucket)


@dataclass(frozen=True, slots=True)
class Difference(Generic[Key]):
    """What must be done to one tree to get another; a key is in at most one of the three."""

    added: dict[Key, Any] = field(default_factory=dict)
    """The keys only the new tree has, with its values."""

    removed: dict[Key, Any] = field(default_factory=dict)
    """The keys only the old tree has, with its values."""

    changed: dict[Key, tuple[Any, Any]] = field(default_factory=dict)
    """The keys of both whose values differ: (old, new)."""

    def compare(self, old: dict[Key, bytes], new: dict[Key, bytes]) -> None:
        """Record what differs between two small parts of the trees that hold the same keys.

        The values come encoded: what has one encoding is equal.
        """
        for key, value in old.items():
            if key not in new:
                self.removed[key] = dag_cbor.decode(value)
            elif value != new[key]:
                self.changed[key] = (dag_cbor.decode(value), dag_cbor.decode(new[key]))
        for key, value in new.items():
            if key not in old:
                self.added[key] = dag_cbor.decode(value)
