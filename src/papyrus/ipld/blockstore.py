"""Block stores: where the bytes behind a CID are kept while they are worked on.

A store maps CIDs to blocks. The stores here live in memory; durable ones are in
`papyrus.storage` and follow the same protocol. `get` gives None for a block that is not there;
`load` is for blocks that must be there and raises `LocalFault`, for a missing block is this
machine's failure and never a verdict on the chain.

`BufferedBlockstore` is the VM's: everything a message writes stays in memory until `flush(root)`
moves what is reachable from the new state root to the base. What was written on the way there
and is no longer reachable is never stored (ref-fvm `blockstore/buffered.rs`).
"""

from typing import Any, Protocol

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import CHAIN_PREFIX, DAG_CBOR, Cid
from papyrus.ipld.links import possible_digests_in
from papyrus.primitives.errors import LocalFault

_DAG_CBOR_PREFIX = bytes((1, DAG_CBOR))
"""How a CID begins whose block holds links."""


class Blockstore(Protocol):
    """What every store of blocks can do."""

    def get(self, cid: Cid, /) -> bytes | None:
        """Return the block, or None where the store lacks it."""
        ...

    def put(self, cid: Cid, data: bytes, /) -> None:
        """Keep the block; the caller vouches that `cid` names `data`."""
        ...

    def has(self, cid: Cid, /) -> bool:
        """Return whether the store holds the block."""
        ...


def load(store: Blockstore, cid: Cid) -> bytes:
    """Return a block that must be there; raises `LocalFault` when it is not."""
    data = store.get(cid)
    if data is None:
        raise LocalFault(f"block {cid} is missing from the store")
    return data


def put_cbor(store: Blockstore, value: Any) -> Cid:
    """Store a value as a DAG-CBOR block under BLAKE2b-256 and return its CID."""
    data = dag_cbor.encode(value)
    cid = Cid.of(data)
    store.put(cid, data)
    return cid


def get_cbor(store: Blockstore, cid: Cid) -> Any:
    """Return the value of a DAG-CBOR block that must be there and must be canonical.

    Raises `LocalFault` when it is missing, `DecodeError` when it is no DAG-CBOR.
    """
    return dag_cbor.decode(load(store, cid))


class MemoryBlockstore:
    """A store that is a dict."""

    __slots__ = ("blocks", "get", "has")

    def __init__(self, blocks: dict[Cid, bytes] | None = None) -> None:
        """Hold `blocks` itself, not a copy."""
        self.blocks: dict[Cid, bytes] = {} if blocks is None else blocks
        # The dict's own methods, bound once: these two calls are most of what a HAMT walk does.
        self.get = self.blocks.get
        self.has = self.blocks.__contains__

    def put(self, cid: Cid, data: bytes) -> None:
        """Keep the block."""
        self.blocks[cid] = data

    def __len__(self) -> int:
        return len(self.blocks)


class BufferedBlockstore:
    """A store that keeps its writes in memory until they are flushed to the base."""

    __slots__ = ("base", "buffer")

    def __init__(self, base: Blockstore) -> None:
        """Read through to `base`, and write nothing to it before a flush."""
        self.base = base
        self.buffer: dict[Cid, bytes] = {}

    def get(self, cid: Cid) -> bytes | None:
        """Return the buffered block, else the base's."""
        data = self.buffer.get(cid)
        return self.base.get(cid) if data is None else data

    def put(self, cid: Cid, data: bytes) -> None:
        """Keep the block in the buffer."""
        self.buffer[cid] = data

    def has(self, cid: Cid) -> bool:
        """Return whether the buffer or the base holds the block."""
        return cid in self.buffer or self.base.has(cid)

    def flush(self, root: Cid) -> None:
        """Move every buffered block reachable from `root` to the base.

        A block that is not buffered is taken to be in the base with all it links to. Blocks that
        are not reachable stay in the buffer.
        """
        for cid, data in self._reachable(root).items():
            self.base.put(cid, data)
            del self.buffer[cid]

    def flush_all(self) -> None:
        """Move every buffered block to the base, reachable or not."""
        for cid, data in self.buffer.items():
            self.base.put(cid, data)
        self.buffer.clear()

    def _reachable(self, root: Cid) -> dict[Cid, bytes]:
        found: dict[Cid, bytes] = {}
        buffer = self.buffer
        by_digest: dict[bytes, list[Cid]] = {}
        for cid in buffer:
            by_digest.setdefault(cid[len(CHAIN_PREFIX) :], []).append(cid)
        stack = [root]
        while stack:
            cid = stack.pop()
            if cid in buffer and cid not in found:
                data = found[cid] = buffer[cid]
                if cid.startswith(_DAG_CBOR_PREFIX):
                    for digest in possible_digests_in(data):
                        if digest in by_digest:
                            stack += [link for link in by_digest[digest] if data.find(link) >= 0]
        return found


class LayeredBlockstore:
    """A store that writes to one store and reads that one first, then others in turn."""

    __slots__ = ("readers", "writer")

    def __init__(self, writer: Blockstore, *readers: Blockstore) -> None:
        """Write to `writer`; look for a block in `writer`, then in each of `readers`."""
        self.writer = writer
        self.readers = (writer, *readers)

    def get(self, cid: Cid) -> bytes | None:
        """Return the block from the first store that holds it."""
        for store in self.readers:
            data = store.get(cid)
            if data is not None:
                return data
        return None

    def put(self, cid: Cid, data: bytes) -> None:
        """Keep the block in the store that is written to."""
        self.writer.put(cid, data)

    def has(self, cid: Cid) -> bool:
        """Return whether any of the stores holds the block."""
        return any(store.has(cid) for store in self.readers)
