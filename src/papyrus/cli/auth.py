"""`papyrus auth`: tokens, and what another machine needs to reach a node."""

import base64
from typing import Annotated
from urllib.parse import urlsplit

import typer

from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.output import JsonOption, note, say, say_json
from papyrus.node.listen_address import ListenAddress
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.api_info import VARIABLE
from papyrus.rpc.errors import RpcError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make tokens by which programs may call a node. Whoever has one may do what it allows.",
)

_NO_TOKENS = "asks nobody for a token"
"""What a devnet says that lets everybody in."""

_PERMISSIONS = ("read", "write", "sign", "admin")

PermissionOption = Annotated[
    str,
    typer.Option(
        "--perm", metavar="PERMISSION", help="read, write, sign or admin; each allows those before."
    ),
]


@app.command("create-token")
def create_token(
    perm: PermissionOption = "read", api: ApiOption = None, json: JsonOption = False
) -> None:
    r"""Print a new token.

    \b
    Examples:
      papyrus auth create-token --perm sign
    """
    with connected(api) as node:
        token = _token(node, perm)
    if json:
        say_json({"token": token, "allows": _allowed(perm)})
    else:
        say(token)


@app.command("api-info")
def api_info(
    perm: PermissionOption = "read", api: ApiOption = None, json: JsonOption = False
) -> None:
    r"""Print the line by which other programs reach the node, with a new token.

    \b
    Examples:
      eval "export $(papyrus auth api-info --perm admin)"
    """
    with connected(api) as node:
        place = _multiaddr(node.info.base)
        try:
            line = f"{_token(node, perm)}:{place}"
        except RpcError as error:
            if _NO_TOKENS not in error.message:
                raise
            note(error.message)
            line = place
    if json:
        say_json({VARIABLE: line})
    else:
        say(f"{VARIABLE}={line}")


def _token(node: NodeClient, perm: str) -> str:
    return base64.b64decode(node.ask("AuthNew", _allowed(perm))).decode("ascii")


def _multiaddr(url: str) -> str:
    """Return a place as Lotus' tools read it, one that needs https as it is."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.path or parts.hostname is None:
        return url
    return ListenAddress(parts.hostname, parts.port or 80).multiaddr


def _allowed(perm: str) -> list[str]:
    if perm not in _PERMISSIONS:
        raise LocalFault(f"there is no permission {perm!r}: there are {', '.join(_PERMISSIONS)}")
    return list(_PERMISSIONS[: _PERMISSIONS.index(perm) + 1])
