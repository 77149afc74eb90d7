"""Rewriting every value of a tree while only one path of it is in memory.

A migration changes values and never keys, and the shape of a HAMT or an AMT depends on its keys
alone. So the migrated tree has the nodes of the old one in the same places: each is read, its
values are rewritten, what lies below it is rewritten first, and it is written and forgotten. That
gives the same blocks as building the new tree value by value, as the reference does.

A memo says what became of a node already rewritten. Within one migration it spares the snapshots of
a miner's sectors, which share nearly all their nodes; kept on disk, it lets an interrupted
migration go on where it stopped. Nodes are written after all that they lead to, so where the
rewritten node is in the store, its whole subtree is.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from papyrus.ipld.amt import Amt
from papyrus.ipld.amt_blocks import node_block as array_node_block
from papyrus.ipld.amt_blocks import root_block as array_root_block
from papyrus.ipld.bitmap_nodes import BitmapNode
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt_blocks import BUCKET_SIZE, node_block, read_node, read_slot
from papyrus.ipld.tree_blocks import put_block, whole, write_link
from papyrus.primitives.errors import DecodeError

MAP_BIT_WIDTH = 5
"""The width of the state tree and of every map that a migration rewrites."""

SHARES = 1 << 2 * MAP_BIT_WIDTH
"""Into how many equal parts the keys of a map fall, to say how much of it is done."""

_MAX_LEVELS = 52
"""The levels that the 256 bits of a key's hash are enough for."""

_RECENT = 1 << 16
"""About 20 MB: twice the nodes of the sectors of a miner of a million."""

RewriteEntry = Callable[[bytes, bytes], bytes]
"""Gives the new encoded value of a key and its old encoded value."""

RewriteElement = Callable[[int, bytes], bytes]
"""Gives the new encoded value of an index and its old encoded value."""


class Memo(Protocol):
    """Remembers what became of nodes; it may forget any of them."""

    def get(self, old: Cid, /) -> Cid | None:
        """Return the rewritten node, whose whole subtree is in the store, or None."""
        ...

    def put(self, old: Cid, new: Cid, /) -> None:
        """Remember that a node and its subtree were rewritten and written."""
        ...


class RecentMemo:
    """A memo of the nodes met last."""

    def __init__(self, limit: int = _RECENT) -> None:
        """Remember so many nodes at most."""
        self._limit = limit
        self._nodes: OrderedDict[Cid, Cid] = OrderedDict()

    def get(self, old: Cid) -> Cid | None:
        """Return the rewritten node, or None."""
        new = self._nodes.get(old)
        if new is not None:
            self._nodes.move_to_end(old)
        return new

    def put(self, old: Cid, new: Cid) -> None:
        """Remember a node, and forget the one not asked for longest if there are too many."""
        self._nodes[old] = new
        if len(self._nodes) > self._limit:
            self._nodes.popitem(last=False)


class _NoMemo:
    """Remembers nothing."""

    def get(self, _old: Cid) -> Cid | None:
        """Return None."""
        return None

    def put(self, _old: Cid, _new: Cid) -> None:
        """Forget it."""


NO_MEMO: Memo = _NoMemo()
"""For trees whose values depend on more than the block they are in."""


def rewrite_map(
    store: Blockstore,
    root: Cid,
    rewrite: RewriteEntry,
    memo: Memo = NO_MEMO,
    progress: Callable[[int], None] | None = None,
) -> Cid:
    """Write the HAMT whose values are rewritten, and return its root.

    `progress` hears how many of the `SHARES` are done. Raises DecodeError on a malformed node or a
    tree not in its one form, LocalFault on a missing block, and what `rewrite` raises.
    """
    return _MapRewriter(store, rewrite, memo, progress).node(root, level=1, first_share=0)


def rewrite_array(
    store: Blockstore, root: Cid, bit_width: int, rewrite: RewriteElement, memo: Memo = NO_MEMO
) -> Cid:
    """Write the AMT whose values are rewritten, and return its root.

    A memo may be used where a value's rewriting does not depend on its index. Raises as
    `rewrite_map` does.
    """
    array = Amt(store, root, bit_width=bit_width)
    if array.height and array.root.bits == 1:
        raise DecodeError(f"the array {root} is higher than its elements need")

    def node(child: BitmapNode | Cid, height: int, base: int) -> bytes:
        slots = array.read_slots(child, height)
        items = [
            write_link(below(item, height - 1, base + (slot << height * bit_width)))
            if height
            else rewrite(base + slot, item)
            for slot, item in slots.items()
        ]
        return array_node_block(sum(1 << slot for slot in slots), items, bit_width, height)

    def below(old: Cid, height: int, base: int) -> Cid:
        new = memo.get(old)
        if new is None:
            new = put_block(store, node(old, height, base))
            memo.put(old, new)
        return new

    new_root = node(array.root, array.height, 0)
    block = array_root_block(array.version, bit_width, array.height, array.count, new_root)
    return put_block(store, block)


class _MapRewriter:
    """One rewriting of a HAMT."""

    def __init__(
        self,
        store: Blockstore,
        rewrite: RewriteEntry,
        memo: Memo,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._store = store
        self._rewrite = rewrite
        self._memo = memo
        self._progress = progress

    def node(self, cid: Cid, level: int, first_share: int) -> Cid:
        """Write the node that comes of one, having written what lies below it."""
        if level > _MAX_LEVELS:
            raise DecodeError("a path of the map is longer than a hash")
        data = load(self._store, cid)
        node = whole(data, lambda block: read_node(block, 1 << MAP_BIT_WIDTH, legacy=False))
        slots: list[Cid | list[list[bytes]]] = []
        share = SHARES >> level * MAP_BIT_WIDTH
        for index, slot in node.slots().items():
            if type(slot) is bytes:
                slot = read_slot(slot)  # noqa: PLW2901 - the same slot, read
            slots.append(
                self._below(slot, level + 1, first_share + index * share)
                if isinstance(slot, Cid)
                else [[key, self._rewrite(key, value)] for key, value in slot]
            )
            if share and self._progress is not None:
                self._progress(first_share + (index + 1) * share)
        if level > 1 and _fits_a_bucket(slots):
            raise DecodeError(f"the node {cid} of a map would fit in its parent")
        return put_block(self._store, node_block(node.bits, slots, legacy=False))

    def _below(self, old: Cid, level: int, first_share: int) -> Cid:
        new = self._memo.get(old)
        if new is None:
            new = self.node(old, level, first_share)
            self._memo.put(old, new)
        return new


def _fits_a_bucket(slots: list[Cid | list[list[bytes]]]) -> bool:
    entries = 0
    for slot in slots:
        if isinstance(slot, Cid):
            return False
        entries += len(slot)
    return entries <= BUCKET_SIZE
