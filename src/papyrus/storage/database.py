"""A node's database: one folder, with everything the chain needs of the disk.

In it are `blocks`, the store that is written to, `layers`, where any chain files (`.car`,
`.car.zst`) are read as if they were part of it, `index.sqlite`, the index of the chain, and
`chain.sqlite`, what is known of the chain beside its blocks (its head above all). Finality
certificates that came with the chain are in `certificates`. A snapshot is usable the moment its
file lies in `layers`, and nothing of it is ever written to. A block is looked for in the store
first, then in the layers by name.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from papyrus.consensus.chain import load_header
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore
from papyrus.ipld.car import verify_block
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.car_files import CarFile, open_car
from papyrus.storage.chain_index import tipsets
from papyrus.storage.chain_index_file import ChainIndex, damages
from papyrus.storage.lmdb_store import LmdbBlockstore
from papyrus.types.tipset import Tipset, TipsetKey

BLOCKS_FOLDER = "blocks"
LAYERS_FOLDER = "layers"
CERTIFICATES_FOLDER = "certificates"
IMPORT_FOLDER = "import"
"""What the import of a snapshot that was broken off goes on from."""
INDEX_FILE = "index.sqlite"
NOTES_FILE = "chain.sqlite"

_LAYER_SUFFIXES = (".car", ".car.zst")
_TOLD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Database:
    """The blocks of a database, opened."""

    folder: Path
    blocks: LmdbBlockstore
    layers: tuple[CarFile, ...]
    store: LayeredBlockstore
    """Writes to the blocks, and reads them and the layers."""

    @contextmanager
    def batch(self) -> Iterator[LayeredBlockstore]:
        """Give a store as `store`, whose writes are kept together when the block ends well."""
        with self.blocks.batch() as batch:
            yield LayeredBlockstore(batch, *self.layers)


@dataclass(frozen=True, slots=True)
class BlocksCheck:
    """What a pass over all blocks found."""

    blocks: int
    data_size: int
    damaged: tuple[Cid, ...]
    """Blocks that are not what their CIDs name."""
    unknown: tuple[Cid, ...]
    """Blocks under a hash function that cannot be computed."""


@contextmanager
def open_database(folder: Path, *, read_only: bool = False) -> Iterator[Database]:
    """Open a database, made empty where there is none, until the block ends.

    LocalFault where a part of it cannot be opened.
    """
    with ExitStack() as stack:
        blocks = stack.enter_context(LmdbBlockstore(folder / BLOCKS_FOLDER, read_only=read_only))
        layers = tuple(stack.enter_context(_open_layer(path)) for path in layer_paths(folder))
        yield Database(folder, blocks, layers, LayeredBlockstore(blocks, *layers))


def layer_paths(folder: Path) -> list[Path]:
    """Return the chain files that are layers of a database, in the order of their names."""
    layers = folder / LAYERS_FOLDER
    if not layers.is_dir():
        return []
    try:
        return sorted(path for path in layers.iterdir() if path.name.endswith(_LAYER_SUFFIXES))
    except OSError as error:
        raise LocalFault(f"cannot read {layers}: {error.strerror or error}") from error


def check_blocks(
    blocks: LmdbBlockstore, progress: Callable[[int], None] | None = None
) -> BlocksCheck:
    """Hash every block; `progress` hears the bytes of blocks read since last."""
    count = data_size = unheard = 0
    damaged, unknown = [], []
    for cid, data in blocks.blocks():
        count += 1
        data_size += len(data)
        unheard += len(data)
        try:
            if not verify_block(cid, data):
                damaged.append(cid)
        except DecodeError:
            unknown.append(cid)
        if progress is not None and unheard >= _TOLD_BYTES:
            progress(unheard)
            unheard = 0
    return BlocksCheck(count, data_size, tuple(damaged), tuple(unknown))


def check_index(index: ChainIndex, store: Blockstore) -> list[str]:
    """Return what is wrong with an index: its file, or that it is not of a chain in the store."""
    problems = damages(index)
    before: TipsetKey | None = None
    for found in tipsets(index):
        try:
            tipset = Tipset.of(load_header(store, cid) for cid in found.key.cids)
        except (DecodeError, LocalFault) as error:
            problems.append(f"tipset at {found.height}: {error}")
        else:
            if tipset.height != found.height or tipset.key != found.key:
                problems.append(f"tipset at {found.height}: its blocks say {tipset.height}")
            # Genesis names as its parent something that is no block.
            if before is not None and tipset.parents != before:
                problems.append(f"tipset at {found.height}: its parent is not the one before it")
        before = found.key
    return problems


def _open_layer(path: Path) -> CarFile:
    try:
        return open_car(path)
    except DecodeError as error:
        raise LocalFault(f"{error}; a layer must be a whole chain file: move it away") from error
