"""Which message was sent for which wish, so that a wish told twice is not sent twice.

A client that lost the connection cannot know whether its message was sent. It may name its wish by
a UUID and tell it again: the answer is the message that was sent the first time (Lotus MsgUuid).
The latest wishes are on the disk before their messages wait.
"""

from pathlib import Path
from uuid import UUID

from papyrus.storage.sqlite_files import (
    SqliteFile,
    SqliteForm,
    open_sqlite,
    rows_of,
    transaction,
)
from papyrus.types.message import SignedMessage

MOST_REMEMBERED = 10_000

_FORM = SqliteForm(
    name="record of sent messages",
    application_id=int.from_bytes(b"PAPU"),
    version=1,
    statements=(
        "CREATE TABLE sent (number INTEGER PRIMARY KEY, wish BLOB UNIQUE NOT NULL, message BLOB)",
    ),
    remedy="delete it; wishes told twice may then be sent twice",
    flushed=True,
)


class SentMessages:
    """The latest wishes and their messages."""

    def __init__(self, path: Path) -> None:
        """Open the file, made empty where there is none; LocalFault where it cannot be used."""
        self._file: SqliteFile = open_sqlite(path, _FORM)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def get(self, wish: UUID) -> SignedMessage | None:
        """Return the message that was sent for a wish, or None."""
        rows = rows_of(self._file, "SELECT message FROM sent WHERE wish = ?", wish.bytes)
        return SignedMessage.from_cbor(rows[0][0]) if rows else None

    def put(self, wish: UUID, message: SignedMessage) -> None:
        """Remember what was sent for a wish."""
        with transaction(self._file) as connection:
            cursor = connection.execute(
                "INSERT OR REPLACE INTO sent (wish, message) VALUES (?, ?)",
                (wish.bytes, message.to_cbor()),
            )
            connection.execute(
                "DELETE FROM sent WHERE number <= ?", ((cursor.lastrowid or 0) - MOST_REMEMBERED,)
            )

    def remove(self, wish: UUID) -> None:
        """Forget what was to be sent for a wish."""
        with transaction(self._file) as connection:
            connection.execute("DELETE FROM sent WHERE wish = ?", (wish.bytes,))
