"""Compressed files that can be read in the middle: zstandard in many small frames (RFC 8878).

Each frame is decompressed by itself, so whoever knows where frames begin reads any part of the
content at the price of one frame. Forest's snapshots are written so, and Papyrus' own. A file of
one long frame, as the zstd tool makes, can only be read from the front.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from mmap import mmap
from typing import BinaryIO

import zstandard

from papyrus.primitives.errors import LocalFault
from papyrus.storage.compression import MAX_WINDOW, ZSTD_MAGIC, CompressionError

LARGEST_FRAME = 4 << 20
"""Longest frame, compressed, of which a file can be read in the middle."""

LARGEST_CONTENT = 16 << 20
"""Longest content of such a frame: a bound on memory."""

FRAME_CONTENT = 128 << 10
"""Content of the frames that are written here: small enough to find one block, large enough to
compress nearly as well as one frame would."""

_KEPT_CONTENT = 64 << 20
_SKIPPABLE_MAGIC = 0x184D2A50
_CONTENT_SIZE_LENGTHS = (0, 2, 4, 8)
_DICTIONARY_ID_LENGTHS = (0, 1, 2, 4)
_RLE_BLOCK = 1


class LongFrame(Exception):  # noqa: N818 - no failure: such a file is read in another way
    """The file has a frame that is too long for reading in the middle."""


def find_frames(data: mmap) -> Iterator[tuple[int, int]]:
    """Give where each frame with content begins and ends in a compressed file.

    Raises LongFrame at the first that is too long, CompressionError where the file is damaged.
    """
    at = 0
    while at < len(data):
        start = at
        magic = _integer(data, at, 4)
        if magic & ~0xF == _SKIPPABLE_MAGIC:
            at += 8 + _integer(data, at + 4, 4)
        elif data[at : at + 4] == ZSTD_MAGIC:
            at = _end_of_frame(data, at)
            yield start, at
        else:
            raise CompressionError(f"no zstandard frame at byte {at}")
        if at > len(data):
            raise CompressionError(f"truncated: the frame at byte {start} is cut off")


def decompress(data: mmap, start: int, end: int) -> bytes:
    """Return the content of one frame; LongFrame where it is too long, CompressionError if bad."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    parts, size = [], 0
    try:
        with decompressor.stream_reader(data[start:end]) as stream:
            while part := stream.read(LARGEST_CONTENT + 1 - size):
                parts.append(part)
                size += len(part)
    except zstandard.ZstdError as error:
        raise CompressionError(f"damaged zstandard data after byte {start}: {error}") from error
    if size > LARGEST_CONTENT:
        raise LongFrame
    return b"".join(parts)


class FrameContent:
    """The content of a file of frames, any part of which can be read."""

    def __init__(self, data: mmap, starts: Sequence[int], places: Sequence[int]) -> None:
        """Read frames whose content begins at `starts`, the last of which is the content's end.

        `places` holds the beginning and the end of each in the file, one after the other.
        """
        self._data, self._starts, self._places = data, starts, places
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._kept_size = 0
        self._lock = threading.Lock()
        """Held while a frame is looked for among those kept, or put there."""

    def __len__(self) -> int:
        return self._starts[-1]

    def read(self, offset: int, length: int) -> bytes:
        """Return a part of the content, shorter only where the content ends before.

        LocalFault where the file has been changed.
        """
        parts = []
        number = bisect_right(self._starts, offset) - 1
        while length > 0 and number < len(self._starts) - 1:
            at = offset - self._starts[number]
            part = self._frame(number)[at : at + length]
            parts.append(part)
            offset, length, number = offset + len(part), length - len(part), number + 1
        return b"".join(parts)

    def _frame(self, number: int) -> bytes:
        with self._lock:
            content = self._kept.get(number)
            if content is not None:
                self._kept.move_to_end(number)
                return content
        try:
            start, end = self._places[2 * number], self._places[2 * number + 1]
            content = decompress(self._data, start, end)
        except (CompressionError, LongFrame) as error:
            raise LocalFault(f"the file has changed since it was indexed: {error}") from error
        with self._lock:
            if number not in self._kept:
                self._kept[number] = content
                self._kept_size += len(content)
            while self._kept_size > _KEPT_CONTENT:
                _, dropped = self._kept.popitem(last=False)
                self._kept_size -= len(dropped)
        return content


class FrameWriter:
    """A stream that compresses what is written to it, in frames; `finish` ends the last."""

    def __init__(self, file: BinaryIO, level: int) -> None:
        """Write frames to the file. What is written at once is never in two of them."""
        self._file = file
        self._compressor = zstandard.ZstdCompressor(level=level, write_checksum=True)
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        """Take the next content, and return its length."""
        self._parts.append(data)
        self._size += len(data)
        if self._size >= FRAME_CONTENT:
            self.finish()
        return len(data)

    def finish(self) -> None:
        """Write what is left."""
        if self._parts:
            self._file.write(self._compressor.compress(b"".join(self._parts)))
            self._parts, self._size = [], 0


def _end_of_frame(data: mmap, start: int) -> int:
    """Return where a frame ends, found by its blocks' headers alone."""
    descriptor = _integer(data, start + 4, 1)
    single_segment = descriptor >> 5 & 1
    content_size = _CONTENT_SIZE_LENGTHS[descriptor >> 6] or single_segment
    at = start + 5 + (1 - single_segment) + _DICTIONARY_ID_LENGTHS[descriptor & 3] + content_size
    last = False
    while not last:
        header = _integer(data, at, 3)
        last = bool(header & 1)
        at += 3 + (1 if header >> 1 & 3 == _RLE_BLOCK else header >> 3)
        if at - start > LARGEST_FRAME:
            raise LongFrame
    return at + 4 * (descriptor >> 2 & 1)


def _integer(data: mmap, at: int, length: int) -> int:
    raw = data[at : at + length]
    if len(raw) < length:
        raise CompressionError(f"truncated: the zstandard data is cut off at byte {len(data)}")
    return int.from_bytes(raw, "little")
