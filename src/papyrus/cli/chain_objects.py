"""`papyrus chain get`, `read-obj` and `stat-obj`: any data of the chain by its CID or a path."""

import base64
from typing import Annotated, Any

import typer

from papyrus.cli.chain_paths import value_at
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import cid_json
from papyrus.cli.output import JsonOption, human_size, say, say_fields, say_json
from papyrus.cli.tipset_option import tipset_named
from papyrus.ipld.cid import Cid

CidArgument = Annotated[str, typer.Argument(metavar="CID")]


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

    What is at a path is shown as DAG-JSON. Steps are places and names; @Ha:ADDRESS, @Hi:NUMBER,
    @Hu:NUMBER and @H:TEXT look a key up in a map, and @A:INDEX a place in an array.

    \b
    Examples:
      papyrus chain get @100
      papyrus chain get bafy2bza.../1/0
      papyrus chain get /pstate/1/@Ha:f03 --json
    """
    with connected(api) as node:
        if what.startswith("@"):
            found: Any = tipset_named(node, what)
        else:
            found = dag_cbor_to_json(value_at(node, what))
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
