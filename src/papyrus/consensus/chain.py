"""Walking the chain backwards from a tipset (node.md 3.4, 3.5).

Everything consensus asks of the past is a tipset by its key or by its height below another
tipset. An epoch without blocks has no tipset, so a lookup by height says which neighbour it wants.
"""

from typing import Protocol

from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import Tipset, TipsetKey

_CACHED_TIPSETS = 4 * CHAIN_FINALITY
"""Enough for the lookback of one execution and its randomness, and bounded."""


class TipsetSource(Protocol):
    """Who finds tipsets by their key."""

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return the tipset; LocalFault where a block of it is missing."""


class StoredChain:
    """Tipsets from a store of blocks, the latest asked for kept decoded."""

    __slots__ = ("_cache", "_store")

    def __init__(self, store: Blockstore) -> None:
        """Read headers from `store`."""
        self._store = store
        self._cache: dict[TipsetKey, Tipset] = {}

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return the tipset; LocalFault where a block of it is missing or is no block."""
        found = self._cache.get(key)
        if found is None:
            try:
                found = Tipset.of(load_header(self._store, cid) for cid in key.cids)
            except DecodeError as error:
                raise LocalFault(f"tipset {key} cannot be read: {error}") from error
            while len(self._cache) >= _CACHED_TIPSETS:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = found
        return found


def load_header(store: Blockstore, cid: Cid) -> BlockHeader:
    """Return a block header that must be there; LocalFault where it is not, DecodeError if bad."""
    return BlockHeader.from_cbor(load(store, cid))


def tipset_at(
    source: TipsetSource, base: Tipset, height: ChainEpoch, *, before_null: bool
) -> Tipset:
    """Return the tipset at a height on the chain that ends in `base`.

    Where the epoch has none, the last one before it or the first one after it. LookupError for a
    height above the base or below zero.
    """
    if height > base.height:
        raise LookupError(f"height {height} lies after the tipset at {base.height}")
    if height < 0:
        raise LookupError(f"height {height} lies before genesis")
    current = base
    while current.height > height:
        parent = source.tipset(current.parents)
        if parent.height < height and not before_null:
            return current
        current = parent
    return current
