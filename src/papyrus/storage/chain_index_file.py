"""The file of the chain index: opening it, changing it in transactions, and seeing to its health.

It is in SQLite's write-ahead mode, so readers of other processes go on while one writes. A commit
is not flushed to the disk: a power cut may cost the last ones, never the file, and the node indexes
again what is missing below its head.

Surprising: SQLite's integers are signed, so 64-bit numbers of the protocol are kept as their two's
complement, which only matters for numbers that no chain has.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_index_schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, TABLES

_BUSY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ChainIndex:
    """An open index; it belongs to the thread that opened it."""

    path: Path
    connection: sqlite3.Connection

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def open_index(path: Path, *, read_only: bool = False) -> ChainIndex:
    """Return the index in a file, made empty where there is none.

    LocalFault where it cannot be opened, is something else, or has another schema.
    """
    try:
        if not read_only:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        elif not path.is_file():
            raise LocalFault(f"there is no chain index {path}")
        mode = "ro" if read_only else "rw"
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
        )
    except (OSError, sqlite3.Error) as error:
        raise LocalFault(f"cannot open the chain index {path}: {error}") from error
    index = ChainIndex(path, connection)
    try:
        with faults_told(index):
            _prepare(index, read_only=read_only)
    except LocalFault:
        connection.close()
        raise
    return index


@contextmanager
def transaction(index: ChainIndex) -> Iterator[sqlite3.Connection]:
    """Run the block as one change of the file, which an error undoes."""
    connection = index.connection
    with faults_told(index):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite has undone it already, a full disk for one
                connection.execute("ROLLBACK")
            raise


def rows_of(index: ChainIndex, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what a query gives."""
    with faults_told(index):
        return index.connection.execute(sql, values).fetchall()


def counts(index: ChainIndex) -> dict[str, int]:
    """Return the number of rows of each table, by its name."""
    return {
        table: rows_of(index, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - of this module's tables
        for table in TABLES
    }


def damages(index: ChainIndex) -> list[str]:
    """Return what SQLite finds wrong with the file; nothing for a sound one."""
    found = [row[0] for row in rows_of(index, "PRAGMA integrity_check")]
    broken = [
        f"a row of {table} belongs to none of {parent}"
        for table, _, parent, _ in rows_of(index, "PRAGMA foreign_key_check")
    ]
    return ([] if found == ["ok"] else found) + broken


def compact(index: ChainIndex) -> None:
    """Give the space of removed rows back; a process that is killed leaves the file as it was."""
    with faults_told(index):
        index.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        index.connection.execute("VACUUM")
        index.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def faults_told(index: ChainIndex) -> Iterator[None]:
    """Turn what SQLite raises into a LocalFault that names the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        hint = ""
        if "malformed" in str(error) or "not a database" in str(error):
            hint = "; delete it, and it is made anew from the chain"
        raise LocalFault(f"the chain index {index.path} failed: {error}{hint}") from error


def to_signed(number: int) -> int:
    """Return a 64-bit number as SQLite can keep it."""
    return number - 2**64 if number >= 2**63 else number


def to_unsigned(number: int) -> int:
    """Return the 64-bit number that was kept."""
    return number % 2**64


def _prepare(index: ChainIndex, *, read_only: bool) -> None:
    connection = index.connection
    connection.execute("PRAGMA foreign_keys = ON")
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with transaction(index):
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
                for statement in SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LocalFault(f"{index.path} is no chain index of Papyrus: choose another file")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise LocalFault(
            f"the chain index {index.path} has schema {version}, and this Papyrus knows "
            f"{SCHEMA_VERSION}: delete it, and it is made anew from the chain"
        )
