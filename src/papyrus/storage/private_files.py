"""Files and folders that are their owner's alone: keys, tokens, whatever signs or opens doors.

A private file is made with mode 0600 and a private folder with 0700, and neither is used once
anyone else could have read it: then a sentence says how to take that right away. Windows keeps a
user's profile from other users by itself and knows no such modes, so nothing is looked at there.
"""

import os
import stat
from pathlib import Path

from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import sync_folder, write_atomic

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_private(path: Path, data: bytes) -> None:
    """Make the file hold exactly these bytes, durably, and be its owner's alone."""
    write_atomic(path, data, private=True)


def read_private(path: Path, most: int) -> bytes | None:
    """Return what a file of at most so many bytes holds, or None where there is none.

    LocalFault where it is larger, cannot be read, or others can read it.
    """
    try:
        with path.open("rb") as file:
            _refuse_others(os.fstat(file.fileno()), path, "600")
            data = file.read(most + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LocalFault(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > most:
        raise LocalFault(f"{path} is larger than the {most} bytes that such a file may have")
    return data


def make_private_folder(path: Path) -> None:
    """Make a folder that is its owner's alone; LocalFault where there is one that is not."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(0o700, exist_ok=True)
        _refuse_others(path.stat(), path, "700")
    except OSError as error:
        raise LocalFault(f"cannot make {path}: {error.strerror or error}") from error


def check_private_folder(path: Path) -> None:
    """Raise LocalFault where a folder cannot be looked at, or others can look into it."""
    try:
        _refuse_others(path.stat(), path, "700")
    except OSError as error:
        raise LocalFault(f"cannot look into {path}: {error.strerror or error}") from error


def move_durably(path: Path, target: Path) -> None:
    """Give a file another name, in another folder or the same; no power cut undoes it."""
    try:
        path.replace(target)
        for folder in {target.parent, path.parent}:
            sync_folder(folder)
    except OSError as error:
        raise LocalFault(f"cannot move {path} to {target}: {error.strerror or error}") from error


def _refuse_others(status: os.stat_result, path: Path, mode: str) -> None:
    if os.name == "posix" and status.st_mode & _OTHERS:
        raise LocalFault(
            f"others than its owner may use {path} (mode {stat.S_IMODE(status.st_mode):o}), which "
            f"is to be secret: run `chmod {mode} {path}`, and think of who has read it by now"
        )
