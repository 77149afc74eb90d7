"""`papyrus snapshot`: the chain of a node as one file, out of its folder and into it."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.chain.snapshot_export import RECENT_TIPSETS, SnapshotProgress, export_snapshot
from papyrus.chain.snapshot_format import header_links, read_metadata
from papyrus.chain.snapshot_import import Imported, ImportProgress, import_snapshot
from papyrus.cli.amounts import when
from papyrus.cli.node_output import show
from papyrus.cli.output import JsonOption, human_size, note, progress, say_json
from papyrus.consensus.chain import StoredChain
from papyrus.ipld.blockstore import load
from papyrus.node.config_load import NETWORK, load_node
from papyrus.node.repository import open_repository
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import NETWORKS, network_named
from papyrus.storage.car_files import CarFile, open_car
from papyrus.storage.chain_notes import HEAD, fact, open_notes
from papyrus.storage.database import NOTES_FILE, open_database
from papyrus.storage.home import home
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import TipsetKey

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Write a node's chain to a file, begin one from such a file, or look into it.",
)

ChainOption = Annotated[
    str | None, typer.Option("--chain", metavar="NETWORK", help="The network of the node.")
]


@app.command()
def export(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="NETWORK-HEIGHT.car.zst here, if not given."),
    ] = None,
    chain: ChainOption = None,
    height: Annotated[
        int | None,
        typer.Option("--tipset", metavar="HEIGHT", min=0, help="The head, if not given."),
    ] = None,
    recent: Annotated[
        int,
        typer.Option(
            "--recent-stateroots", min=0, help="Epochs with messages and states; 0 is all."
        ),
    ] = RECENT_TIPSETS,
    version: Annotated[
        int, typer.Option("--format-version", min=1, max=2, help="Of the file (FRC-0108).")
    ] = 2,
    json: JsonOption = False,
) -> None:
    r"""Write the chain in a node's folder to a file; the node may be running.

    It is compressed where the name ends in .zst, and takes its name when it is whole.

    \b
    Examples:
      papyrus snapshot export --chain devnet
      papyrus snapshot export chain.car.zst --chain calibnet --recent-stateroots 900
    """
    network = _network(chain)
    folder = home() / network / "datastore"
    if not (folder / NOTES_FILE).is_file():
        raise LocalFault(f"there is no chain in {folder}: choose the network with --chain")
    with (
        open_database(folder, read_only=True) as database,
        closing(open_notes(folder / NOTES_FILE, read_only=True)) as notes,
    ):
        key = fact(notes, HEAD)
        if key is None:
            raise LocalFault(f"there is no chain in {folder} yet")
        source = StoredChain(database.store)
        head = source.tipset(TipsetKey.from_bytes(key))
        while height is not None and head.height > height:
            head = source.tipset(head.parents)
        target = path or Path(f"{network}-{head.height}.car.zst")
        with progress(f"writing {target.name}", head.height, bytes_unit=False) as bar:

            def tell(step: SnapshotProgress) -> None:
                if step.height is not None:
                    bar.reach(head.height - step.height, head.height)

            done = export_snapshot(
                database.store,
                head,
                target,
                recent=recent or None,
                version=version,
                progress=tell,
            )
    found = {
        "file": str(target),
        "size": target.stat().st_size,
        "network": network,
        "height": head.height,
        "head": [str(cid) for cid in head.key.cids],
        "blocks": done.blocks,
        "states_from": done.states_from,
    }
    fields: list[tuple[str, object]] = [
        ("file", f"{target}, {human_size(target.stat().st_size)}"),
        ("head", f"height {head.height}"),
        ("states", f"from height {done.states_from} on"),
        ("blocks", f"{done.blocks:,}, {human_size(done.size)}"),
    ]
    show(found, fields, json)


@app.command("import", no_args_is_help=True)
def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    chain: ChainOption = None,
    as_layer: Annotated[
        bool, typer.Option("--as-layer", help="Read it where it lies, instead of copying it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    r"""Make a snapshot the chain of a node, which must not be running.

    An import that was broken off goes on where it was.

    \b
    Examples:
      papyrus snapshot import calibnet.car.zst --chain calibnet
      papyrus snapshot import huge.car.zst --chain mainnet --as-layer
    """
    network = _network(chain)
    with open_repository(home(), network) as repository:
        done = import_with_progress(repository.datastore, path, network, as_layer=as_layer)
    found = {
        "network": network,
        "height": done.head.height,
        "head": [str(cid) for cid in done.head.key.cids],
        "genesis": str(done.genesis),
        "tipsets": done.tipsets,
        "states_from": done.states_from,
    }
    fields: list[tuple[str, object]] = [
        ("network", network),
        ("head", f"height {done.head.height}"),
        ("tipsets", f"{done.tipsets:,}"),
        ("states", f"from height {done.states_from} on"),
    ]
    show(found, fields, json)
    if not json:
        note(f"start the node with `papyrus daemon --chain {network}`")


@app.command(no_args_is_help=True)
def info(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    json: JsonOption = False,
) -> None:
    r"""Show what a snapshot holds: its version, its head, and whose network it looks like.

    \b
    Examples:
      papyrus snapshot info calibnet.car.zst
    """
    car = open_car(path)
    header, version = _head(car, path)
    found: dict[str, Any] = {
        "file": str(path),
        "size": path.stat().st_size,
        "version": version,
        "height": header.height,
        "time": header.timestamp,
        "network": _network_of(header),
        "state_before_head": str(header.parent_state_root),
    }
    if json:
        say_json(found)
        return
    fields: list[tuple[str, object]] = [
        ("file", f"{path}, {human_size(found['size'])}"),
        ("version", version),
        ("head", f"height {header.height}, {when(header.timestamp)}"),
        ("network", found["network"] or "unknown"),
        ("state before it", found["state_before_head"]),
    ]
    show(found, fields, as_json=False)


def import_with_progress(
    folder: Path, path: Path, network: str, *, as_layer: bool = False
) -> Imported:
    """Make a snapshot the chain of a folder, and tell how far it is; LocalFault in words."""
    with progress(f"importing {path.name}") as bar:
        told = ImportProgress(
            reading=lambda done, of: bar.reach(done, of, f"reading {path.name}"),
            storing=lambda done, of: bar.reach(done, of, "storing its blocks"),
            checking=lambda done, of: bar.reach(done, of, "checking the chain"),
            indexing=lambda done, of: bar.reach(done, of, "indexing the chain"),
        )
        return import_snapshot(
            folder, path, network_named(network), as_layer=as_layer, progress=told
        )


def _network(chain: str | None) -> str:
    loaded, _ = load_node(home(), os.environ, {NETWORK: chain})
    return loaded.config.chain.network


def _head(car: CarFile, path: Path) -> tuple[BlockHeader, int]:
    """Return a block of the head of a snapshot, and the snapshot's version."""
    try:
        first = load(car, car.roots[0])
        metadata = read_metadata(first)
        key = metadata.head.cids[0] if metadata is not None else car.roots[0]
        data = load(car, key)
        header_links(data)
        return BlockHeader.from_cbor(data), 1 if metadata is None else 2
    except (DecodeError, IndexError) as error:
        raise LocalFault(f"{path} is no snapshot: {error}") from error


def _network_of(header: BlockHeader) -> str | None:
    """Return the network whose clock fits a block."""
    for network in NETWORKS.values():
        began = network.genesis_timestamp
        if began and began + network.block_delay * header.height == header.timestamp:
            return network.name
    return None
