"""The file of the chain index: opening it, and seeing to its health.

A commit is not flushed to the disk: a power cut may cost the last ones, never the file, and the
node indexes again what is missing below its head.
"""

from pathlib import Path
from typing import TypeAlias

from papyrus.storage.chain_index_schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, TABLES
from papyrus.storage.sqlite_files import SqliteFile, SqliteForm, faults_told, open_sqlite, rows_of

ChainIndex: TypeAlias = SqliteFile
"""An open index; it belongs to the thread that opened it."""

_FORM = SqliteForm(
    name="chain index",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    statements=SCHEMA,
    remedy="delete it, and it is made anew from the chain",
    flushed=False,
)


def open_index(path: Path, *, read_only: bool = False) -> ChainIndex:
    """Return the index in a file, made empty where there is none.

    LocalFault where it cannot be opened, is something else, or has another schema.
    """
    return open_sqlite(path, _FORM, read_only=read_only)


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
