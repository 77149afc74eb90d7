"""The interface over HTTP and WebSocket: an ASGI application for one node.

A POST or a WebSocket at `/` and `/rpc/v1` speaks version 1, at `/rpc/v0` version 0. The content
type is not looked at, as clients send any. Every answer that is JSON-RPC has status 200, errors
too, so that clients which look at the status first still see the code: here Lotus answers 500.
Other statuses are for what never became a call: 401 for a bad token, 403 for a web page that may
not call, 408 and 413 for a body too slow or too large.

A web page may call where its origin is allowed. Where nobody is asked for a token, pages of other
origins are refused outright: a browser on this machine would lend them its place.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from papyrus.rpc import requests
from papyrus.rpc.auth import Auth, BadToken
from papyrus.rpc.channels import Session, cut_reason
from papyrus.rpc.dispatch import Caller, Dispatcher
from papyrus.rpc.errors import ErrorCode, RpcError, SlowReader
from papyrus.rpc.limits import Limits

log = logging.getLogger(__name__)

ANY_ORIGIN = "*"
_PATHS = {"/": 1, "/rpc/v0": 0, "/rpc/v1": 1}
_POLICY_VIOLATION = 1008
_PIECE = 1 << 20
"""Bytes of an answer that are handed to the socket at once."""

Health = Callable[[], "Awaitable[str]"]
"""Returns "" where all is well, and otherwise what is not."""


async def _healthy() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the node tells of itself beside the interface."""

    is_live: Health = _healthy
    is_ready: Health = _healthy
    metrics: Callable[[], tuple[bytes, str]] | None = None
    """Returns the figures and their content type; there is no /debug/metrics without it."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who comes in, and how much at once."""

    auth: Auth
    limits: Limits = field(default_factory=Limits)
    origins: tuple[str, ...] = ()
    """Of web pages that may call; "*" for all."""

    def caller(self, headers: Any, query: Any, address: str) -> Caller:
        """Return who calls; raises BadToken, and RpcError for a page that may not."""
        origin = headers.get("origin")
        if origin and self.auth.is_disabled and not self.allows(origin):
            raise RpcError(
                ErrorCode.GENERIC,
                "web pages of this origin may not call this node: allow it in the configuration",
            )
        shown = headers.get("authorization")
        if not shown and query.get("token"):
            shown = f"Bearer {query['token']}"
        return Caller(self.auth.permissions(shown), address)

    def allows(self, origin: str) -> bool:
        """Return whether pages of an origin may call."""
        return ANY_ORIGIN in self.origins or origin in self.origins


def application(
    dispatchers: Iterable[Dispatcher],
    door: Door,
    hooks: Hooks | None = None,
    routes: Iterable[Any] = (),
) -> Starlette:
    """Return the application that answers for a node: one dispatcher for each version.

    `routes` are more of starlette's, for instance those of an explorer.
    """
    hooks = hooks or Hooks()
    by_version = {dispatcher.version: dispatcher for dispatcher in dispatchers}
    sockets = _Sockets(door.limits.sockets)
    found: list[Any] = []
    for path, version in _PATHS.items():
        if version in by_version:
            dispatcher = by_version[version]
            found.append(Route(path, _Post(dispatcher, door), methods=["POST"]))
            found.append(WebSocketRoute(path, _Socket(dispatcher, door, sockets)))
    found.append(Route("/health/livez", _health(hooks.is_live)))
    found.append(Route("/health/readyz", _health(hooks.is_ready)))
    if hooks.metrics is not None:
        found.append(Route("/debug/metrics", _metrics(hooks.metrics)))
    return Starlette(routes=[*found, *routes], middleware=[_cors(door.origins)])


def _cors(origins: tuple[str, ...]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["*"],
        max_age=600,
    )


class _Post:
    """Answers requests that are posted."""

    def __init__(self, dispatcher: Dispatcher, door: Door) -> None:
        self._dispatcher = dispatcher
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        client = request.client.host if request.client else ""
        try:
            caller = self._door.caller(request.headers, request.query_params, client)
        except BadToken as error:
            return _refused(401, str(error))
        except RpcError as error:
            return _refused(403, error.message)
        limits = self._door.limits
        try:
            async with asyncio.timeout(limits.body_seconds):
                body = await _read_body(request, limits.body)
        except TimeoutError:
            return _refused(408, f"the request did not arrive within {limits.body_seconds:g} s")
        if body is None:
            return _refused(413, f"request bigger than maximum {limits.body} allowed")
        answer = await _while_connected(request, self._dispatcher.answer(body, caller))
        if answer is None:
            return Response(status_code=204)
        return _Answer(answer)


class _Answer(Response):
    """JSON that goes out piece by piece, as fast as the client takes it."""

    media_type = "application/json"

    def __init__(self, text: str) -> None:
        super().__init__()
        # What the interface writes is ASCII; then a piece of the text is a piece of the bytes.
        self._content: str | bytes = text if text.isascii() else text.encode()
        self.headers["content-length"] = str(len(self._content))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        content = self._content
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            await send(
                {
                    "type": "http.response.body",
                    "body": piece.encode() if isinstance(piece, str) else piece,
                    "more_body": start + _PIECE < len(content),
                }
            )


async def _read_body(request: Request, most: int) -> bytes | None:
    """Return the body, None for one that is or says it is longer than `most`."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


async def _while_connected(request: Request, work: Any) -> str | None:
    """Return what some work gives; it is cancelled when the client goes away first."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        answer: str | None = working.result()
        return answer
    finally:
        for task in (working, leaving):
            task.cancel()


def _refused(status: int, why: str) -> Response:
    """Return what stands in for an answer where no call was made."""
    error = RpcError(ErrorCode.GENERIC, why)
    return Response(requests.refusal(None, error), status, media_type="application/json")


class _Sockets:
    """How many WebSockets are open."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0


class _Socket:
    """Serves WebSockets."""

    def __init__(self, dispatcher: Dispatcher, door: Door, sockets: _Sockets) -> None:
        self._dispatcher = dispatcher
        self._door = door
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        client = socket.client.host if socket.client else ""
        try:
            caller = self._door.caller(socket.headers, socket.query_params, client)
        except BadToken as error:
            await socket.send_denial_response(_refused(401, str(error)))
            return
        except RpcError as error:
            await socket.send_denial_response(_refused(403, error.message))
            return
        if self._sockets.count >= self._sockets.most:
            busy = f"{self._sockets.count} WebSockets are open: try again later"
            await socket.send_denial_response(_refused(503, busy))
            return
        self._sockets.count += 1
        try:
            await socket.accept()
            await self._serve(socket, caller)
        except WebSocketDisconnect:
            return
        finally:
            self._sockets.count -= 1

    async def _serve(self, socket: WebSocket, caller: Caller) -> None:
        async def receive_text() -> str | None:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            data = message.get("text")
            if data is not None:
                return str(data)
            return (message.get("bytes") or b"").decode("utf-8", "replace")

        try:
            await Session(self._dispatcher, caller, socket.send_text).run(receive_text)
        except SlowReader as error:
            log.warning("a WebSocket of %s is closed: %s", caller.address, error)
            await socket.close(_POLICY_VIOLATION, cut_reason(error))


def _health(check: Health) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_request: Request) -> Response:
        trouble = await check()
        if trouble:
            return PlainTextResponse(f"{trouble}\n", 503)
        return JSONResponse({"status": "ok"})

    return respond


def _metrics(figures: Callable[[], tuple[bytes, str]]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_request: Request) -> Response:
        content, media_type = figures()
        return Response(content, media_type=media_type)

    return respond
