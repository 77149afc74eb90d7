"""What a subscriber hears of the node, one item after the other.

The node publishes without waiting, from its event loop; what a subscriber has not taken yet waits
in a queue of its own. The chain does not wait for anybody: where the queue is full, the subscriber
hears SlowReader in place of the rest, and has to begin anew.
"""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from papyrus.rpc.errors import SlowReader

T = TypeVar("T")

MOST_UNREAD = 256
"""Items that may wait for one subscriber; Lotus gives 16 (chain/store/store.go)."""


class Feed(Generic[T]):
    """Items on their way to one subscriber, which iterates over it."""

    def __init__(self, most: int = MOST_UNREAD) -> None:
        """Hold up to `most` items that nobody has taken."""
        self._most = most
        self._items: deque[T] = deque()
        self._has_items = asyncio.Event()
        self._is_over = False
        self._is_full = False

    def publish(self, item: T) -> None:
        """Add an item; where there is no room the feed is over, and its reader will hear why."""
        if self._is_over:
            return
        if len(self._items) >= self._most:
            self._is_full = self._is_over = True
            self._items.clear()
        else:
            self._items.append(item)
        self._has_items.set()

    def end(self) -> None:
        """Let the reader come to an end after what is there."""
        self._is_over = True
        self._has_items.set()

    def __aiter__(self) -> "Feed[T]":
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._is_full:
                raise SlowReader(f"this subscriber is too slow: {self._most} items are unread")
            if self._is_over:
                raise StopAsyncIteration
            self._has_items.clear()
            await self._has_items.wait()
        return self._items.popleft()
