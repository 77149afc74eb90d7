"""The head as others hear of it: the chain's, once that is on the disk.

The chain store goes on with a new head at once, and it is written down on a thread meanwhile. Were
it announced before, and the process killed in between, others would know of a head that this node
has never had. So clients hear of each change in its turn, when no kill can undo it any more.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.store import ChainStore
from papyrus.node.disk_thread import done
from papyrus.types.tipset import Tipset

Observer = Callable[[HeadChange], None]


class AnnouncedHead:
    """The chain's head, a flush of the disk behind it."""

    def __init__(self, chain: ChainStore, flush: Callable[[], "Future[None]"]) -> None:
        """Follow a chain; `flush` returns what is done when all that it noted is on the disk."""
        self._chain = chain
        self._flush = flush
        self._head = chain.head
        self._waiting: deque[tuple[Future[None], HeadChange]] = deque()
        self._observers: list[Observer] = []
        chain.subscribe(self._on_change)

    @property
    def head(self) -> Tipset:
        """The newest head that is on the disk."""
        return self._head

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of each change from now on; return what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def caught_up(self) -> None:
        """Return when it is the chain's head; LocalFault where that cannot be written."""
        await done(self._flush())

    def _on_change(self, change: HeadChange) -> None:
        flush = self._flush()
        self._waiting.append((flush, change))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # then there is nobody else to be held up
            flush.exception()
            self._announce()
            return

        def on_written(_: "Future[None]") -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody hears any more
                loop.call_soon_threadsafe(self._announce)

        flush.add_done_callback(on_written)

    def _announce(self) -> None:
        """Tell of the changes up to the last that is on the disk, which answers for the others."""
        written = max(
            (place for place, (flush, _) in enumerate(self._waiting, 1) if _is_written(flush)),
            default=0,
        )
        for _ in range(written):
            _, change = self._waiting.popleft()
            self._head = (
                change.applied[-1]
                if change.applied
                else self._chain.tipset(change.reverted[-1].parents)
            )
            for observer in tuple(self._observers):
                observer(change)


def _is_written(flush: "Future[None]") -> bool:
    return flush.done() and flush.exception() is None
