"""Native code of actors, kept between runs.

Compiling the actors of one network version takes seconds, loading what was compiled milliseconds.
Native code is run as it is, so it is taken only from a folder that belongs to the user and that
nobody else can write to. A file is named by its key and by the hash of its content: one that was
cut short or altered no longer has its name's hash, and is removed. Files appear under their names
whole, so any number of processes may share the folder.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import atomic_writer, clear_stale_parts
from papyrus.storage.home import home

_SUFFIX = ".cwasm"
_OTHERS_MAY_WRITE = 0o022


class CompiledCode:
    """The folder of compiled actors."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keep files in a folder, `compiled` in Papyrus' own where none is given."""
        self._folder = folder or home() / "compiled"

    def get(self, key: str) -> str | None:
        """Return the path of the native code kept under a key, if it is there and intact.

        LocalFault where the folder is not the user's own.
        """
        if not self._folder.is_dir():
            return None
        self._expect_own_folder()
        for path in sorted(self._folder.glob(f"{_name(key)}-*{_SUFFIX}")):
            try:
                content_hash = _hash(path.read_bytes())
            except OSError:
                continue
            if path.stem.endswith(f"-{content_hash}"):
                return str(path)
            with suppress(OSError):
                path.unlink()
        return None

    def put(self, key: str, compiled: bytes) -> None:
        """Keep native code under a key; where the disk refuses it, it is compiled again next time.

        LocalFault where the folder is not the user's own.
        """
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            clear_stale_parts(self._folder)
        if not self._folder.is_dir():
            return
        self._expect_own_folder()
        path = self._folder / f"{_name(key)}-{_hash(compiled)}{_SUFFIX}"
        with suppress(LocalFault), atomic_writer(path) as file:
            Path(file.name).chmod(0o600)
            file.write(compiled)

    def _expect_own_folder(self) -> None:
        if os.name != "posix":
            return
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_MAY_WRITE:
            raise LocalFault(
                f"{self._folder} must be yours, and writable by nobody else: code runs from it"
            )


def _name(key: str) -> str:
    return _hash(key.encode())[:32]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
