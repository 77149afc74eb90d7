"""Where time comes from: the system, or a hand that advances it.

Nothing in Papyrus asks the system for the time of the chain but `SystemClock`, so a test or a local
network runs on a `VirtualClock` and is the same each time. Times are Unix seconds, as the
timestamps of blocks are.
"""

import asyncio
import heapq
import time
from typing import Protocol

_LONGEST_SLEEP = 1.0
"""Seconds after which the clock on the wall is looked at again: it may be set, and a laptop wakes
from its sleep to a clock that went on while its timers stood still."""

_TURNS = 32
"""Turns of the event loop given to what a sleeper does before the next one is woken."""


class Clock(Protocol):
    """What services know of time."""

    def time(self) -> float:
        """Return the Unix seconds of now."""
        ...

    async def sleep_until(self, moment: float) -> None:
        """Return when the time has come; at once, but not before other tasks ran, if it has."""
        ...


class SystemClock:
    """The clock on the wall."""

    def time(self) -> float:
        """Return the Unix seconds of now."""
        return time.time()

    async def sleep_until(self, moment: float) -> None:
        """Return when the clock on the wall shows the moment, also where it was set meanwhile."""
        await asyncio.sleep(0)
        while (rest := moment - time.time()) > 0:  # noqa: ASYNC110 - the wall clock tells nobody
            await asyncio.sleep(min(rest, _LONGEST_SLEEP))


class VirtualClock:
    """A clock that stands still until it is advanced.

    Sleepers wake in the order of their moments, and those of one moment in the order in which they
    went to sleep. Each does its work, for some turns of the event loop, before the next one wakes;
    what it starts and sleeps for within the time advanced wakes in its turn too.
    """

    def __init__(self, start: float = 0.0) -> None:
        """Show this time until advanced."""
        self._now = float(start)
        self._asked = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        """Return the Unix seconds that the clock shows."""
        return self._now

    @property
    def next_waking(self) -> float | None:
        """The earliest moment that anyone sleeps until, or None where all are awake."""
        self._drop_those_gone()
        return self._sleepers[0][0] if self._sleepers else None

    async def sleep_until(self, moment: float) -> None:
        """Return when the clock was advanced to the moment."""
        if moment <= self._now:
            await asyncio.sleep(0)
            return
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked += 1
        heapq.heappush(self._sleepers, (moment, self._asked, waking))
        await waking

    async def advance_to(self, moment: float) -> None:
        """Let time pass up to a moment, waking whoever sleeps until then; ValueError if it is past.

        The clock shows each sleeper its own moment.
        """
        if moment < self._now:
            raise ValueError(f"time does not go back, from {self._now} to {moment}")
        await _let_others_work()
        while (waking := self.next_waking) is not None and waking <= moment:
            self._now = max(self._now, waking)
            heapq.heappop(self._sleepers)[2].set_result(None)
            await _let_others_work()
        self._now = max(self._now, moment)

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        await self.advance_to(self._now + seconds)

    def _drop_those_gone(self) -> None:
        """Forget sleepers that were cancelled."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)


async def _let_others_work() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
