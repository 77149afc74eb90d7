"""The chain index follows the head (node.md 3.12).

Each change of the head is one transaction of the index. A tipset's receipts are in the header of
its child, so they are indexed with the child, or as soon as somebody has executed the tipset. The
index is not flushed to the disk with each change and may be deleted; so it is brought to the head
when the chain is opened, by the same steps, and made anew where it lost the way.
"""

from collections.abc import Callable, Iterator, Sequence

from papyrus.chain.head_changes import HeadChange, path_between
from papyrus.consensus.chain import TipsetSource
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.rules.network import Network
from papyrus.storage import chain_index
from papyrus.storage.chain_index import TipsetEntry
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.storage.chain_reading import read_chain, read_outcomes, read_tipset
from papyrus.types.tipset import Tipset, TipsetKey

Progress = Callable[[int, int], None]
"""Hears how many epochs are done, and of how many."""

_TIPSETS_TOGETHER = 50
"""Tipsets indexed in one transaction while catching up."""


class IndexFollower:
    """Keeps an index at the head of a chain."""

    def __init__(
        self, index: ChainIndex, source: TipsetSource, store: Blockstore, network: Network
    ) -> None:
        """Write to `index` what the blocks in `store` say."""
        self.index = index
        self._source, self._store, self._network = source, store, network

    def follow(self, change: HeadChange) -> None:
        """Bring the index from the old head to the new one."""
        base = (
            change.reverted[0].key if change.reverted
            else change.applied[0].parents if change.applied
            else None
        )  # fmt: skip
        top = chain_index.head(self.index)
        if base is None or top is None or top.key != base:
            head = change.applied[-1].key if change.applied else change.reverted[-1].parents
            self.catch_up(self._source.tipset(head))
        else:
            self._apply(change.reverted, change.applied)

    def catch_up(self, head: Tipset, progress: Progress | None = None) -> None:
        """Bring the index to the head from wherever it is; made anew where it knows no way."""
        change = self._way_to(head)
        if change is None:
            self.rebuild(head, progress)
            return
        start = (change.reverted or change.applied)[0].height if change != _NO_CHANGE else 0
        reverted: Sequence[Tipset] = change.reverted
        for at in range(0, max(len(change.applied), 1), _TIPSETS_TOGETHER):
            applied = change.applied[at : at + _TIPSETS_TOGETHER]
            self._apply(reverted, applied)
            reverted = ()
            if progress is not None and applied:
                progress(applied[-1].height - start, max(head.height - start, 1))

    def rebuild(self, head: Tipset, progress: Progress | None = None) -> int:
        """Make the index anew from the head down to genesis, and return how many tipsets."""

        def entries() -> Iterator[TipsetEntry]:
            for entry in read_chain(self._store, head.key, self._network):
                yield entry
                if progress is not None:
                    progress(head.height - entry.tipset.height, max(head.height, 1))

        return chain_index.rebuild(self.index, entries())

    def record_outcomes(self, tipset: Tipset, receipts_root: Cid) -> None:
        """Index what executing a tipset gave, if the tipset is indexed with its messages."""
        self._record(tipset.key, receipts_root)

    def _way_to(self, head: Tipset) -> HeadChange | None:
        top = chain_index.head(self.index)
        if top is None:
            return None
        try:
            return path_between(self._source, self._source.tipset(top.key), head)
        except (LocalFault, Invalid):
            return None  # of a chain whose blocks are gone

    def _apply(self, reverted: Sequence[Tipset], applied: Sequence[Tipset]) -> None:
        entries = [
            read_tipset(
                self._store,
                tipset,
                applied[place + 1] if place + 1 < len(applied) else None,
                self._network,
            )
            for place, tipset in enumerate(applied)
        ]
        chain_index.apply(self.index, [tipset.key for tipset in reverted], entries)
        if applied:
            self._record(applied[0].parents, applied[0].parent_message_receipts)

    def _record(self, key: TipsetKey, receipts_root: Cid) -> None:
        known = chain_index.messages_in(self.index, key)
        if any(message.receipt is None for message in known) and self._store.has(receipts_root):
            outcomes = read_outcomes(self._store, receipts_root)
            chain_index.record_outcomes(self.index, key, outcomes)


_NO_CHANGE = HeadChange((), ())
