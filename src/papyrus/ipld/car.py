"""CAR files: blocks in a row, for moving parts of a DAG about.

Version 1 is a header (a DAG-CBOR map of `roots` and `version`) and then sections, each an
unsigned varint of its length, a binary CID and the block. Version 2 wraps that: a fixed first
part (a version 1 header that says version 2), a 40-byte header that says where things lie, a
version 1 file as the payload and, perhaps, an index from digests to offsets in the payload
(IPLD CARv1 and CARv2 specifications; index formats as go-car v2 writes them).

Everything works on binary streams that the caller opened. Reading is one pass forward, so a
stream need not be seekable and may be a decompressor; only writing version 2 goes back, to fill
in the header. Lengths are bounded before anything is allocated, and whatever is wrong with the
bytes raises `DecodeError` with the offset where the trouble begins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import CHAIN_LENGTH, CHAIN_PREFIX, MAX_DIGEST_LENGTH, RAW, Cid, read
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import decode_unsigned, encode_unsigned

MAX_HEADER_LENGTH = 1 << 20
"""Longest header read: room for 25,000 roots."""

MAX_SECTION_LENGTH = 8 << 20
"""Longest section read: go-car's own limit."""

V2_PRAGMA = bytes.fromhex("0aa16776657273696f6e02")
"""How a version 2 file begins: a version 1 header that holds only the version."""

V2_HEADER_LENGTH = 40

_CHUNK = 1 << 20
_LONGEST_VARINT = 10
_LONGEST_CID = 4 * _LONGEST_VARINT + MAX_DIGEST_LENGTH
_LONGEST_SKIPPED = 1 << 40


class Section(NamedTuple):
    """One block of a CAR file and where it lies."""

    cid: Cid
    data: bytes
    offset: int
    """Bytes from the beginning of the version 1 payload to the section's length."""
    data_offset: int
    """Bytes from where the stream stood at first to the block itself."""


@dataclass(frozen=True, slots=True)
class V2Header:
    """Where the parts of a version 2 file lie."""

    characteristics: bytes
    """Sixteen bytes; the highest bit of the first says that the index holds every section."""
    data_offset: int
    data_size: int
    index_offset: int
    """Zero where the file has no index."""


class CarReader:
    """A CAR file of either version, read once from front to back.

    The header is read at once; iterating gives the sections. With `verify`, every block is hashed
    and compared with its CID. With `skip_long`, raw data beyond the longest section is passed over,
    not refused: a snapshot carries its finality certificates so (FRC-0108).
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        verify: bool = True,
        max_section_length: int = MAX_SECTION_LENGTH,
        skip_long: bool = False,
    ) -> None:
        """Read the header; raises `DecodeError` where it is not one."""
        self.verify = verify
        self.skip_long = skip_long
        self.max_section_length = max_section_length
        self._source = _Source(stream)
        self.v2: V2Header | None = None
        """The header of a version 2 file, None for version 1."""
        version, roots = self._read_header()
        if version == 2:
            self.v2 = self._enter_payload()
            version, roots = self._read_header()
        if version != 1:
            raise DecodeError(f"CAR payload has version {version}, expected 1")
        self.roots: tuple[Cid, ...] = roots

    @property
    def version(self) -> int:
        """Return 1 or 2."""
        return 1 if self.v2 is None else 2

    def __iter__(self) -> Iterator[tuple[Cid, bytes]]:
        return map(itemgetter(0, 1), self._blocks())

    def sections(self) -> Iterator[Section]:
        """Give each section that is left; raises `DecodeError` where the file breaks off."""
        return map(Section._make, self._blocks())

    def _blocks(self) -> Iterator[tuple[Cid, bytes, int, int]]:
        """Give what a `Section` is made of."""
        source = self._source
        start = 0 if self.v2 is None else self.v2.data_offset
        most = _LONGEST_SKIPPED if self.skip_long else self.max_section_length
        while not source.at_end():
            at = source.offset
            body = source.short_section(self.max_section_length)
            if body is None:
                length = source.read_length("section", most)
                if length > self.max_section_length:
                    self._skip_raw(at, length)
                    continue
                body = source.read(length)
            if body.startswith(CHAIN_PREFIX) and len(body) >= CHAIN_LENGTH:
                cid, split = Cid(body[:CHAIN_LENGTH]), CHAIN_LENGTH
            else:
                cid, split = _split(body, at)
            data = body[split:]
            if self.verify and not verify_block(cid, data):
                raise DecodeError(f"section at byte {at}: the block is not what {cid} names")
            yield cid, data, at - start, source.offset - len(data)

    def long_section(self) -> tuple[Cid, Iterator[bytes]]:
        """Return the CID of the next section and its data in pieces, however long, unchecked.

        The pieces are to be taken before anything else is read. Raises `DecodeError` where there
        is no section, or it breaks off.
        """
        source = self._source
        at = source.offset
        length = source.read_length("section", _LONGEST_SKIPPED)
        head = source.read(min(length, _LONGEST_CID))
        cid, split = _split(head, at)

        def pieces() -> Iterator[bytes]:
            yield head[split:]
            left = length - len(head)
            while left:
                piece = source.read(min(left, _CHUNK))
                left -= len(piece)
                yield piece

        return cid, pieces()

    def _skip_raw(self, at: int, length: int) -> None:
        """Pass over a section that is raw data; refuse any other."""
        head = self._source.read(_LONGEST_CID)
        cid, _ = _split(head, at)
        if cid.codec != RAW:
            raise DecodeError(
                f"CAR section at byte {at} has length {length}, 1 to {self.max_section_length} "
                "allowed"
            )
        self._source.skip(length - len(head))

    def _read_header(self) -> tuple[int, tuple[Cid, ...]]:
        at = self._source.offset
        length = self._source.read_length("header", MAX_HEADER_LENGTH)
        raw = self._source.read(length)
        try:
            return _parse_header(dag_cbor.decode(raw))
        except DecodeError as error:
            raise DecodeError(f"CAR header at byte {at}: {error}") from error

    def _enter_payload(self) -> V2Header:
        source = self._source
        raw = source.read(V2_HEADER_LENGTH)
        numbers = [int.from_bytes(raw[at : at + 8], "little") for at in (16, 24, 32)]
        header = V2Header(raw[:16], *numbers)
        first = len(V2_PRAGMA) + V2_HEADER_LENGTH
        end = header.data_offset + header.data_size
        if header.data_offset < first or 0 < header.index_offset < end:
            raise DecodeError("CAR version 2 header at byte 11 puts parts of the file in one place")
        source.skip(header.data_offset - first)
        source.end = end
        return header


def write_car(
    stream: BinaryIO, roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]
) -> list[tuple[Cid, int]]:
    """Write a version 1 file; returns each CID with its section's offset from the file's start."""
    header = dag_cbor.encode({"roots": list(roots), "version": 1})
    at = stream.write(encode_unsigned(len(header)) + header)
    written = []
    for cid, data in blocks:
        written.append((cid, at))
        at += stream.write(encode_unsigned(len(cid) + len(data)) + cid + data)
    return written


def verify_block(cid: Cid, data: bytes) -> bool:
    """Return whether `cid` names `data`; raises `DecodeError` for a hash function not known."""
    if cid.startswith(CHAIN_PREFIX) and len(cid) == CHAIN_LENGTH:
        return cid.endswith(blake2b(data, digest_size=32).digest())
    try:
        named = Cid.of(data, cid.codec, cid.hash_code)
    except ValueError as error:
        raise DecodeError(f"{cid} cannot be verified: {error}") from error
    return named.digest == cid.digest


def _split(body: bytes, at: int) -> tuple[Cid, int]:
    """Return the CID that the section at some offset begins with, and its length."""
    try:
        cid, end = read(body)
    except DecodeError as error:
        raise DecodeError(f"section at byte {at}: {error}") from error
    if len(cid) != end:
        raise DecodeError(f"section at byte {at}: CID holds a varint above 64 bits")
    return cid, end


def _parse_header(value: object) -> tuple[int, tuple[Cid, ...]]:
    if not isinstance(value, dict):
        raise DecodeError("not a map")
    version = value.get("version")
    if version == 2 and value.keys() == {"version"}:
        return 2, ()
    roots = value.get("roots")
    if version != 1 or type(version) is not int or value.keys() != {"version", "roots"}:
        raise DecodeError(f"version {version!r} with fields {', '.join(sorted(value))}")
    if not isinstance(roots, list) or not all(type(root) is Cid for root in roots):
        raise DecodeError("roots are not a list of links")
    return 1, tuple(roots)


class _Source:
    """A stream read in large chunks, that knows its offset and where it must end."""

    __slots__ = ("_at", "_buffer", "_stream", "end", "offset")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0
        self.offset = 0
        self.end: int | None = None

    def at_end(self) -> bool:
        """Return whether nothing is left, neither of the stream nor of the payload."""
        if self.end is not None and self.offset >= self.end:
            return True
        return not self._fill(1) and self._checked_end()

    def read(self, length: int) -> bytes:
        if self.end is not None and length > self.end - self.offset:
            raise DecodeError(f"CAR payload ends at byte {self.end}, within what lies before it")
        if not self._fill(length):
            raise DecodeError(f"CAR is cut short: {length} bytes wanted at byte {self.offset}")
        found = self._buffer[self._at : self._at + length]
        self._at += length
        self.offset += length
        return found

    def short_section(self, most: int) -> bytes | None:
        """Return the next section where its length takes a byte or two and the buffer holds it.

        Nearly all are like this, and this is where the time of reading goes.
        """
        buffer, at = self._buffer, self._at
        start = at + 2
        if start > len(buffer) or self.end is not None:
            return None
        low, high = buffer[at], buffer[at + 1]
        if low < 0x80:
            start, length = at + 1, low
        else:
            length = low & 0x7F | high << 7
        end = start + length
        # Lengths of none, of three bytes or not in their shortest form are for `read_length`.
        if not 0 < length <= most or end > len(buffer) or (start > at + 1 and not 0 < high < 0x80):
            return None
        self.offset += end - at
        self._at = end
        return buffer[start:end]

    def read_length(self, what: str, most: int) -> int:
        at = self.offset
        self._fill(_LONGEST_VARINT)
        head = self._buffer[self._at : self._at + _LONGEST_VARINT]
        if self.end is not None:
            head = head[: self.end - at]
        try:
            length, taken = decode_unsigned(head)
        except DecodeError as error:
            if len(head) < _LONGEST_VARINT and not (head and head[-1] < 0x80):
                self.read(len(head) + 1)  # says which end was met within the length
            raise DecodeError(f"CAR {what} at byte {at}: {error}") from error
        if not 0 < length <= most:
            raise DecodeError(f"CAR {what} at byte {at} has length {length}, 1 to {most} allowed")
        self._at += taken
        self.offset += taken
        return length

    def skip(self, length: int) -> None:
        while length:
            step = min(length, _CHUNK)
            self.read(step)
            length -= step

    def _checked_end(self) -> bool:
        if self.end is not None and self.offset < self.end:
            raise DecodeError(f"CAR is cut short at byte {self.offset}: payload to {self.end}")
        return True

    def _fill(self, length: int) -> bool:
        """Hold at least so many bytes in the buffer; False where the stream has fewer left."""
        left = len(self._buffer) - self._at
        if left >= length:
            return True
        parts = [self._buffer[self._at :]]
        while left < length:
            chunk = self._stream.read(max(_CHUNK, length - left))
            if not chunk:
                break
            parts.append(chunk)
            left += len(chunk)
        self._buffer = b"".join(parts)
        self._at = 0
        return left >= length
