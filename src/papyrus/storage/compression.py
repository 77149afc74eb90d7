"""Files as they lie on disk, plain or compressed with zstandard (RFC 8878).

A compressed file is one or more frames, one after the other; frames of a reserved magic are
skipped. The decompressor itself ends quietly where a file is cut off, so the frames are followed
block by block beside it: a truncated file is an error here, never a short read.
"""

import io
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from papyrus.primitives.errors import DecodeError, LocalFault

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

_SKIPPABLE_MAGIC = 0x184D2A50
"""The lowest of the sixteen magics of frames that carry no content."""
_READ_SIZE = 1 << 17
_BUFFER_SIZE = 1 << 18
MAX_WINDOW = 1 << 27
"""128 MiB, what the zstd tool itself allows without being asked: a bound on memory."""
_RLE_BLOCK = 1


class CompressionError(DecodeError):
    """Compressed data is damaged or cut off, whatever it was to hold."""


def open_file(path: Path) -> BinaryIO:
    """Return the file opened for reading, or say in a sentence why it cannot be."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise LocalFault(f"there is no file {path}") from None
    except IsADirectoryError:
        raise LocalFault(f"{path} is a folder, not a file") from None
    except OSError as error:
        raise LocalFault(f"cannot read {path}: {error.strerror or error}") from error


def open_plain(path: Path) -> tuple[BinaryIO, bool]:
    """Return the file's content as a stream, decompressed, and whether it was compressed."""
    file = open_file(path)
    magic = file.read(4)
    # Parallel compressors begin with a frame that is skipped.
    compressed = magic == ZSTD_MAGIC or _is_skippable(magic)
    file.seek(0)
    if not compressed:
        return file, False
    return io.BufferedReader(ZstdReader(file), _BUFFER_SIZE), True


def position_in(stream: BinaryIO) -> int:
    """Return how many bytes of its file a stream of `open_plain` has taken, compressed ones."""
    beneath = getattr(stream, "raw", None)
    return beneath.offset if isinstance(beneath, ZstdReader) else stream.tell()


def _is_skippable(magic: bytes) -> bool:
    return len(magic) == 4 and int.from_bytes(magic, "little") & ~0xF == _SKIPPABLE_MAGIC


class ZstdReader(io.RawIOBase):
    """The content of a compressed stream; closing it closes the stream beneath."""

    def __init__(self, source: BinaryIO) -> None:
        """Read from the source, which stands at the start of a frame."""
        self._source = _FrameTracker(source)
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._reader = decompressor.stream_reader(
            cast("BinaryIO", self._source), read_size=_READ_SIZE, read_across_frames=True
        )

    @property
    def offset(self) -> int:
        """How many compressed bytes were read."""
        return self._source.offset

    def readable(self) -> bool:
        """Return true: this is what it is for."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        """Fill the buffer with the next content; 0 is the end of a whole, well-formed file."""
        try:
            count: int = self._reader.readinto(buffer)
        except zstandard.ZstdError as error:
            raise CompressionError(
                f"damaged zstandard data before byte {self._source.offset}: {error}"
            ) from error
        if count == 0 and len(buffer) and not self._source.at_frame_end:
            raise CompressionError(
                f"truncated: the zstandard data is cut off at byte {self._source.offset}"
            )
        return count

    def close(self) -> None:
        """Close the file beneath."""
        if not self.closed:
            self._source.close()
        super().close()


class _Part(Enum):
    """What the next bytes of a compressed file are."""

    MAGIC = auto()
    SKIPPED_SIZE = auto()
    DESCRIPTOR = auto()
    BLOCK_HEADER = auto()


_LENGTHS = {_Part.MAGIC: 4, _Part.SKIPPED_SIZE: 4, _Part.DESCRIPTOR: 1, _Part.BLOCK_HEADER: 3}
_CONTENT_SIZE_LENGTHS = (0, 2, 4, 8)
_DICTIONARY_ID_LENGTHS = (0, 1, 2, 4)


class _FrameTracker:
    """A source that knows whether what was read of it so far is a whole number of frames."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._part = _Part.MAGIC
        self._collected = b""
        self._skip = 0
        self._checksum_length = 0
        self.offset = 0

    @property
    def at_frame_end(self) -> bool:
        """True between frames, and where nothing was read yet."""
        return self._part is _Part.MAGIC and not self._collected and not self._skip

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the source, having followed the frames in them."""
        data = self._source.read(size)
        self.offset += len(data)
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
            else:
                step = min(_LENGTHS[self._part] - len(self._collected), len(data) - position)
                self._collected += data[position : position + step]
                if len(self._collected) == _LENGTHS[self._part]:
                    self._advance(self._collected)
                    self._collected = b""
            position += step
        return data

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _advance(self, field: bytes) -> None:
        """Take in one field; a wrong magic is left to the decompressor, which refuses it."""
        number = int.from_bytes(field, "little")
        match self._part:
            case _Part.MAGIC:
                skipped = number & ~0xF == _SKIPPABLE_MAGIC
                self._part = _Part.SKIPPED_SIZE if skipped else _Part.DESCRIPTOR
            case _Part.SKIPPED_SIZE:
                self._skip = number
                self._part = _Part.MAGIC
            case _Part.DESCRIPTOR:
                single_segment = bool(number & 0x20)
                self._checksum_length = number & 0x04
                self._skip = (
                    (0 if single_segment else 1)
                    + _DICTIONARY_ID_LENGTHS[number & 0x03]
                    + (_CONTENT_SIZE_LENGTHS[number >> 6] or single_segment)
                )
                self._part = _Part.BLOCK_HEADER
            case _Part.BLOCK_HEADER:
                size = number >> 3
                self._skip = 1 if number >> 1 & 0x03 == _RLE_BLOCK else size
                if number & 1:
                    self._skip += self._checksum_length
                    self._part = _Part.MAGIC
