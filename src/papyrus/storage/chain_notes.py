"""What a node knows of its chain that does not follow from the blocks: a small SQLite file.

In it are a few facts by name (the head, the checkpoint, the genesis), the judged blocks by height,
from which tipsets are formed, and what executing recent tipsets gave. Every change is one step: a
process that is killed, or a machine that loses power, finds the facts as they were before it or
after it. It is on the disk when it returns, unless it says otherwise, or the notes are written by
someone who says when it is.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.storage.sqlite_files import (
    SqliteFile,
    SqliteForm,
    open_sqlite,
    rows_of,
    transaction,
    unflushed_transaction,
)
from papyrus.types.tipset import TipsetKey

Change: TypeAlias = Callable[[sqlite3.Connection], None]
"""A change of the notes."""

Write: TypeAlias = Callable[[Change], None]
"""Has a change made, after those before it."""

HEAD, CHECKPOINT, GENESIS, NETWORK = "head", "checkpoint", "genesis", "network"
"""The facts by name: the keys of two tipsets, the CID of the first block, the network's name."""

_FORM = SqliteForm(
    name="record of the chain",
    application_id=int.from_bytes(b"PAPN"),
    version=1,
    statements=(
        "CREATE TABLE fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE known_block (cid BLOB PRIMARY KEY, height INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX known_block_by_height ON known_block (height)",
        """CREATE TABLE outcome (
            key BLOB PRIMARY KEY,
            height INTEGER NOT NULL,
            state_root BLOB NOT NULL,
            receipts_root BLOB NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX outcome_by_height ON outcome (height)",
    ),
    remedy="put it aside, and set the head by hand or import a snapshot",
    flushed=True,
)


@dataclass(frozen=True, slots=True)
class StateAfter:
    """What executing a tipset gave."""

    state_root: Cid
    receipts_root: Cid


class ChainNotes:
    """The open notes; they belong to the thread that opened them."""

    __slots__ = ("_written_by", "file")

    def __init__(self, file: SqliteFile, written_by: Write | None = None) -> None:
        """Read a file, and write to it too unless somebody else does that."""
        self.file = file
        self._written_by = written_by

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def change(self, change: Change, *, flushed: bool = True) -> None:
        """Make a change, or have it made; flushed to the disk at once, or with the next that is."""
        if self._written_by is not None:
            self._written_by(change)
            return
        with (transaction if flushed else unflushed_transaction)(self.file) as connection:
            change(connection)

    def change_all(self, changes: Sequence[Change]) -> None:
        """Make changes in their order, all of them or, on a LocalFault, none, with one flush."""
        with transaction(self.file) as connection:
            for change in changes:
                change(connection)

    def written_by(self, write: Write) -> "ChainNotes":
        """Return the same notes, whose changes somebody else makes."""
        return ChainNotes(self.file, write)


def open_notes(path: Path, *, read_only: bool = False) -> ChainNotes:
    """Return the notes in a file, made empty where there is none.

    LocalFault where it cannot be opened, is something else, or of another version.
    """
    return ChainNotes(open_sqlite(path, _FORM, read_only=read_only))


def fact(notes: ChainNotes, name: str) -> bytes | None:
    """Return a fact, or None where it is not known."""
    rows = rows_of(notes.file, "SELECT value FROM fact WHERE name = ?", name)
    return rows[0][0] if rows else None


def note_fact(notes: ChainNotes, name: str, value: bytes | None) -> None:
    """Keep a fact in place of what was known; None forgets it."""
    note_facts(notes, {name: value})


def note_facts(notes: ChainNotes, facts: dict[str, bytes | None]) -> None:
    """Keep several facts, all of them or none."""

    def change(connection: sqlite3.Connection) -> None:
        for name, value in facts.items():
            if value is None:
                connection.execute("DELETE FROM fact WHERE name = ?", (name,))
            else:
                connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    notes.change(change)


def note_head(notes: ChainNotes, head: TipsetKey, forget_below: ChainEpoch) -> None:
    """Keep the head, and forget blocks and outcomes below a height, which nobody goes back to."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (HEAD, head.to_bytes()))
        connection.execute("DELETE FROM known_block WHERE height < ?", (forget_below,))
        connection.execute("DELETE FROM outcome WHERE height < ?", (forget_below,))

    notes.change(change)


def known_blocks(notes: ChainNotes) -> list[tuple[ChainEpoch, Cid]]:
    """Return every judged block with its height, lowest first."""
    rows = rows_of(notes.file, "SELECT height, cid FROM known_block ORDER BY height, cid")
    return [(height, Cid(cid)) for height, cid in rows]


def note_blocks(notes: ChainNotes, blocks: Iterable[tuple[ChainEpoch, Cid]]) -> None:
    """Keep that blocks were judged and found good.

    A power cut may undo this until the next change of the notes; then they are heard of again.
    """
    rows = [(height, bytes(cid)) for height, cid in blocks]

    def change(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT OR IGNORE INTO known_block (height, cid) VALUES (?, ?)", rows
        )

    notes.change(change, flushed=False)


def forget_blocks_above(notes: ChainNotes, height: ChainEpoch) -> None:
    """Forget that blocks above a height were judged; the blocks themselves stay."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM known_block WHERE height > ?", (height,))

    notes.change(change)


def outcome_of(notes: ChainNotes, key: TipsetKey) -> StateAfter | None:
    """Return what executing a tipset gave, or None where it is not known."""
    rows = rows_of(
        notes.file, "SELECT state_root, receipts_root FROM outcome WHERE key = ?", key.to_bytes()
    )
    return StateAfter(Cid(rows[0][0]), Cid(rows[0][1])) if rows else None


def note_outcome(
    notes: ChainNotes, key: TipsetKey, height: ChainEpoch, outcome: StateAfter
) -> None:
    """Keep what executing a tipset gave."""
    row = (key.to_bytes(), height, bytes(outcome.state_root), bytes(outcome.receipts_root))

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?)", row)

    notes.change(change)


def forget_outcomes_above(notes: ChainNotes, height: ChainEpoch) -> None:
    """Forget what executing the tipsets above a height gave."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM outcome WHERE height > ?", (height,))

    notes.change(change)
