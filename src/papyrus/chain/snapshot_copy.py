"""Copying the blocks of a chain file into a store, however many they are.

A file has its blocks in the order of a walk through the chain, and a store keeps them by their
CIDs. So they are copied in two steps: the file is read from front to back, each block checked and
put among those whose CIDs begin alike; then the store takes them part by part, in order. Each step
goes as quickly as the disk, and memory holds a few parts.

It is written down how far the copy is, so that one that is broken off, by a kill or a power cut,
goes on with what it has, if the file is the same.
"""

from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path

from papyrus.ipld import dag_cbor
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import Cid
from papyrus.storage.block_sorter import (
    BlockSorter,
    clear,
    holds,
    parts_in,
    sorted_blocks,
    splits_for,
)
from papyrus.storage.car_index_file import identity_of
from papyrus.storage.chain_notes import ChainNotes, fact, note_fact
from papyrus.storage.compression import open_plain, position_in
from papyrus.storage.lmdb_store import LmdbBlockstore

Progress = Callable[[int, int], None]
"""Hears how much is done, and of how much."""

_IMPORT = "import"
"""The fact that says how much of which file was copied."""

_KEPT_BYTES = 256 << 20
"""After so many bytes of blocks what was sorted is made durable: a kill costs a few seconds."""

_KEPT_PARTS = 1024
"""With more parts it is done less often in proportion, for each of them is flushed."""

_TOLD_BLOCKS = 4096
_CONTENT_OF_COMPRESSED = 3
"""How many times as long as a compressed file its content is, about."""


@dataclass(frozen=True, slots=True)
class _Copied:
    """How far a copy is."""

    of: bytes
    """What tells the file from any other."""
    sections: int
    """How many sections of the file were sorted."""
    is_sorted: bool
    """Whether these are all."""
    lengths: list[int]
    """Of the sorter's parts."""


def copy_blocks(
    path: Path,
    store: LmdbBlockstore,
    notes: ChainNotes,
    folder: Path,
    *,
    leave_out: Cid | None = None,
    reading: Progress | None = None,
    storing: Progress | None = None,
) -> None:
    """Copy every block of a chain file but one into a store; it is on the disk when this returns.

    How far it is stands in the notes and in `folder`, which is for this alone, until `forget_copy`.
    `reading` hears of the bytes of the file, `storing` of those of its blocks. DecodeError where
    the file is damaged or no chain file, LocalFault where the disk refuses.
    """
    identity = identity_of(path)
    copied = _noted(notes, folder, identity)
    if copied is None or not copied.is_sorted:
        _sort(path, notes, folder, copied, identity, leave_out, reading)
    _store(store, folder, storing)


def forget_copy(notes: ChainNotes, folder: Path) -> None:
    """Forget a copy, whole or begun, and give back the room it takes."""
    note_fact(notes, _IMPORT, None)
    clear(folder)


def _noted(notes: ChainNotes, folder: Path, identity: bytes) -> _Copied | None:
    """Return how far a copy of a file is, None where there is nothing to go on from."""
    noted = fact(notes, _IMPORT)
    copied = None if noted is None else _Copied(*dag_cbor.decode(noted))
    if copied is None or copied.of != identity or not folder.is_dir():
        return None
    return copied if copied.is_sorted or holds(folder, copied.lengths) else None


def _sort(
    path: Path,
    notes: ChainNotes,
    folder: Path,
    copied: _Copied | None,
    identity: bytes,
    leave_out: Cid | None,
    reading: Progress | None,
) -> None:
    """Put the blocks of a file into a sorter, from where an earlier copy ended."""
    stream, is_compressed = open_plain(path)
    with closing(stream):
        size = path.stat().st_size
        splits = splits_for(size * (_CONTENT_OF_COMPRESSED if is_compressed else 1))
        if copied is None:
            note_fact(notes, _IMPORT, None)
            sorter, number = BlockSorter(folder, splits), 0
        else:
            sorter, number = BlockSorter(folder, splits, copied.lengths), copied.sections
        reader = CarReader(stream, verify=False, skip_long=True)
        sections = iter(reader)
        deque(islice(sections, number), maxlen=0)
        reader.verify = True
        unkept, kept_bytes = 0, _KEPT_BYTES * max(1, splits // _KEPT_PARTS)
        for cid, data in sections:
            number += 1
            if cid != leave_out:
                sorter.add(cid, data)
            unkept += len(data)
            if unkept >= kept_bytes:
                kept = _Copied(identity, number, False, sorter.keep())
                note_fact(notes, _IMPORT, dag_cbor.encode(astuple(kept)))
                unkept = 0
            if reading is not None and number % _TOLD_BLOCKS == 0:
                reading(position_in(stream), size)
        kept = _Copied(identity, number, True, sorter.keep())
        note_fact(notes, _IMPORT, dag_cbor.encode(astuple(kept)))
        if reading is not None:
            reading(size, size)


def _store(store: LmdbBlockstore, folder: Path, storing: Progress | None) -> None:
    """Put what was sorted into a store, and remove each part that is in it."""
    parts = parts_in(folder)
    sizes = [part.stat().st_size for part in parts]
    groups = (sorted_blocks(part) for part in parts)
    done = 0
    for part, size, _ in zip(parts, sizes, store.put_sorted(groups), strict=True):
        part.unlink()
        done += size
        if storing is not None:
            storing(done, sum(sizes))
