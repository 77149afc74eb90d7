"""`papyrus chain get`, `read-obj` and `stat-obj`: any data of the chain by its CID or a path."""

import base64
from typing import Annotated, Any

import typer

from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.node_output import cid_json, cid_text
from papyrus.cli.output import JsonOption, human_size, say, say_fields, say_json
from papyrus.cli.tipset_option import tipset_named
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import DecodeError, LocalFault

CidArgument = Annotated[str, typer.Argument(metavar="CID")]

_STATE = "pstate"
"""How Lotus writes the state before the head at the beginning of a path."""


def get(
    what: Annotated[
        str,
        typer.Argument(
            metavar="TIPSET|PATH", help="@HEIGHT, CID/FIELD/FIELD, or /pstate/... for the state."
        ),
    ],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show a tipset by its height, or whatever lies at a path of links and places.

    What is at a path is shown as DAG-JSON.

    \b
    Examples:
      papyrus chain get @100
      papyrus chain get bafy2bza.../1/0
      papyrus chain get /pstate/1 --json
    """
    with connected(api) as node:
        if what.startswith("@"):
            found: Any = tipset_named(node, what)
        else:
            found = dag_cbor_to_json(_at(node, [step for step in what.split("/") if step]))
    if json:
        say_json(found)
        return
    from papyrus.cli.state_get import outline  # noqa: PLC0415 - slow to import

    for line in outline(found):
        say(line)


def read_obj(cid: CidArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Print the bytes behind a CID in hexadecimal.

    \b
    Examples:
      papyrus chain read-obj bafy2bza... | papyrus decode -
    """
    named = cid_json(cid)
    with connected(api) as node:
        data = base64.b64decode(node.ask("ChainReadObj", named))
    if json:
        say_json({"cid": named["/"], "size": len(data), "hex": data.hex()})
    else:
        say(data.hex())


def stat_obj(
    cid: CidArgument,
    base: Annotated[
        str | None, typer.Option(metavar="CID", help="Without what lies beneath this.")
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Tell how many blocks, and bytes, lie beneath a CID.

    \b
    Examples:
      papyrus chain stat-obj bafy2bza...
    """
    named = cid_json(cid)
    with connected(api) as node:
        found = node.ask("ChainStatObj", named, None if base is None else cid_json(base))
    if json:
        say_json(found)
    else:
        size = f"{found['Size']:,} bytes ({human_size(found['Size'])})"
        say_fields([("blocks", f"{found['Links']:,}"), ("size", size)])


def dag_cbor_to_json(value: Any) -> Any:
    """Return a decoded value as DAG-JSON: links and bytes as objects with one key."""
    if isinstance(value, Cid):
        return {"/": str(value)}
    if isinstance(value, bytes):
        return {"/": {"bytes": base64.b64encode(value).rstrip(b"=").decode()}}
    if isinstance(value, (list, tuple)):
        return [dag_cbor_to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): dag_cbor_to_json(item) for key, item in value.items()}
    return value


def _at(node: NodeClient, steps: list[str]) -> Any:
    """Return the value at a path, following links on the way and at its end."""
    if steps and steps[0] == "ipfs":
        steps = steps[1:]
    if not steps:
        raise DecodeError("an empty path: begin it with a CID, or with /pstate")
    if steps[0] == _STATE:
        root = cid_text(node.ask("ChainHead")["Blocks"][0]["ParentStateRoot"])
    else:
        root = steps[0]
    value: Any = Cid.from_string(root)
    for place, step in enumerate(steps[1:], 1):
        value = _step(_followed(node, value), step, "/".join(steps[:place]))
    return _followed(node, value)


def _followed(node: NodeClient, value: Any) -> Any:
    if not isinstance(value, Cid):
        return value
    data = base64.b64decode(node.ask("ChainReadObj", {"/": str(value)}))
    return data if value.codec == RAW else dag_cbor.decode(data, lenient_text=True)


def _step(value: Any, step: str, walked: str) -> Any:
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list):
        raise LocalFault(f"{walked} has no {step!r}: it is a list of {len(value)}")
    if isinstance(value, dict):
        raise LocalFault(f"{walked} has no {step!r}: it has {', '.join(map(str, value))}")
    raise LocalFault(f"{walked} has nothing within, so no {step!r}")
