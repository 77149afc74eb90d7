"""The index of a version 2 CAR file, and writing such files.

An index tells at which offset of the payload the section of a digest begins. Two formats exist,
each a multicodec varint and then little-endian integers: `INDEX_SORTED` groups digests by length
alone, `MULTIHASH_INDEX_SORTED` first by hash function. Within a group the digests are sorted, so
that a reader with random access may search them in place. Sections with an identity CID are left
out, for their CID holds the block (go-car v2).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from papyrus.ipld.car import V2_HEADER_LENGTH, V2_PRAGMA, write_car
from papyrus.ipld.cid import IDENTITY, Cid
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import decode_unsigned, encode_unsigned

INDEX_SORTED = 0x0400
MULTIHASH_INDEX_SORTED = 0x0401

_OFFSET_LENGTH = 8
_MAX_WIDTH = 1024
"""Longest record read: digests of 64 bytes are the longest a CID may have, others are rare."""
_RECORDS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, order=True)
class IndexEntry:
    """Where the section of a digest begins."""

    hash_code: int | None
    """None in the format that does not tell it."""
    digest: bytes
    offset: int
    """Bytes from the beginning of the payload."""


def read_index(stream: BinaryIO) -> Iterator[IndexEntry]:
    """Give every entry of the index that the stream stands at; raises `DecodeError`."""
    codec = _read_codec(stream)
    if codec == INDEX_SORTED:
        yield from _read_widths(stream, None)
    elif codec == MULTIHASH_INDEX_SORTED:
        for _ in range(_read_count(stream)):
            yield from _read_widths(stream, _read_integer(stream, 8))
    else:
        raise DecodeError(f"CAR index has codec {codec:#x}, which is no known format")


def write_index(stream: BinaryIO, entries: Iterable[tuple[Cid, int]]) -> None:
    """Write a `MULTIHASH_INDEX_SORTED` index of sections by CID and offset."""
    codes: dict[int, dict[int, list[bytes]]] = {}
    for cid, offset in entries:
        hash_code = cid.hash_code
        if hash_code != IDENTITY:
            record = cid.digest + offset.to_bytes(_OFFSET_LENGTH, "little")
            codes.setdefault(hash_code, {}).setdefault(len(record), []).append(record)
    stream.write(encode_unsigned(MULTIHASH_INDEX_SORTED) + len(codes).to_bytes(4, "little"))
    for hash_code, widths in sorted(codes.items()):
        stream.write(hash_code.to_bytes(8, "little") + len(widths).to_bytes(4, "little"))
        for width, records in sorted(widths.items()):
            # Stable and by digest alone: sections of one digest stay in the order of the file.
            records.sort(key=lambda record: record[:-_OFFSET_LENGTH])
            length = width * len(records)
            stream.write(width.to_bytes(4, "little") + length.to_bytes(8, "little"))
            stream.writelines(records)


def write_car_v2(
    stream: BinaryIO, roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]
) -> None:
    """Write a version 2 file with an index; the stream must be seekable and at its beginning."""
    data_offset = len(V2_PRAGMA) + V2_HEADER_LENGTH
    stream.write(V2_PRAGMA + bytes(V2_HEADER_LENGTH))
    written = write_car(stream, roots, blocks)
    index_offset = stream.tell()
    write_index(stream, written)
    end = stream.tell()
    stream.seek(len(V2_PRAGMA) + 16)
    stream.writelines(
        number.to_bytes(8, "little")
        for number in (data_offset, index_offset - data_offset, index_offset)
    )
    stream.seek(end)


def _read_widths(stream: BinaryIO, hash_code: int | None) -> Iterator[IndexEntry]:
    for _ in range(_read_count(stream)):
        width = _read_integer(stream, 4)
        length = _read_integer(stream, 8)
        if not _OFFSET_LENGTH <= width <= _MAX_WIDTH or length % width:
            raise DecodeError(f"CAR index has {length} bytes of records of {width} bytes")
        left = length // width
        while left:
            count = min(left, _RECORDS_AT_ONCE)
            raw = _read_exactly(stream, count * width)
            for at in range(0, len(raw), width):
                split = at + width - _OFFSET_LENGTH
                offset = int.from_bytes(raw[split : at + width], "little")
                yield IndexEntry(hash_code, raw[at:split], offset)
            left -= count


def _read_codec(stream: BinaryIO) -> int:
    raw = _read_exactly(stream, 1)
    while raw[-1] >= 0x80 and len(raw) < 10:
        raw += _read_exactly(stream, 1)
    return decode_unsigned(raw)[0]


def _read_count(stream: BinaryIO) -> int:
    count = _read_integer(stream, 4)
    if count >= 1 << 31:
        raise DecodeError("CAR index has a negative count")
    return count


def _read_integer(stream: BinaryIO, width: int) -> int:
    return int.from_bytes(_read_exactly(stream, width), "little")


def _read_exactly(stream: BinaryIO, length: int) -> bytes:
    parts = []
    while length:
        part = stream.read(length)
        if not part:
            raise DecodeError("CAR index is cut short")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
