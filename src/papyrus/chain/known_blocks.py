"""The judged blocks of recent heights, from which tipsets are formed (node.md 3.6).

A producer does not know who else wins, so a tipset is not sent as such: its blocks come one by one,
and every good block of a height counts that has the same parents. Blocks on forks are kept too, for
the fork may grow; so this is written down, and there after a restart. What lies a finality below
the head is forgotten, since no tipset of that age can become the head.
"""

from collections.abc import Iterable

from papyrus.consensus.chain import load_header
from papyrus.consensus.fork_choice import formable_tipsets
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.storage.chain_notes import (
    ChainNotes,
    forget_blocks_above,
    known_blocks,
    note_blocks,
)
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import Tipset


class KnownBlocks:
    """The judged blocks by height."""

    def __init__(self, notes: ChainNotes, store: Blockstore) -> None:
        """Take up what was written down before."""
        self._notes, self._store = notes, store
        self._by_height: dict[ChainEpoch, dict[Cid, BlockHeader | None]] = {}
        for height, cid in known_blocks(notes):
            self._by_height.setdefault(height, {})[cid] = None

    def add(self, headers: Iterable[BlockHeader]) -> None:
        """Add blocks that were judged good and are in the store."""
        fresh = [
            (header, cid)
            for header in headers
            if (cid := header.cid) not in self._by_height.get(header.height, {})
        ]
        if fresh:
            note_blocks(self._notes, ((header.height, cid) for header, cid in fresh))
        for header, cid in fresh:
            self._by_height.setdefault(header.height, {})[cid] = header

    def has(self, header: BlockHeader) -> bool:
        """Return whether a block is among them."""
        return header.cid in self._by_height.get(header.height, {})

    def at(self, height: ChainEpoch) -> list[BlockHeader]:
        """Return the blocks of a height in the order they came; LocalFault if one is missing."""
        found = self._by_height.get(height, {})
        for cid, header in found.items():
            if header is None:
                found[cid] = load_header(self._store, cid)
        return [header for header in found.values() if header is not None]

    def tipsets_at(self, height: ChainEpoch) -> tuple[Tipset, ...]:
        """Return the tipsets that the blocks of a height make, those of equivocators left out."""
        return formable_tipsets(self.at(height))

    def heights(self) -> list[ChainEpoch]:
        """Return the heights that have blocks, lowest first."""
        return sorted(self._by_height)

    def drop_below(self, height: ChainEpoch) -> None:
        """Follow the notes, which forgot what lies below a height."""
        for old in [known for known in self._by_height if known < height]:
            del self._by_height[old]

    def forget_above(self, height: ChainEpoch) -> None:
        """Forget the blocks above a height, so that others may take their place."""
        forget_blocks_above(self._notes, height)
        for later in [known for known in self._by_height if known > height]:
            del self._by_height[later]
