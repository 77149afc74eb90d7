"""Watching that nothing holds up the event loop: all else in the node waits while something does.

A heartbeat is due every so often; by how much it is late, the loop was held up. What is measured is
thus short of the true stall by up to one beat, and never above it.
"""

import asyncio
from collections.abc import Callable

from papyrus.node.logging import part

BEAT = 0.01
"""Seconds between two beats; a hundred a second cost half a percent of a processor."""

_LINE_EVERY = 1.0
"""Seconds between two lines in the log."""

_log = part("loop")


class LoopWatch:
    """Measures stalls of the loop that it was started in, and tells of them in the log."""

    def __init__(self, hear: Callable[[float], None], limit: float = 0.05) -> None:
        """Tell `hear` the seconds of each stall longer than the limit."""
        self.longest = 0.0
        """Seconds of the longest stall."""
        self.count = 0
        """How many were longer than the limit."""
        self._hear = hear
        self._limit = limit
        self._due = 0.0
        self._told = float("-inf")
        self._beat: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to watch the running loop."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + BEAT
        self._beat = loop.call_at(self._due, self._on_beat, loop)

    def stop(self) -> None:
        """Watch no more."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _on_beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = now - self._due
        self._due = now + BEAT
        self._beat = loop.call_at(self._due, self._on_beat, loop)
        self.longest = max(self.longest, late)
        if late > self._limit:
            self.count += 1
            self._hear(late)
            if now - self._told >= _LINE_EVERY:
                self._told = now
                _log.warning("event loop held up", seconds=round(late, 3), times=self.count)
