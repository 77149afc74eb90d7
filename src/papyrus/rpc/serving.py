"""Serving an application: uvicorn within the event loop of the node.

The node owns its signals and its loop, so uvicorn is given a socket that listens already and told
when to stop. Two things are added to it. A connection whose request head does not come in time
is closed. And a WebSocket that was closed but whose other side takes nothing is dropped after a
moment, so that nobody holds memory by not reading.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from papyrus.rpc.limits import Limits

_PING_SECONDS = 30.0


async def serve(
    application: Starlette,
    listening: socket.socket,
    stop: asyncio.Event,
    limits: Limits | None = None,
) -> None:
    """Serve until `stop` is set, then let calls under way end for a few seconds and return.

    The socket is closed afterwards.
    """
    limits = limits or Limits()
    server = _Server(_configuration(application, limits))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.leaving.set()
        try:
            await serving
        finally:
            listening.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()


def _configuration(application: Starlette, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=type("Http", (_Http,), {"limits": limits}),
        ws=type("Socket", (_WebSocket,), {"limits": limits}),
        lifespan="off",
        loop="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.sockets,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.stop_seconds,
        ws_max_size=limits.body,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        ws_per_message_deflate=False,
    )


class _Server(uvicorn.Server):
    """A server that leaves the signals to the node, and sleeps while there is nothing to do."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leaving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def main_loop(self) -> None:
        """Keep the date of answers, once a second, until it is time to leave."""
        while not self.leaving.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.leaving.wait()


class _Http(H11Protocol):
    """A connection that is closed where the head of a request takes too long."""

    limits: Limits
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; wait on while it is not yet a whole head."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._begin_to_wait()
        elif self.conn.their_state is not h11.IDLE:
            self._end_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end_to_wait()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Wait no more: the connection is a WebSocket's."""
        self._end_to_wait()
        super().handle_websocket_upgrade(event)

    def _begin_to_wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.limits.header_seconds, self._give_up)

    def _end_to_wait(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        self.transport.close()


class _WebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that is dropped where its other side does not take the end of it."""

    limits: Limits

    async def send(self, message: Any) -> None:
        """Send a message; the last one only for a few seconds."""
        if message["type"] == "websocket.close":
            self._drop_soon()
        await super().send(message)

    def keepalive_timeout(self) -> None:
        """Close where a ping was not answered."""
        super().keepalive_timeout()
        self._drop_soon()

    def _drop_soon(self) -> None:
        self.loop.call_later(self.limits.stop_seconds, self._drop)

    def _drop(self) -> None:
        if not self.disconnected:
            self.transport.abort()
