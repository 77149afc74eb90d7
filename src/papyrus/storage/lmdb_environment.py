"""Opening an environment of LMDB, and saying in words why it cannot be.

Surprising: LMDB does not notice when a process opens one environment twice, and then loses the
locks of both, so the store that opens it must.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import lmdb

from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import hold_lock

FORMAT = b"papyrus blocks 1"
"""What a store of this format says of itself."""

FORMAT_KEY = b"\x00format"
"""Where it says so: no CID begins like this."""

DATA_FILE = "data.mdb"
USERS_FILE = "users.lock"
"""Held by every process that has the store open, and alone by one that replaces its file."""

FIRST_MAP = 1 << 30
"""Bytes of address space taken at first; the file itself is as long as its data."""

MOST_GROWTH = 64 << 30
"""Bytes by which the map grows at most at a time."""

_MAP_STEP = 1 << 20
_MAX_READERS = 1024


def open_environment(folder: Path, *, read_only: bool, map_size: int = FIRST_MAP) -> Any:
    """Return the environment in a folder, or say in a sentence why it cannot be opened."""
    data = folder / DATA_FILE
    size = data.stat().st_size if data.exists() else 0
    wanted = max(map_size, size + min(size, MOST_GROWTH))
    try:
        return lmdb.open(
            str(folder),
            map_size=-(-wanted // _MAP_STEP) * _MAP_STEP,
            readonly=read_only,
            create=not read_only,
            mode=0o600,
            max_readers=_MAX_READERS,
            readahead=False,  # blocks are asked for in no order
            meminit=False,
        )
    except lmdb.Error as error:
        raise told(error, folder) from error
    except OSError as error:
        raise LocalFault(f"cannot use {folder}: {error.strerror or error}") from error


def expect_format(environment: Any, folder: Path, *, read_only: bool) -> None:
    """Mark a new environment as a store of blocks; LocalFault where an old one is something else.

    lmdb.Error where it cannot be read or written.
    """
    found, entries = _read_format(environment)
    if found is None and entries == 0 and not read_only:
        with environment.begin(write=True) as transaction:
            transaction.put(FORMAT_KEY, FORMAT, overwrite=False)
        found, entries = _read_format(environment)
    if found is None:
        raise LocalFault(f"{folder} holds data of another program: choose another folder")
    if found != FORMAT:
        raise LocalFault(
            f"{folder} has the format {found[:40]!r}, and this Papyrus knows {FORMAT!r}: "
            "use the version that made it, or another folder"
        )


def told(error: lmdb.Error, folder: Path) -> LocalFault:
    """Return an error of LMDB as a sentence that says what to do."""
    for kinds, sentence in _SENTENCES:
        if isinstance(error, kinds):
            return LocalFault(f"{sentence.format(folder)} ({error})")
    if str(error).endswith(_REFUSED_WRITES):
        return LocalFault(f"{_NO_ROOM.format(folder)} ({error})")
    return LocalFault(f"the block store {folder} failed: {error}")


_NO_ROOM = "the disk of {0} takes no more: make room, or see if it fails; what was kept is safe"
_REFUSED_WRITES = tuple(os.strerror(number) for number in (errno.EIO, errno.EFBIG, errno.EDQUOT))
"""What LMDB passes on as it got it: a write that was cut short for want of room is EIO to it."""

_SENTENCES: tuple[tuple[Any, str], ...] = (
    (lmdb.DiskError, _NO_ROOM),
    (lmdb.LockError, "no permission to use {0}: run as the user whom it belongs to"),
    (lmdb.ReadonlyError, "{0} is on a disk that cannot be written to"),
    (lmdb.ReadersFullError, "too many processes and threads read {0} at once"),
    (
        (lmdb.VersionMismatchError, lmdb.InvalidError),
        (
            "{0} is no block store of Papyrus: choose another folder, or begin the chain anew: "
            "`papyrus devnet --reset` or `papyrus daemon --remove-existing-chain`"
        ),
    ),
    (
        (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.PanicError),
        "the block store {0} is damaged: `papyrus db check` says how much of it",
    ),
)


def prepare_folder(folder: Path, *, read_only: bool) -> BinaryIO:
    """Make the folder, and return the file that says it is used."""
    try:
        if read_only and not (folder / DATA_FILE).is_file():
            raise LocalFault(f"there is no block store in {folder}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        users = hold_lock(folder / USERS_FILE, shared=True)
    except OSError as error:
        raise LocalFault(f"cannot use {folder}: {error.strerror or error}") from error
    if users is None:
        raise LocalFault(f"{folder} is being compacted: try again when that is done")
    return users


def _read_format(environment: Any) -> tuple[bytes | None, int]:
    while True:
        try:
            with environment.begin() as transaction:
                return transaction.get(FORMAT_KEY), transaction.stat()["entries"]
        except lmdb.MapResizedError:  # another process made it larger since it was opened
            environment.set_mapsize(0)
