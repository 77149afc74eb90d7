"""Making the file of a block store as small as its blocks.

LMDB uses the space of removed blocks again but never gives it back, and leaves pages half full.
Compaction writes the pages in use to a new file beside the old one, flushes it, and renames it into
place. Until the rename the store is the old file, from then on the new one; a process that is
killed leaves at most the unfinished copy, which the next compaction removes.

Whoever has the store open would go on with the old file and lose what it writes there, so nobody
may.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import PART_SUFFIX, atomic_writer, hold_lock
from papyrus.storage.lmdb_environment import (
    DATA_FILE,
    USERS_FILE,
    expect_format,
    open_environment,
    told,
)

_LOOK_SECONDS = 0.2
"""How often the progress of the copy is told."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did."""

    size_before: int
    """Bytes of the file."""
    size_after: int


def compact(folder: Path, progress: Callable[[int, int | None], None] | None = None) -> Compaction:
    """Make the file of the store in a folder as small as can be; afterwards it holds the same.

    `progress` hears the bytes written and about how many there will be. LocalFault where another
    process has the store open, or the disk has no room for the copy; the store is then as it was.
    """
    path = folder / DATA_FILE
    if not path.is_file():
        raise LocalFault(f"there is no block store in {folder}")
    try:
        alone = hold_lock(folder / USERS_FILE, shared=False)
    except OSError as error:
        raise LocalFault(f"cannot use {folder}: {error.strerror or error}") from error
    if alone is None:
        raise LocalFault(f"{folder} is in use: stop the node (or what else uses it) and try again")
    with alone:
        for part in folder.glob(f".{DATA_FILE}.*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)  # whoever wrote it is gone, since this process is alone
        size_before = path.stat().st_size
        environment = open_environment(folder, read_only=False)
        try:
            expect_format(environment, folder, read_only=True)
            _replace(environment, path, progress)
        except lmdb.Error as error:
            raise told(error, folder) from error
        finally:
            environment.close()
        return Compaction(size_before, path.stat().st_size)


def _replace(
    environment: Any, path: Path, progress: Callable[[int, int | None], None] | None
) -> None:
    found = environment.stat()
    pages = found["branch_pages"] + found["leaf_pages"] + found["overflow_pages"]
    with atomic_writer(path) as file, ThreadPoolExecutor(1) as pool:
        Path(file.name).chmod(0o600)
        copying = pool.submit(environment.copyfd, file.fileno(), compact=True)
        while wait([copying], _LOOK_SECONDS).not_done:
            if progress is not None:
                progress(os.fstat(file.fileno()).st_size, pages * found["psize"])
        copying.result()
        _expect_same(found["entries"], Path(file.name), path.parent)
        # Before the rename, since a file that is open cannot be replaced on Windows.
        environment.close()


def _expect_same(entries: int, copy: Path, folder: Path) -> None:
    """Raise LocalFault unless the copy can be opened and holds as much as the store."""
    opened = lmdb.open(str(copy), subdir=False, readonly=True, lock=False)
    try:
        found = opened.stat()["entries"]
    finally:
        opened.close()
    if found != entries:
        raise LocalFault(
            f"the compacted copy of {folder} has {found} of {entries} entries: `papyrus db check` "
            "says what is damaged"
        )
