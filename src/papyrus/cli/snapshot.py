"""`papyrus snapshot`: the chain of a node as one file, out of its folder and into it."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.chain.finality_certificates import kept_certificates, read_header
from papyrus.chain.snapshot_export import RECENT_TIPSETS, SnapshotProgress, export_snapshot
from papyrus.chain.snapshot_format import header_of_head, read_start
from papyrus.chain.snapshot_import import Imported, ImportProgress, import_snapshot
from papyrus.cli.amounts import when
from papyrus.cli.node_output import show
from papyrus.cli.output import JsonOption, human_size, note, progress, say_json
from papyrus.consensus.chain import StoredChain
from papyrus.devnet.options import SETTINGS_FILE
from papyrus.ipld.blockstore import load
from papyrus.ipld.car import CarReader
from papyrus.node.config_load import NETWORK, load_node
from papyrus.node.repository import open_repository
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import NETWORKS, network_named
from papyrus.rules.private_networks import DEVNET
from papyrus.storage.car_files import open_car
from papyrus.storage.chain_notes import HEAD, fact, open_notes
from papyrus.storage.compression import open_plain
from papyrus.storage.database import CERTIFICATES_FOLDER, NOTES_FILE, open_database
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
                certificates=kept_certificates(folder / CERTIFICATES_FOLDER, notes),
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

    An import that was broken off goes on where it was. A devnet takes in a snapshot of its own
    chain alone; another's moves by --dump-state and --load-state of `papyrus devnet`.

    \b
    Examples:
      papyrus snapshot import calibnet.car.zst --chain calibnet
      papyrus snapshot import huge.car.zst --chain mainnet --as-layer
    """
    network = _network(chain)
    is_devnet = network == DEVNET.name
    if is_devnet and not (home() / network / SETTINGS_FILE).is_file():
        raise LocalFault(
            f"a snapshot does not tell what a devnet began with, and no devnet lies in "
            f"{home() / network}: write it with `papyrus devnet --dump-state FILE`, and begin "
            "with `papyrus devnet --load-state FILE`"
        )
    with open_repository(home(), network) as repository:
        done = import_with_progress(repository.datastore, path, network, as_layer=as_layer)
    found = {
        "network": network,
        "height": done.head.height,
        "head": [str(cid) for cid in done.head.key.cids],
        "genesis": str(done.genesis),
        "tipsets": done.tipsets,
        "states_from": done.states_from,
        "certificates": done.instances,
    }
    fields: list[tuple[str, object]] = [
        ("network", network),
        ("head", f"height {done.head.height}"),
        ("tipsets", f"{done.tipsets:,}"),
        ("states", f"from height {done.states_from} on"),
        *_certificates(done.instances),
    ]
    show(found, fields, json)
    if not json:
        command = "devnet" if is_devnet else f"daemon --chain {network}"
        note(f"start the node with `papyrus {command}`")


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
    version, header, instances = _read_start(path)
    found: dict[str, Any] = {
        "file": str(path),
        "size": path.stat().st_size,
        "version": version,
        "height": header.height,
        "time": header.timestamp,
        "network": _network_of(header),
        "state_before_head": str(header.parent_state_root),
        "certificates": instances,
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
        *_certificates(instances),
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


def _read_start(path: Path) -> tuple[int, BlockHeader, tuple[int, int] | None]:
    """Return the version of a snapshot, a block of its head, and the instances of certificates."""
    stream, _ = open_plain(path)
    with stream:
        try:
            car = open_car(path)
            reader = CarReader(stream, skip_long=True)
            start = read_start(reader)
            instances = None
            if start.f3_data is not None:
                _, pieces = reader.long_section()
                certificates = read_header(pieces)
                instances = certificates.first_instance, certificates.latest_instance
            header = header_of_head(reader, start)
            if header is None:
                header = BlockHeader.from_cbor(load(car, start.head.cids[0]))
        except DecodeError as error:
            raise LocalFault(f"cannot read the snapshot: {error}") from error
    return start.version, header, instances


def _certificates(instances: tuple[int, int] | None) -> list[tuple[str, object]]:
    if instances is None:
        return []
    first, latest = instances
    return [("certificates", f"of instances {first:,} to {latest:,}, signatures not checked")]


def _network_of(header: BlockHeader) -> str | None:
    """Return the network whose clock fits a block."""
    for network in NETWORKS.values():
        began = network.genesis_timestamp
        if began and began + network.block_delay * header.height == header.timestamp:
            return network.name
    return None
