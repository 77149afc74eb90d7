"""A small chain file as a block store: gone through once, and held as long as it is open.

Of a plain file the place of each block is held, of a compressed one the blocks themselves, up to a
bound in memory and in a nameless temporary file beyond that.
"""

import mmap
import tempfile
from collections.abc import Callable
from pathlib import Path

from papyrus.ipld.car import CarReader, verify_block
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.compression import open_file

MEMORY_BOUND = 512 << 20
"""Bytes of blocks of a compressed file that are kept in memory."""

_LENGTH_BITS = 32
_LENGTH_MASK = (1 << _LENGTH_BITS) - 1
_TOLD_BYTES = 1 << 20


class ScannedCar:
    """A read-only store of the blocks of a chain file."""

    def __init__(
        self,
        path: Path,
        reader: CarReader,
        *,
        memory_bound: int | None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Go through the file; `memory_bound` is for a compressed one, and None for a plain one.

        `progress` hears the bytes of blocks read since last. DecodeError where the file is damaged.
        """
        self.path = path
        self._index: dict[Cid, int] = {}
        """The place of each block not held, as its offset and, in the low bits, its length."""
        self._held: dict[Cid, bytes] = {}
        self._far: mmap.mmap | None = None
        self._progress = progress
        self._unheard = 0
        if memory_bound is None:
            self._scan(reader)
        else:
            self._unpack(reader, memory_bound)

    def get(self, cid: Cid) -> bytes | None:
        """Return a block, checked, or None; LocalFault where the file has been changed."""
        held = self._held.get(cid)
        if held is not None:
            return held
        place = self._index.get(cid)
        if place is None or self._far is None:
            return None
        start = place >> _LENGTH_BITS
        data = self._far[start : start + (place & _LENGTH_MASK)]
        if not verify_block(cid, data):
            raise LocalFault(f"{self.path} has changed since it was opened: block {cid} is damaged")
        return data

    def has(self, cid: Cid) -> bool:
        """Return whether the file holds the block."""
        return cid in self._index or cid in self._held

    def __len__(self) -> int:
        return len(self._index) + len(self._held)

    def close(self) -> None:
        """Let go of the file and of what is held of it."""
        if self._far is not None:
            self._far.close()
            self._far = None
        self._index.clear()
        self._held.clear()

    def _scan(self, reader: CarReader) -> None:
        """Note the place of every block of a plain file, and map the file."""
        for section in reader.sections():
            self._index[section.cid] = section.data_offset << _LENGTH_BITS | len(section.data)
            self._tell(len(section.data))
        with open_file(self.path) as file:
            self._far = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def _unpack(self, reader: CarReader, room: int) -> None:
        """Hold the blocks of a compressed file, and note the place of those put elsewhere."""
        with tempfile.TemporaryFile(prefix="papyrus-") as overflow:
            for cid, data in reader:
                self._tell(len(data))
                if cid in self._held or cid in self._index:
                    continue
                if len(data) <= room:
                    room -= len(data)
                    self._held[cid] = data
                else:
                    room = 0
                    self._index[cid] = overflow.tell() << _LENGTH_BITS | len(data)
                    overflow.write(data)
            overflow.flush()
            if overflow.tell():
                self._far = mmap.mmap(overflow.fileno(), 0, access=mmap.ACCESS_READ)

    def _tell(self, size: int) -> None:
        self._unheard += size
        if self._progress is not None and self._unheard >= _TOLD_BYTES:
            self._progress(self._unheard)
            self._unheard = 0
