"""The messages of this node's own users, in a file that outlives the process.

A message is on the disk before its sender hears that it was taken, so neither a crash nor a power
cut loses it. It stays there for a finality after a block took it, for until then the block may be
reverted; then it goes. What replaces a message goes in and the message goes out in one step.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.types.message import SignedMessage

APPLICATION_ID = int.from_bytes(b"PAPM")
"""How the file says whose it is."""

SCHEMA_VERSION = 1

_BUSY_SECONDS = 30

_SCHEMA = (
    """CREATE TABLE message (
        cid BLOB PRIMARY KEY,
        sender BLOB NOT NULL,
        nonce BLOB NOT NULL,
        data BLOB NOT NULL,
        applied_at INTEGER
    ) WITHOUT ROWID""",
    "CREATE INDEX message_by_nonce ON message (sender, nonce)",
    "CREATE INDEX message_by_height ON message (applied_at) WHERE applied_at IS NOT NULL",
)


class LocalMessages:
    """The file of users' own messages; it belongs to the thread that opened it."""

    __slots__ = ("_connection", "path")

    def __init__(self, path: Path) -> None:
        """Open the file, made where there is none; LocalFault where it cannot be, or is no such."""
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise LocalFault(f"cannot open the local messages {path}: {error}") from error
        try:
            self._prepare()
        except LocalFault:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def put(self, cid: Cid, sender: Address, signed: SignedMessage) -> None:
        """Keep a message, on the disk when this returns, instead of others with its nonce."""
        nonce = _nonce(signed.message.nonce)
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM message WHERE sender = ? AND nonce = ? AND applied_at IS NULL",
                (bytes(sender), nonce),
            )
            connection.execute(
                "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, NULL)",
                (bytes(cid), bytes(sender), nonce, signed.to_cbor()),
            )

    def remove(self, cids: Iterable[Cid]) -> None:
        """Forget messages."""
        with self._transaction() as connection:
            connection.executemany(
                "DELETE FROM message WHERE cid = ?", [(bytes(cid),) for cid in cids]
            )

    def settle(
        self,
        reverted: Iterable[tuple[Address, int]],
        applied: Iterable[tuple[Address, int]],
        height: ChainEpoch,
    ) -> None:
        """Note which nonces of which senders the chain has used, up to the head at `height`.

        Those used a finality ago are forgotten.
        """
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE message SET applied_at = NULL WHERE sender = ? AND nonce = ?",
                [(bytes(sender), _nonce(nonce)) for sender, nonce in reverted],
            )
            connection.executemany(
                "UPDATE message SET applied_at = ? WHERE sender = ? AND nonce = ?",
                [(height, bytes(sender), _nonce(nonce)) for sender, nonce in applied],
            )
            connection.execute(
                "DELETE FROM message WHERE applied_at < ?", (height - CHAIN_FINALITY,)
            )

    def all(self) -> list[SignedMessage]:
        """Return every message, by sender and nonce; LocalFault where one cannot be read."""
        with self._faults_told():
            rows = self._connection.execute(
                "SELECT cid, data FROM message ORDER BY sender, nonce"
            ).fetchall()
        found = []
        for cid, data in rows:
            try:
                found.append(SignedMessage.from_cbor(data))
            except DecodeError as error:
                raise LocalFault(
                    f"message {Cid.from_bytes(cid)} in {self.path} cannot be read: {error}"
                ) from error
        return found

    def _prepare(self) -> None:
        connection = self._connection
        with self._faults_told():
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            with self._transaction():
                if not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
                    for statement in _SCHEMA:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            owner = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        if owner != APPLICATION_ID:
            raise LocalFault(f"{self.path} holds no local messages of Papyrus: move it elsewhere")
        if version != SCHEMA_VERSION:
            raise LocalFault(
                f"the local messages {self.path} have schema {version}, and this Papyrus knows "
                f"{SCHEMA_VERSION}: use the Papyrus that wrote them"
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        with self._faults_told():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has undone it already, a full disk for one
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LocalFault(f"the local messages {self.path} failed: {error}") from error


def _nonce(nonce: int) -> bytes:
    """Return a nonce as it is kept: SQLite's numbers do not reach as far."""
    return nonce.to_bytes(8, "big")
