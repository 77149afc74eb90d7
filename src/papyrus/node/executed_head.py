"""The head as the message pool sees it: the newest tipset of the chain whose state is known.

The chain store moves its head as soon as a tipset is the heaviest. What messages may follow it is
known only when it has been executed, which takes a worker some time. So changes are taken up one
after the other, each when the state after it is there.
"""

import asyncio
from collections.abc import Awaitable, Callable

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.store import ChainStore
from papyrus.node.logging import part
from papyrus.node.tipset_states import TipsetStates
from papyrus.primitives.errors import PapyrusError
from papyrus.types.tipset import Tipset, TipsetKey

_log = part("chain")

Prepare = Callable[[HeadChange], Awaitable[None]]
"""Gets ready what the observers of a change will read, which takes a while."""


async def _nothing(_change: HeadChange) -> None:
    """Prepare nothing."""


class ExecutedHead:
    """A chain's head, a little behind it at times."""

    def __init__(self, chain: ChainStore, states: TipsetStates) -> None:
        """Stand at the chain's head, whose state must be known or soon asked for."""
        self.prepare: Prepare = _nothing
        """Awaited before the observers hear of a change."""
        self._chain = chain
        self._states = states
        self._head = chain.head
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()
        self._observers: list[Callable[[HeadChange], None]] = []

    @property
    def head(self) -> Tipset:
        """The newest tipset whose state is known."""
        return self._head

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        return self._chain.tipset(key)

    def path(self, start: TipsetKey, end: TipsetKey) -> HeadChange:
        """Return how to get from one tipset to another."""
        return self._chain.path(start, end)

    def subscribe(self, observer: Callable[[HeadChange], None]) -> None:
        """Tell an observer of each change, once the state after the new head is known."""
        self._observers.append(observer)

    async def follow(self) -> None:
        """Follow the chain until cancelled."""
        end = self._chain.subscribe(lambda _: self._moved.set())
        try:
            while True:
                await self.catch_up()
                await self._moved.wait()
                self._moved.clear()
        finally:
            end()

    async def catch_up(self) -> None:
        """Return when this head is the chain's.

        Whoever moved the chain's head and asks at once goes on before anybody hears of the next.
        """
        async with self._turn:
            await self._catch_up()

    async def _catch_up(self) -> None:
        while self._head.key != (target := self._chain.head).key:
            try:
                await self._states.after(target)
            except PapyrusError as error:
                _log.error("the head cannot be executed", error=error, height=target.height)
                return
            start = self._head
            if start.key == target.key:
                return
            # The chain may have been set back meanwhile, and what was computed be forgotten.
            if self._chain.head.key != target.key:
                continue
            change = self._chain.path(start.key, target.key)
            await self._prepared(change)
            if self._chain.head.key == target.key and self._head.key == start.key:
                self._head = target
                self._tell(change)

    async def _prepared(self, change: HeadChange) -> None:
        try:
            await self.prepare(change)
        except PapyrusError as error:
            _log.error("a change of the head was not prepared", error=error)

    def _tell(self, change: HeadChange) -> None:
        """Tell the observers; what one of them cannot bear must not keep the rest from hearing."""
        for observer in tuple(self._observers):
            try:
                observer(change)
            except PapyrusError as error:
                _log.error("a change of the head was not taken up", error=error)
