"""How much one client may ask of the server, so that none takes it from the others.

Every number is a ceiling that a node's configuration may move; the defaults suit a node that only
its own machine reaches. Sizes are bytes and times seconds.
"""

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The ceilings of one server."""

    body: int = 100 * MEBIBYTE
    """Of one request or batch; Lotus takes as much (go-jsonrpc handler.go)."""

    batch: int = 1000
    """Calls in one batch."""

    answer: int = 512 * MEBIBYTE
    """Of the answers to one batch together; calls beyond are refused and not made."""

    header_seconds: float = 30.0
    """In which the head of a request must have come."""

    body_seconds: float = 60.0
    """In which the rest of it must have come."""

    call_seconds: float = 300.0
    """For one call, unless its method waits by nature; 0 for as long as it takes."""

    calls: int = 1000
    """Under way at once, over all clients."""

    socket_calls: int = 128
    """Under way at once on one WebSocket."""

    sockets: int = 4096
    """Open connections, HTTP and WebSocket together."""

    channels: int = 64
    """Subscriptions of one WebSocket."""

    unread: int = 256
    """Answers and notifications that wait for one WebSocket."""

    unread_bytes: int = 64 * MEBIBYTE
    """Bytes of them."""

    stall_seconds: float = 30.0
    """For which a subscriber may take nothing before it is cut off."""

    requests_a_second: float = 0.0
    """From one address, calls in batches counted singly; 0 for as many as come."""

    keep_alive_seconds: int = 30
    """A connection may stay open between two requests."""

    stop_seconds: int = 5
    """That calls under way are given when the server stops."""
