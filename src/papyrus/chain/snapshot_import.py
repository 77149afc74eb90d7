"""Starting a chain from a snapshot (FRC-0108, both versions, plain or under zstandard).

Either the blocks are copied into the store, each checked against its CID, or the file becomes a
layer of the database and is read where it lies. Then the chain is gone through from the head to
genesis: every header is there, each tipset is one, and genesis is this network's and this folder's.
Only after that is the head written down. A copy that was broken off goes on where it was, if the
file is the same; what was copied already does no harm to anybody.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

from papyrus.chain.indexing import IndexFollower
from papyrus.chain.indexing import Progress as IndexProgress
from papyrus.chain.opening import begin, expect_genesis, hold_chain
from papyrus.chain.snapshot_export import SnapshotProgress
from papyrus.chain.snapshot_format import read_metadata, walk_headers
from papyrus.consensus.chain import StoredChain
from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.car import CarReader, verify_block
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.car_files import CarFile, open_car
from papyrus.storage.car_index_file import identity_of
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

_IMPORT = "import"
"""The fact that says how much of which file was copied."""

_GROUP_BYTES = 16 << 20
_TOLD_TIPSETS = 1000


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Who hears of the three parts of an import; each may be left out."""

    copying: Callable[[SnapshotProgress], None] | None = None
    checking: Callable[[int, int], None] | None = None
    """Hears how many epochs of the chain were gone through, and of how many."""
    indexing: IndexProgress | None = None


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
            if placed is None:
                _copy(path, database, notes, progress)
            else:
                _ready(database, placed.path, progress)
            head_key, version = _head_of(path, database.store)
            checked = _check(database.store, head_key, progress)
            _expect_genesis(folder, notes, network, checked.genesis)
            head = StoredChain(database.store).tipset(head_key)
            begin(database, notes, network, checked.genesis)
            note_fact(notes, CHECKPOINT, None)
            note_head(notes, head.key, 0)
            note_fact(notes, _IMPORT, None)
            _index(database, head, network, progress)
    except DecodeError as error:
        raise LocalFault(f"{path} is no whole snapshot: {error}") from error
    return Imported(head, checked.genesis, version, checked.tipsets, checked.states_from)


def _copy(path: Path, database: Database, notes: ChainNotes, progress: ImportProgress) -> None:
    """Copy the blocks of a file into the store, from where an earlier copy of it ended."""
    identity = identity_of(path)
    done = _copied(notes, identity)
    size = 0
    group: list[tuple[Cid, bytes]] = []
    group_size = 0
    number = 0
    with _sections(path) as sections:
        for number, (cid, data) in enumerate(sections, 1):
            if number <= done:
                continue
            if not verify_block(cid, data):
                raise DecodeError(f"block {number} is not what its CID {cid} names")
            group.append((cid, data))
            group_size += len(data)
            if group_size >= _GROUP_BYTES:
                database.blocks.put_many(group)
                note_fact(notes, _IMPORT, dag_cbor.encode([identity, number]))
                size += group_size
                group, group_size = [], 0
                if progress.copying is not None:
                    progress.copying(SnapshotProgress(number, size))
    database.blocks.put_many(group)
    note_fact(notes, _IMPORT, dag_cbor.encode([identity, number]))
    if progress.copying is not None:
        progress.copying(SnapshotProgress(number, size + group_size))


@contextmanager
def _sections(path: Path) -> Iterator[Iterator[tuple[Cid, bytes]]]:
    stream, _ = open_plain(path)
    with stream:
        yield iter(CarReader(stream, verify=False, skip_long=True))


def _copied(notes: ChainNotes, identity: bytes) -> int:
    """Return how many blocks of a file were copied before."""
    noted = fact(notes, _IMPORT)
    if noted is None:
        return 0
    of, number = dag_cbor.decode(noted)
    return int(number) if of == identity else 0


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
        if progress.copying is not None:
            progress.copying(SnapshotProgress(0, size))

    layer: CarFile = next(layer for layer in database.layers if layer.path == path)
    layer.ready(tell)


def _head_of(path: Path, store: Blockstore) -> tuple[TipsetKey, int]:
    """Return the head of a snapshot and its version."""
    roots = open_car(path).roots
    if not roots:
        raise DecodeError("it has no roots")
    data = store.get(roots[0]) if len(roots) == 1 else None
    metadata = None if data is None else read_metadata(data)
    return (TipsetKey(roots), 1) if metadata is None else (metadata.head, 2)


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
