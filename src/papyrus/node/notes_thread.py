"""The notes of the chain are written on a thread of their own, in their order.

What the chain store notes is true at once for all that this process does next. It is on the disk a
little later; whoever promises something to others waits for that.
"""

from concurrent.futures import Future
from pathlib import Path

from papyrus.node.disk_thread import WriteBehind, done
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_notes import ChainNotes, Change, Write, open_notes


class NotesThread:
    """The thread, once it has the notes."""

    def __init__(self) -> None:
        """Begin without notes."""
        self._file: WriteBehind[ChainNotes, Change] | None = None

    def open(self, path: Path) -> Write:
        """Open the notes in a file, and return what has a change of them made."""
        self._file = WriteBehind("notes", lambda: open_notes(path), ChainNotes.change_all)
        return self._file.note

    def flush(self) -> "Future[None]":
        """Return what is done when all that was noted is on the disk; LocalFault where not."""
        if self._file is None:
            raise LocalFault("the notes of the chain are closed")
        return self._file.flush()

    async def flushed(self) -> None:
        """Return when all that was noted is on the disk; LocalFault where it is not."""
        await done(self.flush())

    def close(self) -> None:
        """Return when all that was noted is on the disk, or cannot be written."""
        if self._file is not None:
            self._file.close()
            self._file = None
