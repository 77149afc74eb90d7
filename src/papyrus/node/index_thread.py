"""The index of the chain follows the head on a thread of its own.

To index a tipset is to read all its messages, which the event loop has no time for. Others read the
index meanwhile, as it was before or as it is after a change.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.indexing import IndexFollower
from papyrus.consensus.chain import StoredChain
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.node.disk_thread import done
from papyrus.node.logging import part
from papyrus.primitives.errors import PapyrusError
from papyrus.rules.network import Network
from papyrus.storage.chain_index_file import open_index
from papyrus.types.tipset import Tipset

_log = part("index")


class IndexThread:
    """The thread, and what it was asked last."""

    def __init__(self, path: Path, blocks: Blockstore, network: Network) -> None:
        """Open the index once more, for the thread; LocalFault where it cannot be."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._latest: Future[None] = Future()
        self._latest.set_result(None)

        def opened() -> IndexFollower:
            return IndexFollower(open_index(path), StoredChain(blocks), blocks, network)

        self._follower = self._thread.submit(opened).result()

    def follow(self, change: HeadChange) -> None:
        """Bring the index from the old head to the new one, in its turn."""
        self._ask(lambda: self._follower.follow(change))

    def record_outcomes(self, tipset: Tipset, receipts_root: Cid) -> None:
        """Index what executing a tipset gave, in its turn."""
        self._ask(lambda: self._follower.record_outcomes(tipset, receipts_root))

    async def caught_up(self) -> None:
        """Return when the index is where it was asked to be, or was found to be out of step."""
        await done(self._latest)

    def close(self) -> None:
        """Return when all that was asked is done."""
        self._thread.submit(self._follower.index.close)
        self._thread.shutdown()

    def _ask(self, work: Callable[[], None]) -> None:
        def told() -> None:
            try:
                work()
            except PapyrusError as error:
                # The next change finds it where it is, and brings it to the head from there.
                _log.error("the index does not follow", why=error)

        self._latest = self._thread.submit(told)
