"""The messages of this node's own users, in a file that outlives the process.

A message is on the disk before its sender hears that it was taken, so neither a crash nor a power
cut loses it. It stays there for a finality after a block took it, for until then the block may be
reverted; then it goes. What replaces a message goes in and the message goes out in one step.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from papyrus.ipld.cid import Cid
from papyrus.mpool.taken import Turn
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.sqlite_files import (
    SqliteFile,
    SqliteForm,
    open_sqlite,
    rows_of,
    transaction,
)
from papyrus.types.message import SignedMessage

_FORM = SqliteForm(
    name="file of local messages",
    application_id=int.from_bytes(b"PAPM"),
    version=1,
    statements=(
        """CREATE TABLE message (
            cid BLOB PRIMARY KEY,
            sender BLOB NOT NULL,
            nonce BLOB NOT NULL,
            data BLOB NOT NULL,
            applied_at INTEGER
        ) WITHOUT ROWID""",
        "CREATE INDEX message_by_nonce ON message (sender, nonce)",
        "CREATE INDEX message_by_height ON message (applied_at) WHERE applied_at IS NOT NULL",
    ),
    remedy="move it elsewhere; what waited of this node's users is in it",
    flushed=True,
)


@dataclass(frozen=True, slots=True)
class Put:
    """A message to be kept, instead of others with its nonce."""

    cid: Cid
    sender: Address
    signed: SignedMessage


@dataclass(frozen=True, slots=True)
class Remove:
    """Messages to be forgotten."""

    cids: tuple[Cid, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """Which turns the chain has used, up to the head at a height, and which no longer."""

    reverted: frozenset[Turn]
    applied: frozenset[Turn]
    height: ChainEpoch


FileChange: TypeAlias = Put | Remove | Settle


class MessageFile(Protocol):
    """Where the pool keeps the messages of users."""

    def change(self, change: FileChange) -> None:
        """Change what is kept; whether it is on the disk by then, the file says."""
        ...

    def of_turns(self, turns: Collection[Turn]) -> list[SignedMessage]:
        """Return the messages that were kept for some turns."""
        ...

    def all(self) -> list[SignedMessage]:
        """Return every message, by sender and nonce."""
        ...


class LocalMessages:
    """The file of users' own messages; it belongs to the thread that opened it."""

    __slots__ = ("_file",)

    def __init__(self, path: Path) -> None:
        """Open the file, made where there is none; LocalFault where it cannot be, or is no such."""
        self._file: SqliteFile = open_sqlite(path, _FORM)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def change(self, change: FileChange) -> None:
        """Change what is kept; it is on the disk when this returns."""
        self.change_all([change])

    def change_all(self, changes: Sequence[FileChange]) -> None:
        """Make changes in their order, all of them or, on a LocalFault, none, with one flush."""
        with transaction(self._file) as connection:
            for change in changes:
                match change:
                    case Put():
                        _put(connection, change)
                    case Remove():
                        connection.executemany(
                            "DELETE FROM message WHERE cid = ?",
                            [(bytes(cid),) for cid in change.cids],
                        )
                    case Settle():
                        _settle(connection, change)

    def of_turns(self, turns: Collection[Turn]) -> list[SignedMessage]:
        """Return the messages that were kept for some turns; LocalFault as for `all`."""
        rows = [
            row
            for sender, nonce in sorted(turns)
            for row in rows_of(
                self._file,
                "SELECT cid, data FROM message WHERE sender = ? AND nonce = ?",
                bytes(sender),
                _nonce(nonce),
            )
        ]
        return self._decoded(rows)

    def all(self) -> list[SignedMessage]:
        """Return every message, by sender and nonce; LocalFault where one cannot be read."""
        return self._decoded(
            rows_of(self._file, "SELECT cid, data FROM message ORDER BY sender, nonce")
        )

    def _decoded(self, rows: Iterable[tuple[bytes, bytes]]) -> list[SignedMessage]:
        found = []
        for cid, data in rows:
            try:
                found.append(SignedMessage.from_cbor(data))
            except DecodeError as error:
                raise LocalFault(
                    f"message {Cid.from_bytes(cid)} in {self._file.path} cannot be read: {error}"
                ) from error
        return found


def _put(connection: sqlite3.Connection, put: Put) -> None:
    nonce = _nonce(put.signed.message.nonce)
    connection.execute(
        "DELETE FROM message WHERE sender = ? AND nonce = ? AND applied_at IS NULL",
        (bytes(put.sender), nonce),
    )
    connection.execute(
        "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, NULL)",
        (bytes(put.cid), bytes(put.sender), nonce, put.signed.to_cbor()),
    )


def _settle(connection: sqlite3.Connection, settle: Settle) -> None:
    """Note what the chain has used; what it used a finality ago is forgotten."""
    connection.executemany(
        "UPDATE message SET applied_at = NULL WHERE sender = ? AND nonce = ?",
        [(bytes(sender), _nonce(nonce)) for sender, nonce in settle.reverted],
    )
    connection.executemany(
        "UPDATE message SET applied_at = ? WHERE sender = ? AND nonce = ?",
        [(settle.height, bytes(sender), _nonce(nonce)) for sender, nonce in settle.applied],
    )
    connection.execute(
        "DELETE FROM message WHERE applied_at < ?", (settle.height - CHAIN_FINALITY,)
    )


def _nonce(nonce: int) -> bytes:
    """Return a nonce as it is kept: SQLite's numbers do not reach as far."""
    return nonce.to_bytes(8, "big")
