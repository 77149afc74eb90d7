"""HAMTs, AMTs and KAMTs whose nodes are hostile: read, changed and written again."""

from collections.abc import Iterator
from itertools import islice

from fuzz.harness import fuzz
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.kamt import Kamt

SPLIT = b"\xff\xfe\xfd"
MOST_ENTRIES = 1000


class Hostile:
    """A store that answers for any CID: one node leads to the next of the input."""

    def __init__(self, nodes: list[bytes]) -> None:
        """Hold the nodes in the order in which they will be asked for."""
        self._blocks: dict[Cid, bytes] = {}
        self._nodes = iter(nodes)
        self._last = nodes[-1]

    def get(self, cid: Cid) -> bytes:
        """Return what was put, or the next node."""
        known = self._blocks.get(cid)
        return next(self._nodes, self._last) if known is None else known

    def put(self, cid: Cid, data: bytes) -> None:
        """Keep a block."""
        self._blocks[cid] = data

    def has(self, cid: Cid) -> bool:
        """Return that there is an answer."""
        return bool(cid)


class Recording(Hostile):
    """A store that remembers its blocks in the order in which they were read."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        super().__init__([b""])
        self.read: list[bytes] = []

    def get(self, cid: Cid) -> bytes:
        """Return the block and remember it."""
        self.read.append(super().get(cid))
        return self.read[-1]


def walk(items: Iterator[object]) -> None:
    """Read a bounded number of entries."""
    for _ in islice(items, MOST_ENTRIES):
        pass


def open_tree(kind: int, store: Blockstore, root: Cid | None) -> Hamt | Amt | Kamt:
    """Open a tree of one of six kinds."""
    match kind:
        case 0 | 1:
            return Hamt(store, root, legacy=kind == 1)
        case 2 | 3:
            return Amt(store, root, bit_width=3 if kind == 2 else 5)
        case 4:
            return Amt(store, root, version=0)
        case _:
            return Kamt(store, root)


def parse(data: bytes) -> None:
    """Read and change the tree that the first byte chooses, on the nodes that follow."""
    if len(data) <= 1:
        return
    tree = open_tree(data[0] % 6, Hostile(data[1:].split(SPLIT)), Cid.of(b"root"))
    walk(tree.items())
    for number in (7, 8, 10**9):
        key = number if isinstance(tree, Amt) else number.to_bytes(32, "big")
        tree.get(key)
        tree.set(key, b"value")
        tree.delete(key)
    tree.flush()


def seeds() -> Iterator[bytes]:
    """Yield trees of each kind, node after node."""
    for kind in range(6):
        store = Recording()
        tree = open_tree(kind, store, None)
        for number in range(100):
            key = number if isinstance(tree, Amt) else number.to_bytes(32, "big")
            tree.set(key, [number, b"value"])
        walk(open_tree(kind, store, tree.flush()).items())
        yield bytes([kind]) + SPLIT.join(store.read)


if __name__ == "__main__":
    fuzz(parse, seeds())
