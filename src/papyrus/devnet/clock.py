"""A devnet's clock: the time of its chain, not of the wall.

A devnet that makes many tipsets in a second is ahead of the wall, and one that was stopped over
night is behind it. Its clock begins where the chain ended, goes on at the wall's pace, and is put
forward whenever a block needs it. So no epoch is lost while nobody looks.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

_LONGEST_SLEEP = 1.0


class DevnetClock:
    """A clock that may be put forward, never back."""

    def __init__(self, start: float, wall: Callable[[], float] = time.monotonic) -> None:
        """Show this moment now; `wall` tells how time passes."""
        self._wall = wall
        self._offset = start - wall()
        self._forward = asyncio.Event()

    def time(self) -> float:
        """Return the Unix seconds that the clock shows."""
        return self._wall() + self._offset

    async def sleep_until(self, moment: float) -> None:
        """Return when the clock shows the moment, also where it was put forward meanwhile."""
        await asyncio.sleep(0)
        while (rest := moment - self.time()) > 0:
            self._forward.clear()
            # Not asyncio.wait_for: before 3.12 it loses a cancellation that comes with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(rest, _LONGEST_SLEEP)):
                    await self._forward.wait()

    def advance_to(self, moment: float) -> None:
        """Put the clock forward to a moment, if it is not there yet."""
        ahead = moment - self.time()
        if ahead > 0:
            self._offset += ahead
            self._forward.set()
