"""Starting a chain from a snapshot (FRC-0108, both versions, plain or under zstandard).

Either the blocks are copied into the store, each checked against its CID, or the file becomes a
layer of the database and is read where it lies. Then the chain is gone through from the head to
genesis: every header is there, each tipset is one, and genesis is this network's and this folder's.
Only after that is the head written down. A copy that was broken off goes on where it was, if the
file is the same; what was copied already does no harm to anybody.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from papyrus.chain.finality_certificates import (
    CERTIFICATES,
    Certificates,
    FinalizedChain,
    keep_certificates,
    kept_certificates,
    remove_certificates,
)
from papyrus.chain.indexing import IndexFollower
from papyrus.chain.opening import begin, expect_genesis, hold_chain
from papyrus.chain.snapshot_copy import copy_blocks, forget_copy
from papyrus.chain.snapshot_format import header_of_head, read_start, walk_headers
from papyrus.chain.snapshot_layer import layer_placed, make_ready
from papyrus.consensus.chain import StoredChain
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.car_files import open_car
from papyrus.storage.chain_index_file import open_index
from papyrus.storage.chain_notes import (
    CHECKPOINT,
    GENESIS,
    ChainNotes,
    fact,
    note_facts,
    note_head,
    open_notes,
)
from papyrus.storage.compression import open_plain
from papyrus.storage.database import (
    CERTIFICATES_FOLDER,
    IMPORT_FOLDER,
    INDEX_FILE,
    NOTES_FILE,
    Database,
    open_database,
)
from papyrus.types.tipset import Tipset, TipsetKey

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
    instances: tuple[int, int] | None
    """The first and the latest instance of the finality certificates that came along."""


@dataclass(frozen=True, slots=True)
class _Checked:
    genesis: Cid
    tipsets: int
    states_from: ChainEpoch


@dataclass(frozen=True, slots=True)
class _Start:
    """What a snapshot begins with."""

    head: TipsetKey
    version: int
    certificates: Certificates | None
    finalized: FinalizedChain | None

    @property
    def certificates_cid(self) -> Cid | None:
        return None if self.certificates is None else self.certificates.cid

    @property
    def instances(self) -> tuple[int, int] | None:
        found = self.finalized
        return None if found is None else (found.first_instance, found.latest_instance)


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
        try:
            return _import(folder, path, network, as_layer=as_layer, progress=progress)
        except DecodeError as error:
            said = str(error)
            named = said.startswith(str(path))
            raise LocalFault(said if named else f"{path} is no whole snapshot: {said}") from error


def _import(
    folder: Path, path: Path, network: Network, *, as_layer: bool, progress: ImportProgress
) -> Imported:
    with closing(open_notes(folder / NOTES_FILE)) as notes:
        try:
            start = _start_of(folder, path, network)
            with _blocks_taken(folder, path, notes, start, progress, as_layer=as_layer) as database:
                checked = _check(database.store, start, progress)
                _expect_genesis(folder, notes, network, checked.genesis)
                head = StoredChain(database.store).tipset(start.head)
                begin(database, notes, network, checked.genesis)
                note_facts(notes, {CHECKPOINT: None, CERTIFICATES: start.certificates_cid})
                note_head(notes, head.key, 0)
                forget_copy(notes, folder / IMPORT_FOLDER)
                _index(database, head, network, progress)
        except DecodeError:
            forget_copy(notes, folder / IMPORT_FOLDER)
            raise
        finally:
            kept = folder / CERTIFICATES_FOLDER
            remove_certificates(kept, kept_certificates(kept, notes))
    return Imported(
        head,
        checked.genesis,
        start.version,
        checked.tipsets,
        checked.states_from,
        start.instances,
    )


def _start_of(folder: Path, path: Path, network: Network) -> _Start:
    """Read what a snapshot begins with, its certificates among it, which are kept."""
    open_car(path)  # says of a file that is none what it is
    stream, _ = open_plain(path)
    with stream:
        reader = CarReader(stream, skip_long=True)
        start = read_start(reader)
        kept: tuple[Certificates, FinalizedChain] | None = None
        if start.f3_data is not None:
            cid, pieces = reader.long_section()
            if cid != start.f3_data:
                raise DecodeError("its second block is not the finality certificates")
            kept = keep_certificates(folder / CERTIFICATES_FOLDER, cid, pieces, network)
        header = header_of_head(reader, start)
    # A wrong file is told by its clock in a second, by its genesis after hours.
    if header is not None and network.genesis is not None:
        due = network.timestamp_at(header.height)
        if header.timestamp != due:
            raise LocalFault(
                f"{path} is a snapshot of another network: its head, at height {header.height}, "
                f"has the timestamp {header.timestamp}, and in {network.name} that is {due}"
            )
    return _Start(start.head, start.version, *(kept or (None, None)))


@contextmanager
def _blocks_taken(
    folder: Path,
    path: Path,
    notes: ChainNotes,
    start: _Start,
    progress: ImportProgress,
    *,
    as_layer: bool,
) -> Iterator[Database]:
    """Give the database with the blocks of a file; a new layer is gone again after a fault."""
    if as_layer:
        with layer_placed(folder, path), open_database(folder) as database:
            make_ready(database, path, progress.reading)
            yield database
    else:
        with open_database(folder) as database:
            copy_blocks(
                path,
                database.blocks,
                notes,
                folder / IMPORT_FOLDER,
                leave_out=start.certificates_cid,
                reading=progress.reading,
                storing=progress.storing,
            )
            yield database


def _check(store: Blockstore, start: _Start, progress: ImportProgress) -> _Checked:
    """Go through the chain; DecodeError where it is not whole, or not what is finalized."""
    tipsets, top, height = 0, 0, 0
    states_from: ChainEpoch | None = None
    is_recent = True
    cid = start.head.cids[0]
    for tipset in walk_headers(store, start.head):
        cid, _, links = tipset[0]
        height = links.height
        if start.finalized is not None:
            if not tipsets:
                start.finalized.leave_out_above(height)
            start.finalized.expect(height, TipsetKey(tuple(each for each, _, _ in tipset)))
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
