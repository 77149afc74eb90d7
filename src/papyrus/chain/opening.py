"""Opening a node's chain: its folder, its genesis, its head, its index.

An empty folder becomes a chain by a genesis, given as a chain file or as blocks. From then on the
folder belongs to that genesis and refuses another. One process has a chain open for writing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from papyrus.chain.indexing import IndexFollower, Progress
from papyrus.chain.store import ChainStore, Weigh
from papyrus.consensus.chain import StoredChain, load_header
from papyrus.consensus.weight import weight
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.rules.networks import network_named
from papyrus.storage.car_files import open_car
from papyrus.storage.chain_index_file import ChainIndex, open_index
from papyrus.storage.chain_notes import (
    GENESIS,
    HEAD,
    NETWORK,
    ChainNotes,
    Write,
    fact,
    note_facts,
    open_notes,
)
from papyrus.storage.database import INDEX_FILE, NOTES_FILE, Database, open_database
from papyrus.storage.files import hold_lock
from papyrus.types.tipset import Tipset, TipsetKey

LOCK_FILE = "chain.lock"
"""Held by the process that has the chain open."""


@dataclass(frozen=True, slots=True)
class GenesisBlocks:
    """A genesis as blocks."""

    cid: Cid
    """Of the genesis block."""
    blocks: Iterable[tuple[Cid, bytes]]
    """The genesis block and all it leads to."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A node's chain, opened."""

    store: ChainStore
    network: Network
    """With the genesis of this chain."""
    database: Database
    notes: ChainNotes
    index: ChainIndex
    follower: IndexFollower


@contextmanager
def open_chain(
    folder: Path,
    network: Network,
    genesis: Path | GenesisBlocks | None = None,
    *,
    progress: Progress | None = None,
    weigh: Weigh = weight,
    write_notes: Callable[[Path], Write] | None = None,
    is_followed: bool = True,
) -> Iterator[Chain]:
    """Open the chain in a folder until the block ends, its index brought to the head.

    With `is_followed` the index follows each change of the head at once. `write_notes` gives who
    writes the notes in a file, where this thread is not to wait for the disk. An empty folder is
    begun with `genesis`. LocalFault, in words, where there is no genesis or another one than this
    folder's or this network's, where another process has the chain open, or where a part of it
    cannot be opened.
    """
    with ExitStack() as stack:
        stack.enter_context(hold_chain(folder))
        database = stack.enter_context(open_database(folder))
        notes = open_notes(folder / NOTES_FILE)
        stack.callback(notes.close)
        cid = _genesis_of(database, notes, network, genesis)
        tipset = _genesis_tipset(database.store, cid)
        network = network.with_genesis(cid, tipset.min_timestamp)
        if write_notes is not None:
            notes = notes.written_by(write_notes(folder / NOTES_FILE))
        index = open_index(folder / INDEX_FILE)
        stack.callback(index.close)
        store = ChainStore(database, notes, tipset, index=index, weigh=weigh)
        follower = IndexFollower(index, store, database.store, network)
        follower.catch_up(store.head, progress)
        if is_followed:
            store.subscribe(follower.follow)
        yield Chain(store, network, database, notes, index, follower)


def reindex(folder: Path, progress: Progress | None = None) -> int:
    """Make the index of a chain anew, whatever its file held; return how many tipsets it has.

    LocalFault where there is no chain, another process has it open, or a block is missing.
    """
    with (
        hold_chain(folder),
        open_database(folder, read_only=True) as database,
        closing(open_notes(folder / NOTES_FILE, read_only=True)) as notes,
    ):
        head, name = fact(notes, HEAD), fact(notes, NETWORK)
        if head is None or name is None:
            raise LocalFault(f"there is no chain in {folder} yet, so there is nothing to index")
        network = network_named(name.decode())
        source = StoredChain(database.store)
        tipset = source.tipset(TipsetKey.from_bytes(head))
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{INDEX_FILE}{suffix}").unlink(missing_ok=True)
        with closing(open_index(folder / INDEX_FILE)) as index:
            return IndexFollower(index, source, database.store, network).rebuild(tipset, progress)


def has_chain(folder: Path) -> bool:
    """Return whether a folder that nobody has open holds a chain."""
    path = folder / NOTES_FILE
    if not path.exists():
        return False
    notes = open_notes(path)
    try:
        return fact(notes, GENESIS) is not None
    finally:
        notes.close()


@contextmanager
def hold_chain(folder: Path) -> Iterator[None]:
    """Keep other processes from opening the chain in a folder; LocalFault where one has it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = hold_lock(folder / LOCK_FILE, shared=False)
    except OSError as error:
        raise LocalFault(f"cannot use {folder}: {error.strerror or error}") from error
    if lock is None:
        raise LocalFault(f"another process has the chain in {folder} open: stop it, or use another")
    with lock:
        yield


def _genesis_of(
    database: Database, notes: ChainNotes, network: Network, given: Path | GenesisBlocks | None
) -> Cid:
    """Return the genesis of a folder, which is begun if it is empty."""
    noted = fact(notes, GENESIS)
    if noted is not None:
        cid = Cid(noted)
        offered = None if given is None else _offered(given)[0]
        for other in (offered, network.genesis):
            if other is not None and other != cid:
                raise LocalFault(
                    f"{database.folder} holds the chain of the genesis {cid}, not that of {other}: "
                    "use another folder"
                )
        return cid
    if given is None:
        raise LocalFault(
            f"there is no chain in {database.folder}: give a genesis, or import a snapshot"
        )
    cid, blocks = _offered(given)
    expect_genesis(network, cid)
    database.blocks.put_many(blocks())
    begin(database, notes, network, cid)
    return cid


def expect_genesis(network: Network, genesis: Cid) -> None:
    """Raise LocalFault where a network has another genesis."""
    if network.genesis is not None and genesis != network.genesis:
        raise LocalFault(
            f"the genesis {genesis} is not that of {network.name}, which is {network.genesis}"
        )


def begin(database: Database, notes: ChainNotes, network: Network, genesis: Cid) -> None:
    """Write down which chain a folder is of; LocalFault where its first block is not there."""
    _genesis_tipset(database.store, genesis)
    note_facts(notes, {GENESIS: bytes(genesis), NETWORK: network.name.encode()})


def _offered(
    given: Path | GenesisBlocks,
) -> tuple[Cid, Callable[[], Iterable[tuple[Cid, bytes]]]]:
    if isinstance(given, GenesisBlocks):
        return given.cid, lambda: given.blocks
    try:
        car = open_car(given)
    except DecodeError as error:
        raise LocalFault(str(error)) from error
    if len(car.roots) != 1:
        raise LocalFault(f"{given} is no genesis: it has {len(car.roots)} roots, not one block")
    return car.roots[0], car.blocks


def _genesis_tipset(store: Blockstore, cid: Cid) -> Tipset:
    try:
        header = load_header(store, cid)
        tipset = Tipset.of([header])
    except DecodeError as error:
        raise LocalFault(f"{cid} is no genesis block: {error}") from error
    if tipset.height != 0:
        raise LocalFault(f"{cid} is no genesis block: its height is {tipset.height}")
    return tipset
