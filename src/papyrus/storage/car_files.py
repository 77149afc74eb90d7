"""Chain files: CAR archives on disk, plain or compressed, read-only and written whole.

A CAR file holds roots and blocks (IPLD CAR specification, versions 1 and 2). `open_car` takes any
of the forms that Filecoin's tools exchange, told apart by content and not by name: version 1,
version 2, and either under zstandard, as snapshots and genesis files travel. An open file streams
its blocks in order, and is a block store as well. The store's index is built by one pass over the
file when the first block is asked for. Of a compressed file the blocks are kept in memory, up to
`MEMORY_BOUND` bytes, and in a nameless temporary file beyond that; of a plain one only their
places are.

Every block that leaves here has been checked against its CID.
"""

import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

import zstandard

from papyrus.ipld.car import CarReader, Section, verify_block, write_car
from papyrus.ipld.car_index import write_car_v2
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.compression import CompressionError, open_file, open_plain
from papyrus.storage.files import atomic_writer

MEMORY_BOUND = 512 << 20
"""Bytes of blocks of a compressed file that are kept in memory."""

_COMPRESSION_LEVEL = 9
_START_LENGTH = 512
_LENGTH_BITS = 32
_LENGTH_MASK = (1 << _LENGTH_BITS) - 1


@dataclass(frozen=True, slots=True)
class CarSummary:
    """What a whole pass over a chain file found."""

    blocks: int
    distinct: int
    """Blocks less those that come again."""
    data_size: int
    """Bytes of all blocks."""
    missing_roots: tuple[Cid, ...]
    """Roots that the file does not hold the block of."""


def open_car(path: Path | str, *, memory_bound: int = MEMORY_BOUND) -> "CarFile":
    """Return the chain file, its header read.

    Raises LocalFault where it cannot be read, DecodeError where it is not a CAR file.
    """
    return CarFile(Path(path), memory_bound=memory_bound)


def save_car(
    path: Path, roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]], *, version: int = 1
) -> None:
    """Write a chain file that is there whole or not at all; compressed where it ends in `.zst`."""
    with atomic_writer(path) as file:
        if path.suffix != ".zst":
            (write_car_v2 if version == 2 else write_car)(file, roots, blocks)
        elif version == 2:
            raise ValueError("a CAR of version 2 is for random access: do not compress it")
        else:
            compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL)
            with compressor.stream_writer(file, closefd=False) as stream:
                write_car(cast("BinaryIO", stream), roots, blocks)


class CarFile:
    """A chain file: its roots, its blocks in order, and a read-only block store of them."""

    def __init__(self, path: Path, *, memory_bound: int = MEMORY_BOUND) -> None:
        """Read the header of the file; see `open_car`."""
        self.path = path
        self._memory_bound = memory_bound
        self._index: dict[Cid, int] | None = None
        """The place of each block not held, as its offset and, in the low bits, its length."""
        self._held: dict[Cid, bytes] = {}
        self._far: mmap.mmap | None = None
        stream, self.compressed = open_plain(path)
        with stream:
            reader = _reader(stream, path)
        self.version: int = reader.version
        self.roots: tuple[Cid, ...] = reader.roots

    def blocks(self) -> Iterator[tuple[Cid, bytes]]:
        """Give each block in the file's order, checked; DecodeError where the file is damaged."""
        with _reading(self.path) as reader:
            yield from reader

    def sections(self) -> Iterator[Section]:
        """Give each block with its place in the decompressed file, checked; see `blocks`."""
        with _reading(self.path) as reader:
            yield from reader.sections()

    def verify(self, progress: Callable[[int], None] | None = None) -> CarSummary:
        """Read and check every block; `progress` hears the bytes of blocks read since last."""
        blocks = data_size = unheard = 0
        seen: set[Cid] = set()
        for cid, data in self.blocks():
            blocks += 1
            data_size += len(data)
            seen.add(cid)
            unheard += len(data)
            if progress is not None and unheard >= 1 << 20:
                progress(unheard)
                unheard = 0
        missing = tuple(root for root in self.roots if root not in seen)
        return CarSummary(blocks, len(seen), data_size, missing)

    def get(self, cid: Cid) -> bytes | None:
        """Return a block, checked, or None where the file lacks it.

        Raises LocalFault where the file is damaged: what it should hold is not known.
        """
        index = self._ready()
        held = self._held.get(cid)
        if held is not None:
            return held
        place = index.get(cid)
        if place is None or self._far is None:
            return None
        start = place >> _LENGTH_BITS
        data = self._far[start : start + (place & _LENGTH_MASK)]
        if not verify_block(cid, data):
            raise LocalFault(f"{self.path} has changed since it was opened: block {cid} is damaged")
        return data

    def has(self, cid: Cid) -> bool:
        """Return whether the file holds the block."""
        return cid in self._ready() or cid in self._held

    def put(self, cid: Cid, data: bytes) -> None:
        """Refuse: the file is read-only."""
        raise LocalFault(f"{self.path} is read-only: block {cid} of {len(data)} bytes is refused")

    def __len__(self) -> int:
        return len(self._ready()) + len(self._held)

    def close(self) -> None:
        """Let go of the file and of what is held of it."""
        if self._far is not None:
            self._far.close()
            self._far = None
        self._index = None
        self._held.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ready(self) -> dict[Cid, int]:
        """Return the index, built on first use."""
        if self._index is None:
            try:
                self._index = self._unpack() if self.compressed else self._scan()
            except DecodeError as error:
                self.close()
                raise LocalFault(str(error)) from error
        return self._index

    def _scan(self) -> dict[Cid, int]:
        """Return the place of every block of a plain file, and map the file."""
        index = {
            section.cid: section.data_offset << _LENGTH_BITS | len(section.data)
            for section in self.sections()
        }
        with open_file(self.path) as file:
            self._far = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return index

    def _unpack(self) -> dict[Cid, int]:
        """Hold the blocks of a compressed file, and return the place of those put elsewhere."""
        index: dict[Cid, int] = {}
        room = self._memory_bound
        with tempfile.TemporaryFile(prefix="papyrus-") as overflow:
            for cid, data in self.blocks():
                if cid in self._held or cid in index:
                    continue
                if len(data) <= room:
                    room -= len(data)
                    self._held[cid] = data
                else:
                    room = 0
                    index[cid] = overflow.tell() << _LENGTH_BITS | len(data)
                    overflow.write(data)
            overflow.flush()
            if overflow.tell():
                self._far = mmap.mmap(overflow.fileno(), 0, access=mmap.ACCESS_READ)
        return index


def _reader(stream: BinaryIO, path: Path) -> CarReader:
    """Return the reader of a file that stands at its start, or say what it is instead."""
    try:
        return CarReader(stream)
    except CompressionError as error:
        raise DecodeError(f"{path} is damaged: {error}") from error
    except DecodeError as error:
        raise DecodeError(f"{path} is not a CAR file{_guess(path)}: {error}") from error


@contextmanager
def _reading(path: Path) -> Iterator[CarReader]:
    """Open the file for one pass; a fault in it is told with its name."""
    stream, _ = open_plain(path)
    with stream:
        reader = _reader(stream, path)
        try:
            yield reader
        except DecodeError as error:
            raise DecodeError(f"{path} is damaged: {error}") from error


def _guess(path: Path) -> str:
    """Return what a file that is no CAR looks like, for the person who named it."""
    stream, _ = open_plain(path)
    with stream:
        start = stream.read(_START_LENGTH)
    for magic, at, kind in _LOOKALIKES:
        if start[at : at + len(magic)] == magic:
            return f" but {kind}"
    return " but empty" if not start else ""


_LOOKALIKES = (
    (b"ustar", 257, "a tar archive (is it one of bundles? then `papyrus bundle import` takes it)"),
    (b"\x1f\x8b", 0, "gzip data: unpack it first with gunzip"),
    (b"\xfd7zXZ", 0, "xz data: unpack it first with unxz"),
    (b"PK\x03\x04", 0, "a zip archive: unpack it first"),
    (b"{", 0, "what seems to be JSON"),
    (b"\0asm", 0, "a Wasm module"),
    (b"\x7fELF", 0, "a program"),
)
"""How files begin that people take for chain files: bytes, offset, and what to say."""
