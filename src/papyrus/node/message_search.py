"""Looking for messages on the chain, on a thread of its own.

The index knows most of them; for others the chain is walked back, tipset by tipset. Who waits for a
message looks into each new tipset, and all who wait share what was read of it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.messages import put_message, tipset_messages
from papyrus.chain.search import MessageLookup, MessageReplaced, MessageWait, search_message
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.selection import ChainMessage
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.node.disk_thread import done
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rules.network import Network
from papyrus.storage.chain_index_file import open_index
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey

_TIPSETS_KEPT = 4
"""Whose messages are kept decoded: a few heads that all who wait look into."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that is looked for."""

    cid: Cid
    allow_replaced: bool
    waiting: SignedMessage | None = None
    """The message where it still waits: it is kept, to be known when a block has taken it."""


class MessageSearch:
    """The thread, and what it has read."""

    def __init__(self, path: Path, blocks: Blockstore, network: Network) -> None:
        """Open the index once more, for the thread; LocalFault where it cannot be."""
        self._blocks = blocks
        self._network = network
        self._source = StoredChain(blocks)
        self._read: dict[TipsetKey, Sequence[ChainMessage]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._index = self._thread.submit(open_index, path).result()

    async def find(
        self, wanted: Wanted, base: Tipset, lookback: ChainEpoch
    ) -> MessageLookup | None:
        """Return where a message was executed on the chain that ends in a tipset; None if not.

        As `search_message` does; None too where only a replacement was executed that is not
        allowed.
        """
        return await done(self._thread.submit(self._find, wanted, base, lookback))

    async def wait(
        self, wanted: Wanted, head: Tipset, confidence: int, lookback: ChainEpoch
    ) -> MessageWait:
        """Return a search of the chain up to a head, which goes on with `follow`."""

        def begin() -> MessageWait:
            found = self._find(wanted, head, lookback)
            return MessageWait(
                self._chain(head),
                self._network,
                wanted.cid,
                confidence,
                found,
                allow_replaced=wanted.allow_replaced,
                read=self._messages,
            )

        return await done(self._thread.submit(begin))

    async def follow(self, waiting: MessageWait, change: HeadChange) -> None:
        """Let a search go on with a change of the head."""
        await done(self._thread.submit(waiting.on_head_change, change))

    def close(self) -> None:
        """End the thread, once what was asked is done."""
        self._thread.submit(self._index.close)
        self._thread.shutdown()

    def _find(self, wanted: Wanted, base: Tipset, lookback: ChainEpoch) -> MessageLookup | None:
        signed = wanted.waiting
        if signed is not None and not self._blocks.has(wanted.cid):
            put_message(self._blocks, signed)
        try:
            return search_message(
                self._chain(base),
                self._index,
                self._network,
                wanted.cid,
                lookback=lookback,
                allow_replaced=wanted.allow_replaced,
                read=self._messages,
            )
        except MessageReplaced:
            if wanted.allow_replaced:
                raise
            return None

    def _chain(self, head: Tipset) -> "_ChainUpTo":
        return _ChainUpTo(head, self._blocks, self._source)

    def _messages(
        self, store: Blockstore, tipset: Tipset, network: Network
    ) -> Sequence[ChainMessage]:
        found = self._read.get(tipset.key)
        if found is None:
            found = self._read[tipset.key] = tipset_messages(store, tipset, network)
            if len(self._read) > _TIPSETS_KEPT:
                del self._read[next(iter(self._read))]
        return found


@dataclass(frozen=True, slots=True)
class _ChainUpTo:
    """The chain up to a tipset as the thread sees it."""

    head: Tipset
    blocks: Blockstore
    source: StoredChain

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        return self.source.tipset(key)
