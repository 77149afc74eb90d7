"""Starting a chain from a snapshot (FRC-0108, both versions, plain or under zstandard).

Either the blocks are copied into the store, each checked against its CID, or the file becomes a
layer of the database and is read where it lies. Then the chain is gone through from the head to
genesis: every header is there, each tipset is one, and genesis is this network's and this folder's.
Only after that is the head written down. A copy that was broken off goes on where it was, if the
file is the same; what was copied already does no harm to anybody.
"""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

from papyrus.chain.indexing import IndexFollower
from papyrus.chain.opening import begin, expect_genesis, hold_chain
from papyrus.chain.snapshot_copy import copy_blocks, forget_copy
from papyrus.chain.snapshot_format import SnapshotStart, read_start, walk_headers
from papyrus.consensus.chain import StoredChain
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.car_files import CarFile
from papyrus.storage.chain_index_file import open_index
from papyrus.storage.chain_notes import (
    CHECKPOINT,
    GENESIS,
    ChainNotes,
    fact,
    note_fact,
    note_head,
    open_notes,
)
from papyrus.storage.compression import open_file, open_plain
from papyrus.storage.database import (
    INDEX_FILE,
    LAYERS_FOLDER,
    NOTES_FILE,
    Database,
    open_database,
)
from papyrus.storage.files import atomic_writer
from papyrus.types.tipset import Tipset, TipsetKey

COPY_FOLDER = "import"
"""What an import that was broken off goes on from."""

_TOLD_TIPSETS = 1000


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Who hears of the parts of an import, how much is done and of how much."""

    reading: Callable[[int, int | None], None] | None = None
    """Bytes of the file, or of the blocks of one that becomes a layer."""
    storing: Callable[[int, int], None] | None = None
    """Bytes of its blocks."""
    checking: Callable[[int, int], None] | None = None
    """Epochs of the chain."""
    indexing: Callable[[int, int], None] | None = None
    """Epochs of the chain."""


NO_PROGRESS = ImportProgress()


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported."""

    head: Tipset
    genesis: Cid
    version: int
    tipsets: int
    states_from: ChainEpoch
    """The lowest height from which on every tipset has its messages and the state before it."""


@dataclass(frozen=True, slots=True)
class _Checked:
    genesis: Cid
    tipsets: int
    states_from: ChainEpoch


def import_snapshot(
    folder: Path,
    path: Path,
    network: Network,
    *,
    as_layer: bool = False,
    progress: ImportProgress = NO_PROGRESS,
) -> Imported:
    """Make the chain in a folder the one of a snapshot; an older head and checkpoint are forgotten.

    LocalFault, in words, where the file is no whole snapshot of this network, where the folder has
    another genesis or is in use, or where the disk refuses. The head is then as it was.
    """
    with hold_chain(folder):
        placed = _place(folder, path) if as_layer else None
        try:
            return _import(folder, path, network, placed, progress)
        except LocalFault:
            if placed is not None and placed.is_new:
                placed.path.unlink(missing_ok=True)
            raise


def _import(
    folder: Path, path: Path, network: Network, placed: "_Layer | None", progress: ImportProgress
) -> Imported:
    try:
        with (
            open_database(folder) as database,
            closing(open_notes(folder / NOTES_FILE)) as notes,
        ):
            try:
                start = _start_of(path)
                _take(path, database, notes, placed, start, progress)
                checked = _check(database.store, start.head, progress)
            except DecodeError:
                forget_copy(notes, folder / COPY_FOLDER)
                raise
            _expect_genesis(folder, notes, network, checked.genesis)
            head = StoredChain(database.store).tipset(start.head)
            begin(database, notes, network, checked.genesis)
            note_fact(notes, CHECKPOINT, None)
            note_head(notes, head.key, 0)
            forget_copy(notes, folder / COPY_FOLDER)
            _index(database, head, network, progress)
    except DecodeError as error:
        raise LocalFault(f"{path} is no whole snapshot: {error}") from error
    return Imported(head, checked.genesis, start.version, checked.tipsets, checked.states_from)


def _take(
    path: Path,
    database: Database,
    notes: ChainNotes,
    placed: "_Layer | None",
    start: SnapshotStart,
    progress: ImportProgress,
) -> None:
    """Make the blocks of a file those of a database."""
    if placed is None:
        copy_blocks(
            path,
            database.blocks,
            notes,
            database.folder / COPY_FOLDER,
            leave_out=start.f3_data,
            reading=progress.reading,
            storing=progress.storing,
        )
    else:
        _ready(database, placed.path, progress)


def _start_of(path: Path) -> SnapshotStart:
    stream, _ = open_plain(path)
    with stream:
        return read_start(CarReader(stream, skip_long=True))


@dataclass(frozen=True, slots=True)
class _Layer:
    """A file among the layers of a database."""

    path: Path
    is_new: bool


def _place(folder: Path, path: Path) -> _Layer:
    """Put a file among the layers: the file itself where that can be, else a copy."""
    target = folder / LAYERS_FOLDER / path.name
    if not path.name.endswith((".car", ".car.zst")):
        raise LocalFault(f"a layer is named .car or .car.zst: rename {path}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            if target.samefile(path):
                return _Layer(target, is_new=False)
            raise LocalFault(f"there is another layer {target}: move it away, or rename {path}")
        try:
            os.link(path, target)
        except OSError:  # on another disk, or one that knows no links
            with open_file(path) as source, atomic_writer(target) as copy:
                copyfileobj(source, copy, 1 << 20)
    except OSError as error:
        raise LocalFault(f"cannot put {path} into {target.parent}: {error.strerror}") from error
    return _Layer(target, is_new=True)


def _ready(database: Database, path: Path, progress: ImportProgress) -> None:
    """Make a layer ready, which goes through the file once."""
    size = 0

    def tell(read: int) -> None:
        nonlocal size
        size += read
        if progress.reading is not None:
            progress.reading(size, None)

    layer: CarFile = next(layer for layer in database.layers if layer.path == path)
    layer.ready(tell)


def _check(store: Blockstore, head: TipsetKey, progress: ImportProgress) -> _Checked:
    """Go through the chain; DecodeError where it is not whole."""
    tipsets, top, height = 0, 0, 0
    states_from: ChainEpoch | None = None
    is_recent = True
    cid = head.cids[0]
    for tipset in walk_headers(store, head):
        cid, _, links = tipset[0]
        height = links.height
        if is_recent and all(
            store.has(each.messages) and store.has(each.state_root) for _, _, each in tipset
        ):
            states_from = height
        else:
            is_recent = False
        top = top or height
        tipsets += 1
        if progress.checking is not None and tipsets % _TOLD_TIPSETS == 0:
            progress.checking(top - height, top)
    if states_from is None:
        raise DecodeError("it lacks the messages or the state of its head")
    if progress.checking is not None:
        progress.checking(top, top)
    return _Checked(cid, tipsets, states_from)


def _expect_genesis(folder: Path, notes: ChainNotes, network: Network, genesis: Cid) -> None:
    expect_genesis(network, genesis)
    noted = fact(notes, GENESIS)
    if noted is not None and genesis != noted:
        raise LocalFault(
            f"{folder} holds the chain of the genesis {Cid(noted)}, and the snapshot is of "
            f"{genesis}: use another folder"
        )


def _index(database: Database, head: Tipset, network: Network, progress: ImportProgress) -> None:
    with closing(open_index(database.folder / INDEX_FILE)) as index:
        source = StoredChain(database.store)
        IndexFollower(index, source, database.store, network).catch_up(head, progress.indexing)
