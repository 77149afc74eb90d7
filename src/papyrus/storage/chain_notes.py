"""What a node knows of its chain that does not follow from the blocks: a small SQLite file.

In it are a few facts by name (the head, the checkpoint, the genesis), the judged blocks by height,
from which tipsets are formed, and what executing recent tipsets gave. Every change is one
transaction and, unless it says otherwise, on the disk when it returns: a process that is killed, or
a machine that loses power, finds the facts as they were before the change or after it.
"""

from collections.abc import Iterable
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

ChainNotes: TypeAlias = SqliteFile
"""The open notes; they belong to the thread that opened them."""

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


def open_notes(path: Path, *, read_only: bool = False) -> ChainNotes:
    """Return the notes in a file, made empty where there is none.

    LocalFault where it cannot be opened, is something else, or of another version.
    """
    return open_sqlite(path, _FORM, read_only=read_only)


def fact(notes: ChainNotes, name: str) -> bytes | None:
    """Return a fact, or None where it is not known."""
    rows = rows_of(notes, "SELECT value FROM fact WHERE name = ?", name)
    return rows[0][0] if rows else None


def note_fact(notes: ChainNotes, name: str, value: bytes | None) -> None:
    """Keep a fact in place of what was known; None forgets it."""
    note_facts(notes, {name: value})


def note_facts(notes: ChainNotes, facts: dict[str, bytes | None]) -> None:
    """Keep several facts, all of them or none."""
    with transaction(notes) as connection:
        for name, value in facts.items():
            if value is None:
                connection.execute("DELETE FROM fact WHERE name = ?", (name,))
            else:
                connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def note_head(notes: ChainNotes, head: TipsetKey, forget_below: ChainEpoch) -> None:
    """Keep the head, and forget blocks and outcomes below a height, which nobody goes back to."""
    with transaction(notes) as connection:
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (HEAD, head.to_bytes()))
        connection.execute("DELETE FROM known_block WHERE height < ?", (forget_below,))
        connection.execute("DELETE FROM outcome WHERE height < ?", (forget_below,))


def known_blocks(notes: ChainNotes) -> list[tuple[ChainEpoch, Cid]]:
    """Return every judged block with its height, lowest first."""
    rows = rows_of(notes, "SELECT height, cid FROM known_block ORDER BY height, cid")
    return [(height, Cid(cid)) for height, cid in rows]


def note_blocks(notes: ChainNotes, blocks: Iterable[tuple[ChainEpoch, Cid]]) -> None:
    """Keep that blocks were judged and found good.

    A power cut may undo this until the next change of the notes; then they are heard of again.
    """
    with unflushed_transaction(notes) as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO known_block (height, cid) VALUES (?, ?)",
            [(height, bytes(cid)) for height, cid in blocks],
        )


def forget_blocks_above(notes: ChainNotes, height: ChainEpoch) -> None:
    """Forget that blocks above a height were judged; the blocks themselves stay."""
    with transaction(notes) as connection:
        connection.execute("DELETE FROM known_block WHERE height > ?", (height,))


def outcome_of(notes: ChainNotes, key: TipsetKey) -> StateAfter | None:
    """Return what executing a tipset gave, or None where it is not known."""
    rows = rows_of(
        notes, "SELECT state_root, receipts_root FROM outcome WHERE key = ?", key.to_bytes()
    )
    return StateAfter(Cid(rows[0][0]), Cid(rows[0][1])) if rows else None


def note_outcome(
    notes: ChainNotes, key: TipsetKey, height: ChainEpoch, outcome: StateAfter
) -> None:
    """Keep what executing a tipset gave."""
    with transaction(notes) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?)",
            (key.to_bytes(), height, bytes(outcome.state_root), bytes(outcome.receipts_root)),
        )


def forget_outcomes_above(notes: ChainNotes, height: ChainEpoch) -> None:
    """Forget what executing the tipsets above a height gave."""
    with transaction(notes) as connection:
        connection.execute("DELETE FROM outcome WHERE height > ?", (height,))
