"""The index of a large chain file, kept beside it, so that opening it again costs nothing.

A CAR file says nowhere where its blocks are (and if it does, nobody vouches for it), so one pass
over it is made, in which every block is checked. What was found is kept in `NAME.papyrus-index`: of
each section eight bytes of its CID's digest and its offset in the content, sorted, so that a lookup
is a binary search in a mapped file and memory holds nothing. Two CIDs may share those eight bytes;
the section itself tells them apart. For a compressed file the index also says where frames begin.

The index tells which file it is of by that file's size, time of change, and first and last bytes.
One that is of another file, or cut short, counts as none.
"""

import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Self

from papyrus.ipld.cid import CHAIN_LENGTH, CHAIN_PREFIX, Cid
from papyrus.primitives.errors import LocalFault

SUFFIX = ".papyrus-index"

_MAGIC = f"papyrus car index 1 {sys.byteorder}".encode().ljust(32)
"""Numbers are in the order of this machine, since they are searched where they lie."""
_HEADER = Struct("<32s32sQQ")
_NUMBER = 8
_BUCKETS = 256
_BUCKET_ROOM = 16_384
_ENDS = 1 << 16


def index_path(path: Path) -> Path:
    """Return where the index of a chain file is kept."""
    return path.with_name(path.name + SUFFIX)


def identity_of(path: Path) -> bytes:
    """Return what tells the file from any other, and from itself before a change."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            ends = file.read(_ENDS)
            file.seek(max(0, status.st_size - _ENDS))
            ends += file.read(_ENDS)
    except OSError as error:
        raise LocalFault(f"cannot read {path}: {error.strerror or error}") from error
    told = f"{status.st_size} {status.st_mtime_ns} ".encode()
    return blake2b(told + ends, digest_size=32).digest()


@dataclass(frozen=True, slots=True)
class CarIndex:
    """An index, mapped into memory: the sequences lie in the file, and go with the last of them."""

    keys: Sequence[int]
    offsets: Sequence[int]
    frame_starts: Sequence[int]
    """Where the content of each frame begins, and where the last ends; empty for a plain file."""
    frame_places: Sequence[int]
    """Where each frame begins and ends in the file, one after the other."""

    @classmethod
    def open(cls, path: Path, identity: bytes) -> Self | None:
        """Return the index at a path, or None where there is none of the file so identified."""
        try:
            with path.open("rb") as file:
                return cls.read(file, identity)
        except OSError:
            return None

    @classmethod
    def read(cls, file: BinaryIO, identity: bytes) -> Self | None:
        """Return the index that an open file holds, or None where it is another file's."""
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return None
        magic, found, sections, frames = _HEADER.unpack(head)
        starts, places = (frames + 1, 2 * frames) if frames else (0, 0)
        size = _HEADER.size + _NUMBER * (2 * sections + starts + places)
        if magic != _MAGIC or found != identity or file.seek(0, 2) != size:
            return None
        mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        numbers = memoryview(mapped)[_HEADER.size :].cast("Q")
        cuts = (0, sections, 2 * sections, 2 * sections + starts, len(numbers))
        return cls(*(numbers[a:b] for a, b in pairwise(cuts)))

    def find(self, cid: Cid) -> Iterator[int]:
        """Give the offset of every section that may be the CID's: nearly always none or one."""
        key = _key(cid)
        at = bisect_left(self.keys, key)
        while at < len(self.keys) and self.keys[at] == key:
            yield self.offsets[at]
            at += 1


class IndexBuilder:
    """Collects where sections and frames are; memory is bounded, whatever the file's size."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buckets = [array("Q") for _ in range(_BUCKETS)]
        self._spilled: dict[int, BinaryIO] = {}
        self.frame_starts = array("Q")
        self.frame_places = array("Q")

    def add(self, cid: Cid, offset: int) -> None:
        """Note a section at an offset of the content."""
        key = _key(cid)
        bucket = self._buckets[key >> 56]
        bucket.append(key)
        bucket.append(offset)
        if len(bucket) >= _BUCKET_ROOM:
            self._spill(key >> 56)

    def write(self, file: BinaryIO, identity: bytes, cid_at: Callable[[int], Cid]) -> None:
        """Write the index; `cid_at` reads the CID of a section, to leave out what comes again."""
        file.write(bytes(_HEADER.size))
        sections = 0
        with tempfile.TemporaryFile(prefix="papyrus-") as offsets:
            for number in range(_BUCKETS):
                found = _distinct(self._sorted(number), cid_at)
                sections += len(found)
                file.write(array("Q", (key for key, _ in found)).tobytes())
                offsets.write(array("Q", (offset for _, offset in found)).tobytes())
            offsets.seek(0)
            while part := offsets.read(1 << 20):
                file.write(part)
        file.write(self.frame_starts.tobytes() + self.frame_places.tobytes())
        file.seek(0)
        file.write(_HEADER.pack(_MAGIC, identity, sections, len(self.frame_places) // 2))
        file.seek(0, 2)

    def close(self) -> None:
        """Let go of what was put on the disk."""
        for spilled in self._spilled.values():
            spilled.close()

    def _spill(self, number: int) -> None:
        if number not in self._spilled:
            self._spilled[number] = tempfile.TemporaryFile(prefix="papyrus-")  # noqa: SIM115 - closed by `close`
        self._spilled[number].write(self._buckets[number].tobytes())
        self._buckets[number] = array("Q")

    def _sorted(self, number: int) -> list[tuple[int, int]]:
        numbers = array("Q")
        if (spilled := self._spilled.get(number)) is not None:
            spilled.seek(0)
            numbers.frombytes(spilled.read())
            spilled.seek(0, 2)
        numbers += self._buckets[number]
        return sorted(zip(numbers[::2], numbers[1::2], strict=True))


def _key(cid: Cid) -> int:
    """Return what a CID is sorted by: eight bytes that its writer could not choose freely."""
    if len(cid) == CHAIN_LENGTH and cid.startswith(CHAIN_PREFIX):
        return int.from_bytes(cid[-_NUMBER:], "little")
    return int.from_bytes(blake2b(cid, digest_size=_NUMBER).digest(), "little")


def _distinct(
    sections: list[tuple[int, int]], cid_at: Callable[[int], Cid]
) -> list[tuple[int, int]]:
    """Leave out a section whose CID an earlier one has."""
    found: list[tuple[int, int]] = []
    met: set[Cid] = set()
    for key, offset in sections:
        if found and found[-1][0] == key:
            met = met or {cid_at(found[-1][1])}
            cid = cid_at(offset)
            if cid in met:
                continue
            met.add(cid)
        else:
            met = set()
        found.append((key, offset))
    return found
