"""`papyrus db`: the blocks of a node on disk, and their index."""

from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.chain.opening import reindex as reindex_chain
from papyrus.cli.output import (
    JsonOption,
    human_size,
    note,
    progress,
    say,
    say_fields,
    say_json,
)
from papyrus.node.repository import Repository
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.rules.networks import NETWORKS
from papyrus.storage import chain_index_file
from papyrus.storage.block_sorter import room_taken
from papyrus.storage.car_files import CarFile
from papyrus.storage.chain_index import head
from papyrus.storage.database import (
    BLOCKS_FOLDER,
    IMPORT_FOLDER,
    INDEX_FILE,
    Database,
    check_blocks,
    check_index,
    open_database,
)
from papyrus.storage.home import home
from papyrus.storage.lmdb_compaction import compact as compact_blocks

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Look after the database of a node: its blocks, chain files beneath them, and index.

    A database is a folder: blocks (what is written to), layers (any .car or .car.zst files, read
    as part of it) and index.sqlite. The node may be running, except while it is compacted.""",
)

FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="A database that is in no node's folder."),
]
ChainOption = Annotated[
    str | None,
    typer.Option("--chain", metavar="NETWORK", help="Of which node: the only one, if not given."),
]


@app.command()
def check(
    folder: FolderOption = None,
    chain: ChainOption = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Remove damaged blocks, so that they can be fetched again."),
    ] = False,
    json: JsonOption = False,
) -> None:
    r"""Check every block against its CID, every layer, and the index against the blocks.

    Exit code 1 where anything is wrong that was not repaired.

    \b
    Examples:
      papyrus db check --chain devnet
      papyrus db check --folder /mnt/filecoin/chain --json
      papyrus db check --repair
    """
    path = _existing(folder, chain)
    with open_database(path, read_only=not repair) as database:
        with progress("blocks", database.blocks.stats().used_size) as bar:
            found = check_blocks(database.blocks, bar.advance)
        removed = database.blocks.remove(found.damaged) if repair and found.damaged else 0
        layers = [_check_layer(layer) for layer in database.layers]
        index = _check_index(database)
    result = {
        "folder": str(path),
        "blocks": found.blocks,
        "data_size": found.data_size,
        "damaged": [str(cid) for cid in found.damaged],
        "unknown_hash": [str(cid) for cid in found.unknown],
        "removed": removed,
        "layers": layers,
        "index": index,
    }
    wrong = bool(
        len(found.damaged) > removed
        or any(layer["error"] for layer in layers)
        or (index and index["problems"])
    )
    if json:
        say_json({**result, "ok": not wrong})
    else:
        _say_check(result, wrong)
    if wrong:
        raise typer.Exit(1)


@app.command()
def stats(folder: FolderOption = None, chain: ChainOption = None, json: JsonOption = False) -> None:
    r"""Say how much a database holds, and how much room it takes.

    \b
    Examples:
      papyrus db stats
      papyrus db stats --json | jq .blocks.count
    """
    path = _existing(folder, chain)
    with open_database(path, read_only=True) as database:
        found = database.blocks.stats()
        layers: list[dict[str, Any]] = [
            {"file": str(layer.path), "file_size": layer.path.stat().st_size,
             "compressed": layer.compressed}
            for layer in database.layers
        ]  # fmt: skip
    index = _index_stats(path / INDEX_FILE)
    begun = room_taken(path / IMPORT_FOLDER)
    result: dict[str, Any] = {
        "folder": str(path),
        "blocks": {
            "count": found.blocks,
            "used_size": found.used_size,
            "file_size": found.file_size,
            "map_size": found.map_size,
            "readers": found.readers,
        },
        "layers": layers,
        "index": index,
        "import_begun": begun,
    }
    if json:
        say_json(result)
        return
    free = found.file_size - found.used_size
    if begun:
        note(
            f"papyrus: an import was broken off, and {path / IMPORT_FOLDER} holds "
            f"{human_size(begun)} of it: import the snapshot again, or remove the folder"
        )
    say_fields(
        [
            ("folder", path),
            ("blocks", f"{found.blocks:,}"),
            ("size", f"{human_size(found.file_size)}, {human_size(free)} of it not in use"),
            *(("layer", f"{each['file']}, {human_size(each['file_size'])}") for each in layers),
            *([("index", "none")] if index is None else _index_fields(index)),
        ]
    )


@app.command()
def compact(
    folder: FolderOption = None, chain: ChainOption = None, json: JsonOption = False
) -> None:
    r"""Give back the room that is not in use, of the blocks and of the index.

    The node must be stopped. The blocks are copied and the copy takes their place at once, so there
    must be room for it, and a compaction that breaks off changes nothing.

    \b
    Examples:
      papyrus db compact
      papyrus db compact --folder /mnt/filecoin/chain
    """
    path = _existing(folder, chain)
    with progress("compacting") as bar:
        done = compact_blocks(path / BLOCKS_FOLDER, bar.reach)
    index_path = path / INDEX_FILE
    before = after = 0
    if index_path.is_file():
        before = index_path.stat().st_size
        index = chain_index_file.open_index(index_path)
        chain_index_file.compact(index)
        index.close()
        after = index_path.stat().st_size
    if json:
        say_json(
            {
                "folder": str(path),
                "blocks": {"size_before": done.size_before, "size_after": done.size_after},
                "index": {"size_before": before, "size_after": after},
            }
        )
        return
    say(f"blocks: {human_size(done.size_before)} before, {human_size(done.size_after)} now")
    if before:
        say(f"index: {human_size(before)} before, {human_size(after)} now")


@app.command()
def reindex(
    folder: FolderOption = None, chain: ChainOption = None, json: JsonOption = False
) -> None:
    r"""Make the index anew from the blocks, for instance where it is damaged.

    The node must be stopped. Blocks, head and checkpoint stay as they are.

    \b
    Examples:
      papyrus db reindex
      papyrus db reindex --folder /mnt/filecoin/chain
    """
    path = _existing(folder, chain)
    with progress("indexing", bytes_unit=False) as bar:
        tipsets = reindex_chain(path, bar.reach)
    if json:
        say_json({"folder": str(path), "tipsets": tipsets})
    else:
        say(f"index: {tipsets:,} tipsets")


def _existing(folder: Path | None, chain: str | None) -> Path:
    """Return the folder of a database, a node's where none is given; LocalFault in words."""
    if folder is not None and chain is not None:
        raise typer.BadParameter("--folder and --chain name two databases")
    path = folder or Repository(home() / (chain or _only_network())).datastore
    if not (path / BLOCKS_FOLDER).is_dir():
        raise LocalFault(
            f"there is no database in {path}: name a node's with --chain, another with --folder"
        )
    return path


def _only_network() -> str:
    """Return the network of the only node with a database in the folder of nodes."""
    found = [
        name for name in NETWORKS if (Repository(home() / name).datastore / BLOCKS_FOLDER).is_dir()
    ]
    if not found:
        raise LocalFault(
            f"no node has a database in {home()}: name one with --folder, or set PAPYRUS_PATH"
        )
    if len(found) > 1:
        raise LocalFault(f"there are the databases of {', '.join(found)}: choose with --chain")
    return found[0]


def _check_layer(layer: CarFile) -> dict[str, Any]:
    size = None if layer.compressed else layer.path.stat().st_size
    try:
        with progress(layer.path.name, size) as bar:
            blocks, error = layer.verify(bar.advance).blocks, None
    except PapyrusError as fault:
        blocks, error = 0, str(fault)
    return {"file": str(layer.path), "blocks": blocks, "error": error}


def _check_index(database: Database) -> dict[str, Any] | None:
    path = database.folder / INDEX_FILE
    if not path.is_file():
        return None
    note("checking the index")
    try:
        index = chain_index_file.open_index(path, read_only=True)
    except LocalFault as fault:
        return {"tipsets": 0, "problems": [str(fault)]}
    try:
        problems = check_index(index, database.store)
        return {"tipsets": chain_index_file.counts(index)["tipset"], "problems": problems}
    except LocalFault as fault:
        return {"tipsets": 0, "problems": [str(fault)]}
    finally:
        index.close()


def _index_stats(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    index = chain_index_file.open_index(path, read_only=True)
    try:
        top = head(index)
        rows = chain_index_file.counts(index)
    finally:
        index.close()
    return {"height": top and top.height, "file_size": path.stat().st_size, "rows": rows}


def _index_fields(index: dict[str, Any]) -> list[tuple[str, str]]:
    rows = index["rows"]
    return [
        ("index", f"{human_size(index['file_size'])}, to height {index['height']}"),
        (
            "",
            f"{rows['tipset']:,} tipsets, {rows['message']:,} messages, {rows['event']:,} events",
        ),
    ]


def _say_check(result: dict[str, Any], wrong: bool) -> None:
    say(f"blocks: {result['blocks']:,}, {human_size(result['data_size'])}")
    for cid in result["damaged"]:
        say(f"  damaged: {cid}")
    for cid in result["unknown_hash"]:
        say(f"  cannot be checked, its hash function is not known: {cid}")
    if result["removed"]:
        say(f"  {result['removed']:,} damaged blocks were removed")
    for layer in result["layers"]:
        say(f"layer {layer['file']}: " + (layer["error"] or f"{layer['blocks']:,} blocks"))
    if result["index"] is not None:
        say(f"index: {result['index']['tipsets']:,} tipsets")
        for problem in result["index"]["problems"]:
            say(f"  {problem}")
    if len(result["damaged"]) > result["removed"]:
        note("papyrus: damaged blocks can be removed with --repair, and fetched again")
    say("something is wrong" if wrong else "everything is sound")
