"""`papyrus state tree`, `actor` and `get`: what a state holds, from afar and close up."""

from collections.abc import Iterable, Iterator
from itertools import islice
from json import dumps
from typing import Annotated, Any

import typer

from papyrus.actors.inspection import select, to_json
from papyrus.actors.registry import full_name
from papyrus.cli.output import JsonOption, say, say_fields, say_json, say_table
from papyrus.cli.state_files import FileArgument, OpenState, StateOption, open_state
from papyrus.conformance.method_names import method_name
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.types.actor import ActorState

AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="Any address of the actor, for instance f01000.")
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Entries of a collection to show at most."),
]


def tree(
    file: FileArgument,
    state: StateOption = None,
    kind: Annotated[
        str | None,
        typer.Option("--type", metavar="NAME", help="Only actors of a type, for instance miner."),
    ] = None,
    limit: LimitOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the actors of a state, in the order of the tree.

    \b
    Examples:
      papyrus state tree chain.car.zst
      papyrus state tree chain.car.zst --type miner --json
      papyrus state tree chain.car.zst --state 120 --limit 20
    """
    opened = open_state(file, state)
    wanted = None if kind is None else _type(kind)
    rows = list(islice(_actors(opened, wanted), limit))
    if json:
        say_json({"state_root": str(opened.root), "actors": rows})
        return
    say_table(
        ("ID", "TYPE", "BALANCE", "NONCE", "DELEGATED", "HEAD"),
        [
            (
                row["id"],
                row["type"],
                row["balance_fil"],
                row["nonce"],
                row["delegated_address"] or "",
                row["head"],
            )
            for row in rows
        ],
    )
    say()
    say(f"{len(rows)} actors of the state {opened.root}")


def actor(
    file: FileArgument,
    address: AddressArgument,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show one actor: its type, balance, nonce, addresses and the root of its state.

    \b
    Examples:
      papyrus state actor chain.car.zst f02
      papyrus state actor chain.car.zst f410fkkld55ioe7qg24wvt7fu6pbknb56ht7pt4zamxa --json
    """
    opened = open_state(file, state)
    actor_id, found = opened.find(address)
    row = _row(opened, actor_id, found)
    code = opened.code_of(found)
    numbers = [] if code is None else sorted(code.table)
    row["methods"] = {str(number): method_name(row["type"], number) for number in numbers}
    if json:
        say_json(row)
        return
    methods = row.pop("methods")
    say_fields((name.replace("_", " "), plain(value)) for name, value in row.items())
    if methods:
        say_fields([("methods", ", ".join(f"{name} ({key})" for key, name in methods.items()))])


def get(
    file: FileArgument,
    address: AddressArgument,
    path: Annotated[
        str,
        typer.Argument(
            metavar="[PATH]", help="Names and keys to a part, for instance claims.f01000."
        ),
    ] = "",
    state: StateOption = None,
    depth: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many levels of links to follow.")
    ] = 0,
    limit: LimitOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show an actor's state, or a part of it, with the names of its fields.

    A link is shown as its CID; a path goes through it, and --depth shows what lies behind.

    \b
    Examples:
      papyrus state get chain.car.zst f02
      papyrus state get chain.car.zst f04 claims.f01000
      papyrus state get chain.car.zst f01000 deadlines.due.3 --depth 2 --json
    """
    opened = open_state(file, state)
    _, found = opened.find(address)
    view = opened.view(found)
    if view is None:
        raise LocalFault(
            f"{address} is of type {opened.type_of(found)}, whose state has no names here: "
            f"`papyrus car get FILE {found.head} | papyrus decode -` shows it as it is"
        )
    try:
        view = select(view, [step for step in path.split(".") if step], opened.store)
    except LookupError as error:
        raise LocalFault(f"{address}: {error.args[0]}") from error
    # A part that is a link is what it points at, for that is what was asked for.
    found_json = to_json(view, opened.store, depth=max(depth, 1) if path else depth, limit=limit)
    if json:
        say_json(found_json)
        return
    for line in outline(found_json):
        say(line)


def _actors(opened: OpenState, kind: str | None) -> Iterator[dict[str, Any]]:
    for actor_id, found in opened.tree.items():
        if kind is None or opened.type_of(found) == kind:
            yield _row(opened, actor_id, found)


def _row(opened: OpenState, actor_id: int, found: ActorState) -> dict[str, Any]:
    delegated = found.delegated_address
    return {
        "id": str(Address.from_id(actor_id)),
        "type": opened.type_of(found),
        "balance": str(found.balance),
        "balance_fil": found.balance.to_fil(),
        "nonce": found.nonce,
        "delegated_address": None if delegated is None else str(delegated),
        "code": str(found.code),
        "head": str(found.head),
    }


def outline(value: Any, indent: str = "") -> Iterator[str]:
    """Yield JSON as lines for people: a name and a value each, what is within further in."""
    pairs: Iterable[tuple[Any, Any]]
    if isinstance(value, dict) and not is_link(value):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    else:
        yield f"{indent}{plain(value)}"
        return
    for name, item in pairs:
        if isinstance(item, (dict, list)) and item and not is_link(item):
            yield f"{indent}{name}"
            yield from outline(item, indent + "  ")
        else:
            yield f"{indent}{name}: {plain(item)}"


def plain(value: Any) -> str:
    """Return a value of JSON on one line: nothing for null or no text, and a link as its CID."""
    if value is None or value == "":
        return "nothing"
    if is_link(value):
        return str(value["/"])
    return dumps(value) if isinstance(value, (dict, list)) else str(value)


def is_link(value: Any) -> bool:
    """Tell whether JSON stands for a CID."""
    return isinstance(value, dict) and value.keys() == {"/"}


def _type(name: str) -> str:
    try:
        return full_name(name)
    except ValueError as error:
        raise typer.BadParameter(f"--type: {error}") from error
