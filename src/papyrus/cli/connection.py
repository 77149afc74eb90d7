"""Which node a command speaks to, and how it asks.

The node is the one that `--api` names, else `FULLNODE_API_INFO`, else the one that runs in the
folder of Papyrus' state; of several that run there, the one that started last.

Commands ask by the names of Lotus' methods and take JSON as it comes, so they also work against
Lotus and Forest. The typed client is not used here: with every method's body behind it, importing
it takes longer than most commands do. That each question is one that the node knows, and has as
many parameters as it takes, is held by a test.
"""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import httpx
import typer

from papyrus.cli.output import name_wallet_with
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.api_info import ADDRESS_FILE, VARIABLE, ApiInfo, parse_api_info, read_api_info
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.storage.home import home

NAMESPACE = "Filecoin"

SECONDS = 120.0
"""An answer is waited for, unless the question is to wait for something."""

ApiOption = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="NODE",
        help="[TOKEN:]ADDRESS of a node, or the network of one that runs here.",
    ),
]
"""The `--api` option, the same on every command that asks a node."""

_CONNECT_SECONDS = 0.5
_NEEDED = re.compile(r"\(need '(read|write|sign|admin)'\)")
"""The permission that a node misses, as Lotus says it."""
_NO_NODE = (
    "no node runs here: start one with `papyrus devnet` or `papyrus daemon`, or name one with "
    f"--api or {VARIABLE}"
)


class NodeClient:
    """A node that can be asked; a context manager."""

    def __init__(self, info: ApiInfo) -> None:
        """Ask the node at a place; nothing is sent yet."""
        self.info = info
        self._url = info.http_url(1)
        # Reading the certificates that are trusted takes a while, and http has none.
        is_secure = info.base.startswith("https:")
        self._http = httpx.Client(headers=info.headers, timeout=SECONDS, verify=is_secure)

    def ask(
        self,
        method: str,
        *params: Any,
        namespace: str = NAMESPACE,
        seconds: float | None = SECONDS,
    ) -> Any:
        """Return the answer of a method as JSON; `seconds` is how long to wait, None for ever.

        Raises RpcError where it is an error, and LocalFault where there is none.
        """
        name = f"{namespace}.{method}"
        call = {"jsonrpc": "2.0", "id": 1, "method": name, "params": list(params)}
        try:
            response = self._http.post(self._url, json=call, timeout=seconds)
        except httpx.TimeoutException as error:
            raise LocalFault(f"{self._url} did not answer {name} within {seconds} s") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise LocalFault(
                f"cannot reach a node at {self._url}: {why}; is it running?"
            ) from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise LocalFault(
                f"{self._url} answers HTTP {response.status_code} and no JSON-RPC: "
                "is it a Filecoin node?"
            )
        if answer.get("error") is not None:
            raise refusal(answer["error"], name, response.status_code)
        return answer.get("result")

    @cached_property
    def letter(self) -> str:
        """With which letter the node's network begins addresses."""
        return str(self.ask("StateLookupID", "f00", None))[0]

    def unready(self) -> str:
        """Return why requests should not be sent to the node now, as it says; empty if they should.

        On a network that makes blocks only when a message waits, an old head is no reason.
        """
        try:
            answer = self._http.get(f"{self.info.base}/health/readyz", timeout=SECONDS)
        except httpx.HTTPError:
            return "it does not say"
        return "" if answer.is_success else answer.text.strip().replace("\n", ", ")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def connected(api: str | None, chain: str | None = None) -> Iterator[NodeClient]:
    """Give the node that a command speaks to; LocalFault in words where there is none."""
    with NodeClient(find_node(api, chain)) as node:
        yield node


def find_node(api: str | None, chain: str | None = None) -> ApiInfo:
    """Return where the node is that a command speaks to; LocalFault in words without one.

    A chain is the network of one that runs here.
    """
    if chain is not None:
        if api is not None:
            raise LocalFault("--api and --chain each name a node: give one of them")
        if not (home() / chain / ADDRESS_FILE).is_file():
            raise LocalFault(f"no node of {chain} runs here")
        return _node_in(home() / chain)
    if api is not None and (home() / api / ADDRESS_FILE).is_file():
        return _node_in(home() / api)
    if api is not None:
        return _parsed(api, "--api")
    if given := os.environ.get(VARIABLE):
        return _parsed(given, VARIABLE)
    for folder in node_folders():
        with suppress(LocalFault):
            return _node_in(folder)
    raise LocalFault(_NO_NODE)


def refusal(error: Any, name: str, status: int = httpx.codes.OK) -> RpcError:
    """Return the error that a node answers a method with, and what to do about it."""
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return RpcError(ErrorCode.GENERIC, f"the node answers with no proper error: {error}")
    # The backtrace of a machine has a line for each call; a person is told in one.
    message = " ".join(str(error.get("message", "")).split())
    code = error["code"]
    if status == httpx.codes.UNAUTHORIZED:
        message = (
            f"the node refuses the token: {message}; `papyrus auth api-info`, run beside the node, "
            f"prints {VARIABLE} with a good one"
        )
    elif message.startswith("missing permission"):
        needed = _NEEDED.search(message)
        message = (
            f"the token does not allow this: {message}; `papyrus auth api-info --perm "
            f"{needed[1] if needed else 'admin'}`, run beside the node, prints {VARIABLE} with one "
            "that does"
        )
    elif code == ErrorCode.METHOD_NOT_FOUND:
        message = f"the node has no method {name}: it is of another kind or version"
    elif code == ErrorCode.ACTOR_NOT_FOUND:
        message = f"{message}: nobody has sent anything to that address yet, or it is misspelt"
    return RpcError(code, message, error.get("data"))


def _parsed(text: str, origin: str) -> ApiInfo:
    try:
        return parse_api_info(text)
    except LocalFault as error:
        raise LocalFault(f"{origin}: {error}") from error


def node_folders() -> list[Path]:
    """Return the folders in which a node says that it runs, the one that said so last first."""
    found = []
    with suppress(OSError):
        found = [
            (path.stat().st_mtime_ns, path.parent) for path in home().glob(f"*/{ADDRESS_FILE}")
        ]
    return [folder for _, folder in sorted(found, reverse=True)]


def _node_in(folder: Path) -> ApiInfo:
    """Return where the node of a folder listens; LocalFault where it does not, as when killed.

    What is advised from here on is for its wallet.
    """
    info = read_api_info(folder)
    if info is None:
        raise LocalFault(_NO_NODE)
    parts = urlsplit(info.base)
    try:
        socket.create_connection((parts.hostname, parts.port or 80), _CONNECT_SECONDS).close()
    except OSError as error:
        raise LocalFault(
            f"the node in {folder} does not answer at {info.base}: it has ended; start it again"
        ) from error
    name_wallet_with(f" --chain {folder.name}")
    return info
