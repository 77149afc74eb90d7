"""Any number of blocks brought into the order of their CIDs, by way of a folder on the disk.

CIDs are random numbers. Blocks that come in any other order than theirs each change another page
of the store, which costs ten times the block in reads and writes once the store is large; in order
they fill page after page. So whoever has very many blocks for a store puts them here first. They
go into parts by the beginning of their CIDs, each small enough to be sorted in memory.

What was put here survives the process from `keep` on, and a power cut too: whoever wrote down what
`keep` returned goes on from there, and what came after it is dropped. A part is removed by whoever
has stored it, so that blocks take room once, and the parts that are there are those to be stored.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct

from papyrus.ipld.cid import CHAIN_PREFIX, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import sync_folder

PART_SIZE = 32 << 20
"""Bytes that a part is to have, about: memory holds some three times as much at once."""

MOST_SPLITS = 4096
"""Into how many parts blocks of state are split at most, a power of two."""

_BUFFERED = 64 << 20
_SUFFIX = ".blocks"
_HEAD = Struct("<BI")
"""Before each block: the length of its CID and its own."""
_SPLIT_BITS = 16
"""Bits of a digest that decide on the part."""


def splits_for(size: int) -> int:
    """Return into how many parts so many bytes of blocks are to be split: a power of two."""
    wanted = max(1, size // PART_SIZE)
    return min(1 << (wanted - 1).bit_length(), MOST_SPLITS)


class BlockSorter:
    """Blocks on their way into a store, in a folder."""

    def __init__(self, folder: Path, splits: int, lengths: Sequence[int] = ()) -> None:
        """Begin in a folder, or go on from where `keep` returned these lengths.

        LocalFault where the folder cannot be used.
        """
        self.folder = folder
        self.splits = splits
        self._shift = _SPLIT_BITS + 1 - splits.bit_length()
        # One before and one behind those of blocks of state: for all other CIDs.
        self._lengths = list(lengths) or [0] * (splits + 2)
        self._waiting: list[list[bytes]] = [[] for _ in self._lengths]
        self._waiting_size = 0
        self._unkept: set[int] = set()
        with _disk_faults(folder):
            if not lengths and folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number, length in enumerate(self._lengths):
                self._cut(number, length)

    def add(self, cid: Cid, data: bytes) -> None:
        """Take a block; LocalFault where the disk refuses."""
        if cid.startswith(CHAIN_PREFIX):
            number = 1 + ((cid[6] << 8 | cid[7]) >> self._shift)
        else:
            number = 0 if cid < CHAIN_PREFIX else self.splits + 1
        self._waiting[number] += (_HEAD.pack(len(cid), len(data)), cid, data)
        self._waiting_size += len(cid) + len(data)
        if self._waiting_size >= _BUFFERED:
            self._write()

    def keep(self) -> list[int]:
        """Make what was taken so far durable; return the lengths from which it can be gone on."""
        self._write()
        with _disk_faults(self.folder):
            for number in self._unkept:
                with _part(self.folder, number).open("ab") as file:
                    os.fsync(file.fileno())
            self._unkept.clear()
            sync_folder(self.folder)
        return list(self._lengths)

    def _write(self) -> None:
        with _disk_faults(self.folder):
            for number, pieces in enumerate(self._waiting):
                if pieces:
                    with _part(self.folder, number).open("ab") as file:
                        file.write(b"".join(pieces))
                        self._lengths[number] = file.tell()
                    self._unkept.add(number)
                    pieces.clear()
        self._waiting_size = 0

    def _cut(self, number: int, length: int) -> None:
        """Drop what a part holds beyond what was kept of it."""
        path = _part(self.folder, number)
        if length:
            os.truncate(path, length)
        else:
            path.unlink(missing_ok=True)


def holds(folder: Path, lengths: Sequence[int]) -> bool:
    """Return whether a folder still holds all that was kept."""
    return all(
        not length or (path.is_file() and path.stat().st_size >= length)
        for length, path in ((length, _part(folder, at)) for at, length in enumerate(lengths))
    )


def parts_in(folder: Path) -> list[Path]:
    """Return the parts that a folder holds, in the order of their CIDs."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def room_taken(folder: Path) -> int:
    """Return how many bytes the parts in a folder have; others may be removing them."""
    size = 0
    for part in parts_in(folder):
        with suppress(FileNotFoundError):
            size += part.stat().st_size
    return size


def sorted_blocks(part: Path) -> list[tuple[bytes, bytes]]:
    """Return the blocks of a part in the order of their CIDs; one that was added twice is twice.

    LocalFault where it cannot be read.
    """
    with _disk_faults(part.parent):
        content = part.read_bytes()
    found = []
    at, end = 0, len(content)
    while at < end:
        cid_length, length = _HEAD.unpack_from(content, at)
        cid_at = at + _HEAD.size
        data_at = cid_at + cid_length
        at = data_at + length
        found.append((content[cid_at:data_at], content[data_at:at]))
    found.sort()
    return found


def clear(folder: Path) -> None:
    """Remove a sorter's folder with all it holds, if it is there; LocalFault where it cannot be."""
    with _disk_faults(folder):
        if folder.exists():
            shutil.rmtree(folder)


def _part(folder: Path, number: int) -> Path:
    return folder / f"{number:04}{_SUFFIX}"


@contextmanager
def _disk_faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalFault(
            f"cannot keep blocks in {folder}: {error.strerror or error}; what is there is safe: "
            "try again when this is mended, or remove the folder"
        ) from error
