"""The socket that a node listens on, had before there is anything to answer with.

Whoever connects from then on waits until it is served, which is sooner than being refused and
trying again.
"""

import errno
import socket
import sys

from papyrus.primitives.errors import LocalFault

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 1234
"""Lotus' own."""

_BACKLOG = 2048
_MOST_PORT = 65_535


def listen(host: str = LOOPBACK, port: int = DEFAULT_PORT) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Raises LocalFault, with what to do about it, where the place cannot be had.
    """
    if not 0 <= port <= _MOST_PORT:
        raise LocalFault(f"there is no port {port}: the highest is {_MOST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off where the protocol is named, and only there.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two processes have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        what_helps = (
            "this machine has no such address: choose another with --host"
            if error.errno == errno.EADDRNOTAVAIL
            else "stop what listens there, or choose another port"
        )
        raise LocalFault(
            f"cannot listen on {host} port {port}: {error.strerror or error}; {what_helps}"
        ) from error
    listening.setblocking(False)
    return listening


def port_of(listening: socket.socket) -> int:
    """Return the port a socket listens on."""
    return int(listening.getsockname()[1])
