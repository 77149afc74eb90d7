"""A snapshot that is read where it lies, as a layer of the database.

The file itself is put among the layers where the disk knows links to one file, else a copy of it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj

from papyrus.primitives.errors import LocalFault
from papyrus.storage.car_index_file import index_path
from papyrus.storage.compression import open_file
from papyrus.storage.database import LAYERS_FOLDER, Database
from papyrus.storage.files import atomic_writer


@contextmanager
def layer_placed(folder: Path, path: Path) -> Iterator[None]:
    """Put a file among the layers of a folder; after an error a new one is gone again.

    LocalFault where it cannot be put there, or another one of its name is there.
    """
    target = folder / LAYERS_FOLDER / path.name
    is_new = _place(target, path)
    try:
        yield
    except Exception:
        if is_new:
            target.unlink(missing_ok=True)
            index_path(target).unlink(missing_ok=True)
        raise


def make_ready(
    database: Database, path: Path, progress: Callable[[int, int | None], None] | None = None
) -> None:
    """Make a layer ready, which goes through the file once; `progress` hears of its blocks' bytes.

    LocalFault where the file is damaged.
    """
    size = 0

    def tell(read: int) -> None:
        nonlocal size
        size += read
        if progress is not None:
            progress(size, None)

    next(layer for layer in database.layers if layer.path.name == path.name).ready(tell)


def _place(target: Path, path: Path) -> bool:
    """Put a file at its place, and return whether it was not there."""
    if not path.name.endswith((".car", ".car.zst")):
        raise LocalFault(f"a layer is named .car or .car.zst: rename {path}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            if target.samefile(path):
                return False
            raise LocalFault(f"there is another layer {target}: move it away, or rename {path}")
        try:
            os.link(path, target)
        except OSError:  # on another disk, or one that knows no links
            with open_file(path) as source, atomic_writer(target) as copy:
                copyfileobj(source, copy, 1 << 20)
    except OSError as error:
        raise LocalFault(f"cannot put {path} into {target.parent}: {error.strerror}") from error
    return True
