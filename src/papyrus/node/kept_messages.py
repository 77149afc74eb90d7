"""Users' messages on their way to the disk: in their order, and as many as wait with one flush.

The pool notes what is to be kept, and goes on. Whatever is noted while one flush is under way is
written by the next, so a hundred clients who push at once wait for a flush or two, not a hundred.

Beside the file they are put into the chain's store, as by Lotus' MpoolPush: the file forgets what
was replaced, yet whoever holds its CID may still ask what came of it.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from pathlib import Path

from papyrus.chain.messages import put_message
from papyrus.mpool.local_messages import FileChange, LocalMessages, Put
from papyrus.mpool.taken import Turn
from papyrus.node.disk_thread import WriteBehind
from papyrus.storage.database import Database
from papyrus.types.message import SignedMessage


class KeptMessages:
    """The file of users' messages as the pool has it in a node."""

    def __init__(self, path: Path, database: Database) -> None:
        """Open the file, made where there is none; LocalFault where it cannot be, or is no such."""
        self._database = database
        self._file: WriteBehind[LocalMessages, FileChange] = WriteBehind(
            "local messages", lambda: LocalMessages(path), self._write
        )

    def change(self, change: FileChange) -> None:
        """Note a change; it is on the disk when what `flush` returns then is done."""
        self._file.note(change)

    def flush(self) -> "Future[None]":
        """Return what is done when the last change is on the disk; LocalFault where it is not."""
        return self._file.flush()

    def of_turns(self, turns: Collection[Turn]) -> list[SignedMessage]:
        """Return the messages that are kept for some turns, of those that are on the disk."""
        return self._file.disk.reader.of_turns(turns)

    def all(self) -> list[SignedMessage]:
        """Return every message that is on the disk, by sender and nonce."""
        return self._file.disk.reader.all()

    async def load(self) -> list[SignedMessage]:
        """Return what `all` does, read on the file's thread."""
        return await self._file.disk.run(LocalMessages.all)

    def close(self) -> None:
        """Let go of the file, when all that was noted is in it."""
        self._file.close()

    def _write(self, file: LocalMessages, changes: Sequence[FileChange]) -> None:
        # The store first: what is in the file is in the store, whenever the process ends.
        with self._database.batch() as batch:
            for change in changes:
                if isinstance(change, Put):
                    put_message(batch, change.signed)
        file.change_all(changes)
