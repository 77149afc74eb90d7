"""The events a message emits (FIP-0049), and the AMT that commits to them in its receipt."""

from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.types.event import StampedEvent

_BIT_WIDTH = 5


class EventLog:
    """The events so far; a failed call takes its own back."""

    __slots__ = ("_marks", "events")

    def __init__(self) -> None:
        """Start without events."""
        self.events: list[StampedEvent] = []
        self._marks: list[int] = []

    def append(self, event: StampedEvent) -> None:
        """Add an event after the others."""
        self.events.append(event)

    def begin(self) -> None:
        """Open a transaction."""
        self._marks.append(len(self.events))

    def end(self, *, revert: bool) -> None:
        """Close the innermost transaction, dropping its events if it is reverted."""
        mark = self._marks.pop()
        if revert:
            del self.events[mark:]

    def root(self, store: Blockstore) -> Cid | None:
        """Write the events as an AMT and return its root; None where there are no events."""
        if not self.events:
            return None
        values = [event.to_ipld() for event in self.events]
        return amt_root(store, values, bit_width=_BIT_WIDTH, version=3)
