"""SQLite files of a node: opening them, changing them in transactions, saying what is wrong.

Each kind of file has a form of its own: its tables, how the file says whose it is, and what becomes
of a commit in a power cut. All are in SQLite's write-ahead mode, so readers of other processes go
on while one writes.

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

_BUSY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class SqliteForm:
    """What a kind of file looks like."""

    name: str
    """What the file is called in messages."""
    application_id: int
    """How the file says whose it is."""
    version: int
    """Raised with every change of the tables."""
    statements: tuple[str, ...]
    """What makes the tables."""
    remedy: str
    """What to do about a file that is damaged or of another version."""
    flushed: bool
    """Whether each commit is on the disk when it returns; else a power cut may cost the last."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """An open file; it belongs to the thread that opened it."""

    path: Path
    connection: sqlite3.Connection
    form: SqliteForm

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def open_sqlite(path: Path, form: SqliteForm, *, read_only: bool = False) -> SqliteFile:
    """Return the file at a path, made empty where there is none.

    LocalFault where it cannot be opened, is something else, or of another version.
    """
    try:
        if not read_only:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        elif not path.is_file():
            raise LocalFault(f"there is no {form.name} {path}")
        mode = "ro" if read_only else "rw"
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
        )
    except (OSError, sqlite3.Error) as error:
        raise LocalFault(f"cannot open the {form.name} {path}: {error}") from error
    file = SqliteFile(path, connection, form)
    try:
        with faults_told(file):
            _prepare(file, read_only=read_only)
    except LocalFault:
        connection.close()
        raise
    return file


@contextmanager
def transaction(file: SqliteFile) -> Iterator[sqlite3.Connection]:
    """Run the block as one change of the file, which an error undoes."""
    connection = file.connection
    with faults_told(file):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite has undone it already, a full disk for one
                connection.execute("ROLLBACK")
            raise


@contextmanager
def unflushed_transaction(file: SqliteFile) -> Iterator[sqlite3.Connection]:
    """Run the block as one change that a power cut may undo until the next flushed one.

    The end of the process does not undo it.
    """
    with faults_told(file):
        file.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            with transaction(file) as connection:
                yield connection
        finally:
            if file.form.flushed:
                file.connection.execute("PRAGMA synchronous = FULL")


def rows_of(file: SqliteFile, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what a query gives."""
    with faults_told(file):
        return file.connection.execute(sql, values).fetchall()


@contextmanager
def faults_told(file: SqliteFile) -> Iterator[None]:
    """Turn what SQLite raises into a LocalFault that names the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        damaged = "malformed" in str(error) or "not a database" in str(error)
        hint = f"; {file.form.remedy}" if damaged else ""
        raise LocalFault(f"the {file.form.name} {file.path} failed: {error}{hint}") from error


def to_signed(number: int) -> int:
    """Return a 64-bit number as SQLite can keep it."""
    return number - 2**64 if number >= 2**63 else number


def to_unsigned(number: int) -> int:
    """Return the 64-bit number that was kept."""
    return number % 2**64


def _prepare(file: SqliteFile, *, read_only: bool) -> None:
    connection, form = file.connection, file.form
    connection.execute("PRAGMA foreign_keys = ON")
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if form.flushed else 'NORMAL'}")
        with transaction(file):
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
                for statement in form.statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {form.application_id}")
                connection.execute(f"PRAGMA user_version = {form.version}")
    if connection.execute("PRAGMA application_id").fetchone()[0] != form.application_id:
        raise LocalFault(f"{file.path} is no {form.name} of Papyrus: choose another file")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != form.version:
        raise LocalFault(
            f"the {form.name} {file.path} has schema {version}, and this Papyrus knows "
            f"{form.version}: {form.remedy}"
        )
