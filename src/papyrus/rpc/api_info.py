"""Where a node is and what to show it: `FULLNODE_API_INFO`, as Lotus and its tools read it.

The text is TOKEN:ADDRESS or ADDRESS alone. An address is a multiaddr
(`/ip4/127.0.0.1/tcp/1234/http`, `/dns/node.example/tcp/443/https`) or a URL (`http://`, `https://`,
`ws://`, `wss://`), whose path is kept before `/rpc/v1`; one that ends in a version is taken as it
is. Of several, separated by commas, the first is used.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from papyrus.primitives.errors import LocalFault

VARIABLE = "FULLNODE_API_INFO"

ADDRESS_FILE = "api"
"""In a node's folder: where it listens."""
TOKEN_FILE = "token"  # noqa: S105 - the name of a file
"""In a node's folder: a token that allows everything."""

_MULTIADDR = re.compile(r"/(ip4|ip6|dns|dns4|dns6)/([^/\s]+)/tcp/([0-9]{1,5})((?:/[a-z]+)*)/?")
_VERSIONED = re.compile(r"/rpc/v[0-9]+/?$")
_SECURE = {"wss", "tls", "https"}
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
"""Of a URL, and that of its WebSocket."""


@dataclass(frozen=True, slots=True)
class ApiInfo:
    """How to reach a node."""

    base: str
    """The HTTP URL without the version, or with it where it was given so."""
    token: str = field(default="", repr=False)

    def http_url(self, version: int = 1) -> str:
        """Return where to post requests."""
        return self.base if _VERSIONED.search(self.base) else f"{self.base}/rpc/v{version}"

    def websocket_url(self, version: int = 1) -> str:
        """Return where to open a WebSocket."""
        return "ws" + self.http_url(version).removeprefix("http")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each request."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def parse_api_info(text: str) -> ApiInfo:
    """Return what the text says; LocalFault, which never repeats the token, for anything else."""
    token, address = _split(text.partition(",")[0].strip())
    if multiaddr := _MULTIADDR.fullmatch(address):
        _, host, port, tail = multiaddr.groups()
        scheme = "https" if _SECURE & set(tail.split("/")) else "http"
        host = f"[{host}]" if ":" in host else host
        return ApiInfo(f"{scheme}://{host}:{int(port)}", token)
    try:
        parts = urlsplit(address)
        is_url = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise LocalFault(
            "the address of a node is a multiaddr such as /ip4/127.0.0.1/tcp/1234/http or a URL "
            f"such as http://127.0.0.1:1234; {VARIABLE} has TOKEN: before it"
        )
    scheme = "https" if _SCHEMES[parts.scheme] == "wss" else "http"
    return ApiInfo(urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", "")), token)


def read_api_info(home: Path) -> ApiInfo | None:
    """Return how to reach the node of a folder, from the files it keeps there; None without them.

    A node that asks for no token may keep none. Raises LocalFault where they cannot be read.
    """
    try:
        address = _text_of(home / ADDRESS_FILE)
        token = _text_of(home / TOKEN_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise LocalFault(f"cannot read how to reach the node in {home}: {error}") from error
    if not address:
        return None
    return parse_api_info(f"{token}:{address}" if token else address)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def _split(text: str) -> tuple[str, str]:
    """Return (token, address); a colon within an address separates nothing."""
    if text.startswith("/"):
        return "", text
    token, colon, address = text.partition(":")
    if not colon or not token or address.startswith("//"):
        return "", text
    return token, address
