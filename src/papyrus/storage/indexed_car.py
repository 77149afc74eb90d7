"""A large chain file as a block store: every block where it lies, found through an index on disk.

The file is mapped, plain or in small zstandard frames, and nothing of it is held in memory but the
frames read last. Its index is opened if there is one, else made by one pass over the file, in which
every block is checked. Where the index cannot be kept beside the file, it is in a nameless
temporary file as long as the store is open.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from papyrus.ipld.car import MAX_SECTION_LENGTH, CarReader, verify_block
from papyrus.ipld.cid import Cid, read
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.varint import decode_unsigned
from papyrus.storage.car_index_file import CarIndex, IndexBuilder, identity_of, index_path
from papyrus.storage.compression import open_file
from papyrus.storage.files import atomic_writer
from papyrus.storage.zstd_frames import FrameContent, LongFrame, decompress, find_frames

_LONGEST_VARINT = 10
_FIRST_READ = 4096
"""Most sections are shorter, and are read at once with their length."""
_TOLD_BYTES = 1 << 20


class _Content(Protocol):
    """The content of a file, decompressed, any part of which can be read."""

    def read(self, offset: int, length: int, /) -> bytes:
        """Return a part of the content, shorter only where the content ends before."""
        ...


class _PlainContent:
    """A plain file, mapped."""

    def __init__(self, data: mmap) -> None:
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


class IndexedCar:
    """A read-only store of the blocks of a chain file."""

    def __init__(
        self, path: Path, *, compressed: bool, progress: Callable[[int], None] | None = None
    ) -> None:
        """Open the file and its index, which is made where there is none.

        `progress` hears the bytes of blocks read since last. DecodeError where the file is damaged,
        LocalFault where it cannot be read, LongFrame where it cannot be read in the middle.
        """
        self.path = path
        identity = identity_of(path)
        with open_file(path) as file:
            self._data = mmap(file.fileno(), 0, access=ACCESS_READ)
        index = CarIndex.open(index_path(path), identity)
        if index is None:
            index = _make_index(path, self._data, identity, compressed, progress)
        self._index = index
        self._content = _content(self._data, index.frame_starts, index.frame_places)

    def get(self, cid: Cid) -> bytes | None:
        """Return a block, checked, or None; LocalFault where the file has been changed."""
        for found, data in self._sections(cid):
            if found == cid:
                if not verify_block(cid, data):
                    raise LocalFault(f"{self.path} has changed since: block {cid} is damaged")
                return data
        return None

    def has(self, cid: Cid) -> bool:
        """Return whether the file holds the block."""
        return any(found == cid for found, _ in self._sections(cid))

    def __len__(self) -> int:
        return len(self._index.keys)

    def close(self) -> None:
        """Let go of the file."""
        self._data.close()

    def _sections(self, cid: Cid) -> Iterator[tuple[Cid, bytes]]:
        try:
            for offset in self._index.find(cid):
                yield _section_at(self._content, offset)
        except DecodeError as error:
            raise LocalFault(f"{self.path} has changed since it was indexed: {error}") from error
        except ValueError:
            raise LocalFault(f"{self.path} is closed") from None


def _content(data: mmap, starts: Sequence[int], places: Sequence[int]) -> _Content:
    return FrameContent(data, starts, places) if starts else _PlainContent(data)


def _section_at(content: _Content, offset: int) -> tuple[Cid, bytes]:
    """Return the CID and the block of the section at an offset, not yet checked."""
    head = content.read(offset, _FIRST_READ)
    length, start = decode_unsigned(head[:_LONGEST_VARINT])
    if not 0 < length <= MAX_SECTION_LENGTH:
        raise DecodeError(f"a section of {length} bytes at byte {offset}")
    body = head[start : start + length]
    if len(body) < length:
        body = content.read(offset + start, length)
    if len(body) < length:
        raise DecodeError(f"the section at byte {offset} is cut short")
    cid, end = read(body)
    return cid, body[end:]


def _make_index(
    path: Path,
    data: mmap,
    identity: bytes,
    compressed: bool,
    progress: Callable[[int], None] | None,
) -> CarIndex:
    """Make the index of a file in one pass, and keep it beside the file if that can be."""
    with closing(IndexBuilder()) as builder:
        stream = _FrameFeed(data, builder) if compressed else open_file(path)
        with closing(stream):
            _collect(cast("BinaryIO", stream), builder, progress)
        content = _content(data, builder.frame_starts, builder.frame_places)

        def cid_at(offset: int) -> Cid:
            return _section_at(content, offset)[0]

        try:
            with atomic_writer(index_path(path)) as file:
                builder.write(file, identity, cid_at)
        except LocalFault:
            pass  # the folder is not ours to write to, or full
        else:
            index = CarIndex.open(index_path(path), identity)
            if index is not None:
                return index
        with tempfile.TemporaryFile(prefix="papyrus-") as kept:
            try:
                builder.write(cast("BinaryIO", kept), identity, cid_at)
                kept.flush()
                kept.seek(0)
                index = CarIndex.read(cast("BinaryIO", kept), identity)
            except OSError as error:
                raise LocalFault(f"no room for the index of {path}: {error.strerror}") from error
        if index is None:
            raise LocalFault(f"the index of {path} cannot be read back")
        return index


def _collect(
    stream: BinaryIO, builder: IndexBuilder, progress: Callable[[int], None] | None
) -> None:
    reader = CarReader(stream, skip_long=True)
    base = 0 if reader.v2 is None else reader.v2.data_offset
    unheard = 0
    for section in reader.sections():
        builder.add(section.cid, base + section.offset)
        unheard += len(section.data)
        if progress is not None and unheard >= _TOLD_BYTES:
            progress(unheard)
            unheard = 0


class _FrameFeed:
    """The content of a compressed file as a stream, frame by frame, noted as it is read."""

    def __init__(self, data: mmap, builder: IndexBuilder) -> None:
        self._data, self._builder = data, builder
        self._frames = find_frames(data)
        builder.frame_starts.append(0)

    def read(self, _: int) -> bytes:
        """Return the content of the next frame, whatever length is asked for."""
        for start, end in self._frames:
            content = decompress(self._data, start, end)
            if content:
                self._builder.frame_starts.append(self._builder.frame_starts[-1] + len(content))
                self._builder.frame_places.extend((start, end))
                return content
        return b""

    def close(self) -> None:
        """Leave the file open for its owner."""


def readable_in_place(path: Path) -> bool:
    """Return whether a compressed file begins with frames that are short enough."""
    with open_file(path) as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        try:
            return next(find_frames(data), None) is not None
        except (LongFrame, DecodeError):
            return False
