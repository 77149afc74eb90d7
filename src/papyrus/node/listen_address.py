"""Where a server listens: host and port, as people write it and as a multiaddr.

Lotus writes its place as a multiaddr, `/ip4/127.0.0.1/tcp/1234/http`, and its clients read that
from the `api` file and from `FULLNODE_API_INFO`. People write `127.0.0.1:1234`. Both are taken.
"""

import ipaddress
import re
from dataclasses import dataclass

_PLAIN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):([0-9]{1,5})")
_MULTIADDR = re.compile(r"/(ip4|ip6|dns|dns4|dns6)/([^/\s]+)/tcp/([0-9]{1,5})(?:/(https?|wss?))?")
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host and a port."""

    host: str
    """A name, or an address without brackets."""
    port: int
    """0 stands for any that is free."""

    @property
    def multiaddr(self) -> str:
        """The form that Lotus' clients read."""
        return f"/{_kind(self.host)}/{self.host}/tcp/{self.port}/http"

    @property
    def url(self) -> str:
        """The form that browsers and curl read."""
        return f"http://{self}"

    @property
    def local(self) -> "ListenAddress":
        """Where this machine reaches it: an address that stands for all is the machine's own."""
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is replaced
        return ListenAddress(own.get(self.host, self.host), self.port)

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_listen_address(text: str) -> ListenAddress:
    """Return the place that `host:port` or a multiaddr names; ValueError for anything else."""
    if plain := _PLAIN.fullmatch(text):
        host, port = plain[1].strip("[]"), int(plain[2])
        kind = "ip6" if ":" in host else _kind(host)
    elif multiaddr := _MULTIADDR.fullmatch(text):
        kind, host, port = multiaddr[1], multiaddr[2], int(multiaddr[3])
    else:
        raise ValueError(
            "it should be host:port, for instance 127.0.0.1:1234, or a multiaddr such as "
            "/ip4/127.0.0.1/tcp/1234/http"
        )
    if port > _MOST_PORT:
        raise ValueError(f"there is no port {port}: the highest is {_MOST_PORT}")
    if kind in ("ip4", "ip6") and _kind(host) != kind:
        raise ValueError(f"{host} is no address of the Internet Protocol version {kind[2]}")
    return ListenAddress(host, port)


def _kind(host: str) -> str:
    try:
        return f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        return "dns"
