"""The folder of a node: one for each network, and one node at a time.

It is `$PAPYRUS_PATH/<network>`, its owner's alone, with Lotus' names where Lotus has them:
`config.toml`, `datastore` (blocks, index, head), `keystore`, `token` and `jwt-secret` (0600), `api`
(where the interface listens) and `repo.lock`. The lock is the operating system's, so it ends with
the process that holds it, however that ends; the number in the file is for people.
"""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from papyrus.node.config_load import CONFIG_FILE
from papyrus.primitives.errors import LocalFault
from papyrus.storage.private_files import make_private_folder

LOCK_FILE = "repo.lock"
LEAST_FREE = 64 << 20
"""Bytes that must be free on the disk: a node that starts with less stops soon, and worse."""

_LOCKED_AT = 1 << 30
"""Where a byte is locked on Windows, which keeps others from reading what is locked."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the parts of a node keep what is theirs."""

    folder: Path

    @property
    def config_file(self) -> Path:
        """What the node is told."""
        return self.folder / CONFIG_FILE

    @property
    def datastore(self) -> Path:
        """The folder of the database."""
        return self.folder / "datastore"

    @property
    def keystore(self) -> Path:
        """The folder of the wallet's keys."""
        return self.folder / "keystore"

    @property
    def token_file(self) -> Path:
        """The token that allows everything."""
        return self.folder / "token"

    @property
    def secret_file(self) -> Path:
        """What tokens are signed with."""
        return self.folder / "jwt-secret"

    @property
    def api_file(self) -> Path:
        """Where the interface listens, while it does."""
        return self.folder / "api"

    @property
    def lock_file(self) -> Path:
        """Held by the node that runs."""
        return self.folder / LOCK_FILE


@contextmanager
def open_repository(
    home: Path, network: str, *, least_free: int = LEAST_FREE
) -> Iterator[Repository]:
    """Give the folder of a network's node, made if need be, to this process alone.

    LocalFault in words where another process has it, or it cannot be written to.
    """
    repository = Repository(home / network)
    make_private_folder(repository.folder)
    with _locked(repository):
        _expect_room(repository.folder, least_free)
        yield repository


@contextmanager
def _locked(repository: Repository) -> Iterator[None]:
    try:
        descriptor = os.open(repository.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _told(repository.folder, error) from error
    with open(descriptor, "rb+", buffering=0) as file:  # noqa: PTH123 - the mode is set above
        try:
            locked = _try_lock(file)
        except OSError as error:
            raise _told(repository.folder, error) from error
        if not locked:
            holder = _number_in(file)
            raise LocalFault(
                f"a node runs in {repository.folder} already, process "
                f"{holder or 'unknown'}: stop it, or set PAPYRUS_PATH to another folder"
            )
        try:
            file.truncate(0)
            file.write(b"%d\n" % os.getpid())
        except OSError as error:
            raise _told(repository.folder, error) from error
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def _try_lock(file: BinaryIO) -> bool:
    """Lock a file until it is closed, and return whether nobody else has it locked."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows alone

            file.seek(_LOCKED_AT)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl  # noqa: PLC0415 - does not exist on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def _number_in(file: BinaryIO) -> int | None:
    file.seek(0)
    text = file.read(32).strip()
    return int(text) if text.isdigit() else None


def _expect_room(folder: Path, least: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < least:
        raise LocalFault(
            f"the disk of {folder} has {free >> 20} MiB left, and a node needs {least >> 20} MiB "
            "to start: make room, or set PAPYRUS_PATH to a folder on another disk"
        )


def _told(folder: Path, error: OSError) -> LocalFault:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return LocalFault(f"the disk of {folder} is full: make room ({error.strerror})")
    return LocalFault(
        f"{folder} cannot be written to: {error.strerror or error}; set PAPYRUS_PATH to a folder "
        "that can"
    )
