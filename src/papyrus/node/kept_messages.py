"""Users' messages on their way to the disk: in their order, and as many as wait with one flush.

The pool notes what is to be kept, and goes on. Whatever is noted while one flush is under way is
written by the next, so a hundred clients who push at once wait for a flush or two, not a hundred.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

from papyrus.mpool.local_messages import FileChange, LocalMessages
from papyrus.mpool.taken import Turn
from papyrus.node.disk_thread import DiskThread
from papyrus.node.logging import part
from papyrus.primitives.errors import PapyrusError
from papyrus.types.message import SignedMessage

_log = part("mpool")


class KeptMessages:
    """The file of users' messages as the pool has it in a node."""

    def __init__(self, path: Path) -> None:
        """Open the file, made where there is none; LocalFault where it cannot be, or is no such."""
        self._disk = DiskThread("local messages", lambda: LocalMessages(path))
        self._noted: list[FileChange] = []
        self._flush: asyncio.Future[None] | None = None
        """Of what is noted and, where nothing is, of what is being written."""
        self._writing: asyncio.Task[None] | None = None

    def change(self, change: FileChange) -> None:
        """Note a change; it is on the disk when what `flush` returns then is done."""
        loop = asyncio.get_running_loop()
        if not self._noted:
            self._flush = loop.create_future()
        self._noted.append(change)
        if self._writing is None:
            self._writing = loop.create_task(self._write(), name="local messages")

    def flush(self) -> "asyncio.Future[None] | None":
        """Return what is done when the last change is on the disk; None where it is.

        It has a LocalFault where the file cannot be written, and must not be cancelled.
        """
        return self._flush

    def of_turns(self, turns: Collection[Turn]) -> list[SignedMessage]:
        """Return the messages that are kept for some turns, of those that are on the disk."""
        return self._disk.reader.of_turns(turns)

    def all(self) -> list[SignedMessage]:
        """Return every message that is on the disk, by sender and nonce."""
        return self._disk.reader.all()

    async def load(self) -> list[SignedMessage]:
        """Return what `all` does, read on the file's thread."""
        return await self._disk.run(LocalMessages.all)

    async def stop(self) -> None:
        """Return when all that was noted is on the disk, or cannot be written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    def close(self) -> None:
        """Let go of the file."""
        self._disk.close()

    async def _write(self) -> None:
        while self._noted and self._flush is not None:
            changes, flush = self._noted, self._flush
            self._noted = []
            try:
                await self._disk.run(LocalMessages.change_all, changes)
            except PapyrusError as error:
                _log.error("local messages were not written", why=error)
                flush.set_exception(error)
                flush.exception()  # nobody need have waited
            else:
                flush.set_result(None)
            if self._flush is flush:
                self._flush = None
        self._writing = None
