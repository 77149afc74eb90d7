"""`papyrus miner proving`: when a miner proves what, and what is faulty."""

from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import show
from papyrus.cli.output import JsonOption, note, say_json, say_table
from papyrus.cli.state_miners import deadline_fields

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See when a miner proves its sectors, and what is faulty.",
)

MinerArgument = Annotated[str, typer.Argument(metavar="MINER", help="For instance f01000.")]


@app.command(no_args_is_help=True)
def info(miner: MinerArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show the window that is open or opens next.

    \b
    Examples:
      papyrus miner proving info f01000
    """
    with connected(api) as node:
        found = node.ask("StateMinerProvingDeadline", address_text(miner), None)
    show(found, deadline_fields(found), json)


@app.command(no_args_is_help=True)
def deadlines(
    miner: MinerArgument,
    every: Annotated[bool, typer.Option("--all", help="Also those without sectors.")] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List a miner's deadlines: their sectors, faults, and what is proven in the open window.

    \b
    Examples:
      papyrus miner proving deadlines f01000
      papyrus miner proving deadlines f01000 --all --json
    """
    named = address_text(miner)
    with connected(api) as node:
        due = node.ask("StateMinerProvingDeadline", named, None)["Index"]
        rows = []
        for index, deadline in enumerate(node.ask("StateMinerDeadlines", named, None)):
            partitions = node.ask("StateMinerPartitions", named, index, None) or []
            if partitions or every:
                rows.append(_row(index, due, deadline, partitions))
    if json:
        say_json(rows)
        return
    say_table(
        ("DEADLINE", "NOW", "PARTITIONS", "SECTORS", "ACTIVE", "FAULTY", "RECOVERING", "PROVEN"),
        [
            (
                row["deadline"],
                "X" if row["due"] else "",
                row["partitions"],
                row["sectors"],
                row["active"],
                row["faulty"],
                row["recovering"],
                row["proven_partitions"],
            )
            for row in rows
        ],
    )


@app.command(no_args_is_help=True)
def faults(miner: MinerArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List a miner's faulty sectors, and where they are proven.

    \b
    Examples:
      papyrus miner proving faults f01000
    """
    named = address_text(miner)
    with connected(api) as node:
        rows = []
        for number in members(node.ask("StateMinerFaults", named, None)):
            place = node.ask("StateSectorPartition", named, number, None)
            rows.append({"sector": number, **{key.lower(): place[key] for key in place}})
    if json:
        say_json(rows)
    elif rows:
        heads = ("SECTOR", "DEADLINE", "PARTITION")
        say_table(heads, [(row["sector"], row["deadline"], row["partition"]) for row in rows])
    else:
        note("no sector is faulty")


def members(run_lengths: list[int]) -> list[int]:
    """Return the numbers in a bitfield of JSON, which begins with a run of absent ones."""
    found: list[int] = []
    at = 0
    for place, length in enumerate(run_lengths):
        if place % 2:
            found.extend(range(at, at + length))
        at += length
    return found


def _row(
    index: int, due: int, deadline: dict[str, Any], partitions: list[dict[str, Any]]
) -> dict[str, Any]:
    def count(name: str) -> int:
        return sum(sum(one[name][1::2]) for one in partitions)

    return {
        "deadline": index,
        "due": index == due,
        "partitions": len(partitions),
        "sectors": count("LiveSectors"),
        "active": count("ActiveSectors"),
        "faulty": count("FaultySectors"),
        "recovering": count("RecoveringSectors"),
        "proven_partitions": sum(deadline["PostSubmissions"][1::2]),
    }
