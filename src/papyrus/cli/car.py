"""`papyrus car`: look into chain files, and take parts out of them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.cli.car_export import Counted, export_blocks, reachable
from papyrus.cli.car_text import say_info, say_other_roots, say_state, say_tipset
from papyrus.cli.cid import CODECS, code_name
from papyrus.cli.output import (
    JsonOption,
    fail,
    human_size,
    progress,
    say,
    say_fields,
    say_json,
    say_json_array,
)
from papyrus.ipld.cid import Cid
from papyrus.storage.car_files import CarFile, open_car, save_car

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Look into chain files: CAR archives of version 1 or 2, plain or under zstandard.

    Snapshots, genesis files and test vectors are such files. Every block that is shown or copied
    has been checked against its CID.""",
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A .car or .car.zst file.")]
CidArgument = Annotated[str, typer.Argument(metavar="CID", help="Which block.")]
NetworkOption = Annotated[
    str, typer.Option(help="Letter that addresses begin with: f (mainnet) or t.")
]


@app.command(no_args_is_help=True)
def info(file: FileArgument, json: JsonOption = False) -> None:
    r"""Say what a file is, and what its roots are.

    \b
    Examples:
      papyrus car info mainnet.car.zst
      papyrus car info chain.car --json
    """
    from papyrus.cli.car_tree import Wanted, other_roots, tipset_trees  # noqa: PLC0415 - quick help

    with open_car(file) as car:
        with progress("reading", _size(car)) as bar:
            summary = car.verify(bar.advance)
        head = next(tipset_trees(car, Wanted(tipsets=1)), None)
        found = {
            "file": str(file),
            "file_size": file.stat().st_size,
            "compressed": car.compressed,
            "version": car.version,
            "roots": [str(root) for root in car.roots],
            "missing_roots": [str(root) for root in summary.missing_roots],
            "blocks": summary.blocks,
            "distinct": summary.distinct,
            "data_size": summary.data_size,
            "head": head,
            "other_roots": other_roots(car, Wanted()),
        }
    if json:
        say_json(found)
    else:
        say_info(found)


@app.command(no_args_is_help=True)
def ls(
    file: FileArgument,
    long: Annotated[
        bool, typer.Option("--long", "-l", help="Also codec, size, and offset in the file.")
    ] = False,
    json: JsonOption = False,
) -> None:
    r"""List the blocks in the order of the file.

    \b
    Examples:
      papyrus car ls chain.car.zst
      papyrus car ls -l chain.car.zst | sort -k3 -n | tail
    """
    with open_car(file) as car:
        if json:
            say_json_array(_listed(car))
            return
        for entry in _listed(car):
            if long:
                say(f"{entry['cid']}  {entry['codec']:<8}  {entry['size']:>8}  {entry['offset']}")
            else:
                say(entry["cid"])


@app.command(no_args_is_help=True)
def get(
    file: FileArgument,
    cid: CidArgument,
    kind: Annotated[
        str | None, typer.Option("--as", help="Show it as this record (see `papyrus decode`).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the bytes to this file.")
    ] = None,
    network: NetworkOption = "f",
    json: JsonOption = False,
) -> None:
    r"""Write a block's bytes to stdout, or show it as JSON.

    With --json in the form of DAG-JSON, with --as in that of Lotus.

    \b
    Examples:
      papyrus car get chain.car.zst bafy2bz... > block.cbor
      papyrus car get chain.car.zst bafy2bz... --as BlockHeader
      papyrus car get chain.car.zst bafy2bz... --json
    """
    from papyrus.cli.decode import show  # noqa: PLC0415 - keeps the help quick

    wanted = Cid.from_string(cid)
    with open_car(file) as car:
        data = next((data for each, data in car.blocks() if each == wanted), None)
    if data is None:
        fail(f"{file} holds no block {wanted}: `papyrus car ls {file}` lists what it holds")
    if kind is not None or json:
        show(data, kind, network)
    elif output is not None:
        from papyrus.storage.files import write_atomic  # noqa: PLC0415 - keeps the help quick

        write_atomic(output, data)
    else:
        sys.stdout.buffer.write(data)


@app.command(no_args_is_help=True)
def tree(
    file: FileArgument,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="How many tipsets, from the head back.")
    ] = 10,
    messages: Annotated[bool, typer.Option("--messages", help="List each message.")] = False,
    actors: Annotated[
        bool, typer.Option("--actors", help="List each actor of the state before the head.")
    ] = False,
    json: JsonOption = False,
) -> None:
    r"""Show what lies under the roots.

    That is tipsets with their blocks, messages and receipts, and the state before the head.

    \b
    Examples:
      papyrus car tree mainnet.car.zst --actors
      papyrus car tree chain.car.zst --limit 3 --messages
    """
    from papyrus.cli.car_tree import (  # noqa: PLC0415 - quick help
        COUNTED_ACTORS,
        Wanted,
        other_roots,
        tipset_trees,
    )

    with open_car(file) as car:
        wanted = Wanted(limit + 1, messages, actors, None if actors else COUNTED_ACTORS)
        shown = []
        more = False
        for number, tipset in enumerate(tipset_trees(car, wanted)):
            if number == limit:
                more = True
            elif json:
                shown.append(tipset)
            else:
                say_tipset(tipset)
                say_state(tipset)
        others = other_roots(car, wanted)
    if json:
        say_json({"tipsets": shown, "more": more, "other_roots": others})
        return
    say_other_roots(others)
    if more:
        say(f"... and earlier tipsets: add --limit with more than {limit} to see them")


@app.command(no_args_is_help=True)
def verify(
    file: FileArgument,
    reencode: Annotated[
        bool,
        typer.Option("--reencode", help="Also decode every block and record, and encode it again."),
    ] = False,
    json: JsonOption = False,
) -> None:
    r"""Check that a file is whole and every block is what its CID names.

    \b
    Examples:
      papyrus car verify snapshot.car.zst
      papyrus car verify mainnet.car.zst --reencode
    """
    from papyrus.cli.car_check import check_whole, round_trip  # noqa: PLC0415 - quick help

    with open_car(file) as car:
        with progress("verifying", _size(car)) as bar:
            summary = car.verify(bar.advance)
        check_whole(car, summary.missing_roots)
        trip = None
        if reencode:
            with progress("encoding again", summary.data_size) as bar:
                trip = round_trip(car, bar.advance)
    found: dict[str, Any] = {
        "file": str(file),
        "valid": True,
        "blocks": summary.blocks,
        "distinct": summary.distinct,
        "data_size": summary.data_size,
    }
    if trip is not None:
        found["reencoded"] = {
            "blocks": trip.blocks,
            "other_codecs": trip.other_codecs,
            "records": dict(trip.records),
        }
    if json:
        say_json(found)
        return
    say_fields(
        [
            ("blocks", f"{summary.blocks}, {summary.distinct} distinct"),
            ("data", human_size(summary.data_size)),
            ("hashes", "every block is what its CID names"),
        ]
    )
    if trip is not None:
        records = ", ".join(f"{count} {name}" for name, count in trip.records.items())
        say(f"encoded again to the same CID: {trip.blocks} blocks; as records: {records or 'none'}")


@app.command(no_args_is_help=True)
def extract(
    file: FileArgument,
    target: Annotated[
        Path,
        typer.Argument(metavar="TARGET", help="A new .car or .car.zst file, or else a folder."),
    ],
    roots: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CID]...", help="Only these blocks and all they lead to."),
    ] = None,
    json: JsonOption = False,
) -> None:
    r"""Copy blocks into a new CAR file, or into a folder.

    With CIDs, what they lead to within the file is taken, and they are the roots of the new file;
    otherwise all of it. In a folder a block's file is named by its CID.

    \b
    Examples:
      papyrus car extract chain.car.zst chain.car
      papyrus car extract chain.car.zst state.car bafy2bz...
      papyrus car extract vectors.car blocks/
    """
    with open_car(file) as car:
        chosen = tuple(Cid.from_string(text) for text in roots or ())
        blocks = reachable(car, chosen) if chosen else car.blocks()
        with progress("copying") as bar:
            counted = Counted(blocks, bar)
            if target.name.endswith((".car", ".car.zst")):
                save_car(target, chosen or car.roots, counted)
            else:
                export_blocks(target, counted)
    if json:
        say_json({"target": str(target), "blocks": counted.blocks, "data_size": counted.data_size})
    else:
        say(f"{counted.blocks} blocks, {human_size(counted.data_size)}, to {target}")


def _listed(car: CarFile) -> Iterator[dict[str, Any]]:
    for section in car.sections():
        yield {
            "cid": str(section.cid),
            "codec": code_name(CODECS, section.cid.codec),
            "size": len(section.data),
            "offset": section.data_offset,
        }


def _size(car: CarFile) -> int | None:
    """Return about how many bytes of blocks there are, where the file's own size tells."""
    return None if car.compressed else car.path.stat().st_size
