"""Files that are there whole or not at all.

A reader of Papyrus' folders never sees half a file: each is written under a temporary name in
the same folder, flushed to the disk, and renamed into place, which is atomic. A process that is
killed leaves at most a temporary file, and the next writer to that folder clears it away.
"""

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from papyrus.primitives.errors import LocalFault

PART_SUFFIX = ".part"
"""How the name of a file that is being written ends."""

_STALE_SECONDS = 3600
"""A temporary file untouched for an hour has lost its writer."""

_TRIES = 100
"""How often a file is opened anew because someone removed its folder meanwhile."""


@contextmanager
def atomic_writer(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Give a file that takes its name, durably, when the block ends; on an error it vanishes.

    A private one is at no time readable by anyone but its owner.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(0o600 if private else 0o666, exist_ok=False)
        with part.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise LocalFault(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # it is gone under its new name, or was never made
            part.unlink()


def write_atomic(path: Path, data: bytes, *, private: bool = False) -> None:
    """Make the file hold exactly these bytes, durably; a private one is its owner's alone."""
    with atomic_writer(path, private=private) as file:
        file.write(data)


@contextmanager
def locked_file(path: Path) -> Iterator[BinaryIO]:
    """Give the file, made if need be, open for reading and writing, while no one else has it so.

    Waits for another process to finish. The holder may remove the file, and its folder with it.
    """
    try:
        file = _open_or_make(path)
        _lock(file)
        while not _is_at(file, path):  # its holder removed it meanwhile
            file.close()
            file = _open_or_make(path)
            _lock(file)
    except OSError as error:
        raise LocalFault(f"cannot lock {path}: {error.strerror or error}") from error
    with file:
        yield file


def hold_lock(path: Path, *, shared: bool) -> BinaryIO | None:
    """Return the file, made if need be and locked until it is closed, or None where others hold it.

    Any number may hold it shared, or one alone. Where the system knows no shared locks (Windows)
    it is not locked: there, a file in use cannot be replaced anyway. OSError where it cannot be
    opened.
    """
    file = path.open("ab")
    if sys.platform != "win32":
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
    return file


def clear_stale_parts(folder: Path) -> None:
    """Remove the temporary files whose writers are long gone."""
    now = time.time()
    for part in folder.glob(f".*{PART_SUFFIX}"):
        try:
            if now - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()
        except FileNotFoundError:
            continue  # another process was quicker


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder durable, where the system can open a folder at all."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_or_make(path: Path) -> BinaryIO:
    """Open the file, made if need be, though its folder may vanish between two steps."""
    for _ in range(_TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("a+b")
        except (FileExistsError, FileNotFoundError):
            continue  # another process removed the folder
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a+b")


def _lock(file: BinaryIO) -> None:
    """Wait for the sole use of the file, which ends when it is closed."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows alone

        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        fcntl.flock(file, fcntl.LOCK_EX)


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Return whether the open file is still the one that the path names."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
