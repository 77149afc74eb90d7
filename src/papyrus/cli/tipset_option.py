"""Naming a tipset on the command line: @head, @100, or the CIDs of its blocks."""

from typing import Annotated, Any

import typer

from papyrus.cli.connection import NodeClient
from papyrus.cli.node_output import cid_json
from papyrus.primitives.errors import DecodeError

TipsetOption = Annotated[
    str | None,
    typer.Option(
        "--tipset", metavar="TIPSET", help="@HEIGHT, or CIDs with commas; the head if not given."
    ),
]

HEAD = "@head"


def tipset_key(node: NodeClient, given: str | None) -> list[dict[str, str]] | None:
    """Return the key of the tipset that a person named, None for the head; DecodeError."""
    if given is None or given == HEAD:
        return None
    if given.startswith("@"):
        found: list[dict[str, str]] = tipset_named(node, given)["Cids"]
        return found
    return [cid_json(part) for part in given.split(",")]


def tipset_named(node: NodeClient, given: str | None) -> dict[str, Any]:
    """Return the tipset that a person named; DecodeError where the name is none."""
    found: dict[str, Any]
    if given is None or given == HEAD:
        found = node.ask("ChainHead")
    elif given.startswith("@") or given.isdecimal():
        height = given.removeprefix("@")
        if not (height.isascii() and height.isdigit()):
            raise DecodeError(f"{given!r} names no tipset: write @head, @100, or CIDs with commas")
        found = node.ask("ChainGetTipSetByHeight", int(height), None)
    else:
        found = node.ask("ChainGetTipSet", tipset_key(node, given))
    return found
