"""Pushing users' messages: checked on a thread, taken in order, acknowledged when on the disk.

To check a signature takes up to milliseconds and to flush a disk more, so neither is done on the
event loop. Messages are taken into the pool in the order in which they came, each as a whole, so
that nonces are given and refused as if nothing were done beside. From then on a message waits, and
may be taken by a block; but its sender hears of it when it is on the disk. Where it cannot get
there, it waits no longer.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from papyrus.ipld.cid import Cid
from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.checks import check_outgoing
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.pool import MessagePool, examined
from papyrus.mpool.pruning import excess_messages
from papyrus.node.disk_thread import done
from papyrus.node.kept_messages import KeptMessages
from papyrus.node.known_senders import know_senders
from papyrus.node.pool_settings import keep_settings
from papyrus.primitives.errors import Invalid, PapyrusError
from papyrus.types.message import SignedMessage

P = ParamSpec("P")
R = TypeVar("R")

_AT_ONCE = 16
"""Messages checked before others have their turn, and then taken: some milliseconds of each."""

_Flushes = set["Future[None]"]


class Pushing:
    """Who pushes for the users of a node."""

    def __init__(
        self, pool: MessagePool, view: StoredChainView, kept: KeptMessages, settings: Path
    ) -> None:
        """Push into a pool whose file is `kept`; its settings are kept in a file of their own."""
        self._pool = pool
        self._view = view
        self._kept = kept
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pushes")
        self._pruning: asyncio.Task[None] | None = None
        pool.when_full = self._prune_soon

    async def push(self, signed: SignedMessage, *, untrusted: bool = False) -> Cid:
        """Let a message wait, kept on the disk; return its CID.

        Invalid if refused, LocalFault if not kept. An untrusted one has narrower limits.
        """
        (cid,) = await self.push_all([signed], untrusted=untrusted)
        return cid

    async def push_all(
        self, messages: Sequence[SignedMessage], *, untrusted: bool = False
    ) -> list[Cid]:
        """Let messages wait, in order; return their CIDs.

        Raises Invalid with the first that is refused; those before it wait all the same, and are
        on the disk. But where one would lose its funds, none of them does.
        """
        for signed in messages:
            check_outgoing(signed.message)
        taken: list[Cid] = []
        flushes: _Flushes = set()
        refusal: PapyrusError | None = None
        for start in range(0, len(messages), _AT_ONCE):
            some = messages[start : start + _AT_ONCE]
            found, refusal = await self._on_thread(_up_to_refusal, self._pool.examine, some)
            try:
                for message in found:
                    taken.append(self._pool.take(message, untrusted=untrusted))
                    flushes.add(self._kept.flush())
            except PapyrusError as error:
                refusal = error
            if refusal is not None:
                break
        await self._flushed(flushes, taken)
        if refusal is not None:
            raise refusal
        return taken

    async def push_again(self, messages: Sequence[SignedMessage]) -> None:
        """Let messages wait that did before, those that still can."""
        taken: list[Cid] = []
        flushes: _Flushes = set()
        for start in range(0, len(messages), _AT_ONCE):
            some = messages[start : start + _AT_ONCE]
            found, _ = await self._on_thread(examined, self._pool, some)
            for message in found:
                try:
                    taken.append(self._pool.take(message))
                except Invalid:
                    continue
                flushes.add(self._kept.flush())
        await self._flushed(flushes, taken)

    async def on_disk(self, cid: Cid) -> None:
        """Return when a message that was just taken is on the disk.

        LocalFault where it does not get there: it waits no longer then.
        """
        await self._flushed({self._kept.flush()}, [cid])

    async def quiet(self) -> None:
        """Return when nothing of what was taken so far is still on its way to the disk."""
        with suppress(PapyrusError):  # who pushed it hears of that
            await done(self._kept.flush())

    async def load(self) -> list[Invalid]:
        """Let the messages on the disk wait; return why some of them cannot."""
        kept = await self._kept.load()
        problems: list[Invalid] = []
        for start in range(0, len(kept), _AT_ONCE):
            some = kept[start : start + _AT_ONCE]
            found, refused = await self._on_thread(examined, self._pool, some)
            self._pool.take_up(found)
            problems += refused
        return problems

    async def prune(self) -> None:
        """Drop the worst messages down to the lower limit, but none of users or priority."""
        await know_senders(self._pool, self._view, self._view.head, self._pool.senders())
        excess = await asyncio.to_thread(excess_messages, *self._pool.excess())
        self._pool.drop(excess)

    async def configure(self, config: MpoolConfig) -> None:
        """Give the pool other settings, which it has after the next start too."""
        await self._on_thread(keep_settings, self._settings, config)
        self._pool.config = config

    def stop(self) -> None:
        """Check no more; what was taken is on the disk when its file is closed."""
        if self._pruning is not None:
            self._pruning.cancel()
        self._thread.shutdown(cancel_futures=True)

    async def _flushed(self, flushes: _Flushes, taken: Iterable[Cid]) -> None:
        """Return when flushes are done; where one fails, none of the messages waits any more."""
        failed: PapyrusError | None = None
        for flush in flushes:
            try:
                await done(flush)
            except PapyrusError as error:
                failed = error
        if failed is not None:
            self._pool.withdraw(taken)
            raise failed

    def _prune_soon(self) -> None:
        if self._pruning is None:
            self._pruning = asyncio.get_running_loop().create_task(self.prune(), name="pruning")
            self._pruning.add_done_callback(self._pruned)

    def _pruned(self, task: "asyncio.Task[None]") -> None:
        self._pruning = None
        if not task.cancelled():
            task.result()

    async def _on_thread(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))


def _up_to_refusal(
    examine: Callable[[SignedMessage], PendingMessage], messages: Iterable[SignedMessage]
) -> tuple[list[PendingMessage], PapyrusError | None]:
    """Return the messages before the first that is refused, and why that is."""
    found: list[PendingMessage] = []
    for signed in messages:
        try:
            found.append(examine(signed))
        except PapyrusError as error:
            return found, error
    return found, None
