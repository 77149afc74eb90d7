"""Chain files: CAR archives on disk, plain or compressed, read-only and written whole.

A CAR file holds roots and blocks (IPLD CAR specification, versions 1 and 2). `open_car` takes any
of the forms that Filecoin's tools exchange, told apart by content and not by name: version 1,
version 2, and either under zstandard, as snapshots and genesis files travel. An open file streams
its blocks in order, and is a block store as well, opened when the first block is asked for:
- A large file is read where it lies, through an index that is kept beside it (`indexed_car`), so
  that it is usable at once whenever it is opened again. A compressed one must be in small frames
  for that, as Papyrus and Forest write them.
- Of any other file one pass is made each time (`scanned_car`).

Every block that leaves here has been checked against its CID. Raw data too long for a block, as
snapshots carry, is passed over.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from papyrus.ipld.car import CarReader, Section, write_car
from papyrus.ipld.car_index import write_car_v2
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.compression import CompressionError, open_plain
from papyrus.storage.files import atomic_writer
from papyrus.storage.indexed_car import IndexedCar, readable_in_place
from papyrus.storage.scanned_car import MEMORY_BOUND, ScannedCar
from papyrus.storage.zstd_frames import FrameWriter, LongFrame

INDEX_FROM = 64 << 20
"""Bytes of a file from which on its index is kept on disk; less is read again in a second."""

_COMPRESSION_LEVEL = 9
_START_LENGTH = 512


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


def open_car(
    path: Path | str, *, memory_bound: int = MEMORY_BOUND, index_from: int = INDEX_FROM
) -> "CarFile":
    """Return the chain file, its header read.

    Raises LocalFault where it cannot be read, DecodeError where it is not a CAR file.
    """
    return CarFile(Path(path), memory_bound=memory_bound, index_from=index_from)


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
            stream = FrameWriter(file, _COMPRESSION_LEVEL)
            write_car(cast("BinaryIO", stream), roots, blocks)
            stream.finish()


class CarFile:
    """A chain file: its roots, its blocks in order, and a read-only block store of them."""

    def __init__(
        self, path: Path, *, memory_bound: int = MEMORY_BOUND, index_from: int = INDEX_FROM
    ) -> None:
        """Read the header of the file; see `open_car`."""
        self.path = path
        self._memory_bound = memory_bound
        self._index_from = index_from
        self._store: IndexedCar | ScannedCar | None = None
        self._opening = threading.Lock()
        """Held while the store is opened, so that two threads do not go through the file."""
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
        return self.ready().get(cid)

    def has(self, cid: Cid) -> bool:
        """Return whether the file holds the block."""
        return self.ready().has(cid)

    def put(self, cid: Cid, data: bytes) -> None:
        """Refuse: the file is read-only."""
        raise LocalFault(f"{self.path} is read-only: block {cid} of {len(data)} bytes is refused")

    def __len__(self) -> int:
        return len(self.ready())

    def ready(self, progress: Callable[[int], None] | None = None) -> IndexedCar | ScannedCar:
        """Return the store of the blocks, ready to find any; done by itself on first use.

        `progress` hears the bytes of blocks read since last, if the file has to be gone through.
        Raises LocalFault where the file is damaged.
        """
        store = self._store
        if store is not None:
            return store
        with self._opening:
            if self._store is None:
                try:
                    self._store = self._open(progress)
                except DecodeError as error:
                    raise LocalFault(_named(self.path, error)) from error
            return self._store

    def close(self) -> None:
        """Let go of the file and of what is held of it."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, progress: Callable[[int], None] | None) -> IndexedCar | ScannedCar:
        large = self.path.stat().st_size >= self._index_from
        if large and (not self.compressed or readable_in_place(self.path)):
            try:
                return IndexedCar(self.path, compressed=self.compressed, progress=progress)
            except LongFrame:
                pass  # not the first, so it had to be met
        with _reading(self.path) as reader:
            bound = self._memory_bound if self.compressed else None
            return ScannedCar(self.path, reader, memory_bound=bound, progress=progress)


def _reader(stream: BinaryIO, path: Path) -> CarReader:
    """Return the reader of a file that stands at its start, or say what it is instead."""
    try:
        return CarReader(stream, skip_long=True)
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
            raise DecodeError(_named(path, error)) from error


def _named(path: Path, error: DecodeError) -> str:
    """Return what is wrong with a file, with its name, which may be said already."""
    said = f"{path} is damaged: "
    return said + str(error).removeprefix(said)


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
