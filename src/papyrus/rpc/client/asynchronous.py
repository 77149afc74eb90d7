"""The client that is awaited, and that can listen."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import httpx
import websockets
from websockets.asyncio.client import connect

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rpc.api_info import ApiInfo, parse_api_info
from papyrus.rpc.channels import CHANNEL_CLOSE, CHANNEL_VALUE
from papyrus.rpc.client import wire
from papyrus.rpc.declarations import AsyncCaller, Declaration, Method, P, R, Subscription

_SUBSCRIBE_ID = 1


class AsyncConnection(AsyncCaller):
    """A node, asked over HTTP and listened to over WebSockets; an async context manager."""

    def __init__(
        self, where: ApiInfo | str, *, version: int = 1, seconds: float = wire.SECONDS
    ) -> None:
        """Ask the node that an address, or FULLNODE_API_INFO's text, names; nothing is sent yet.

        Raises LocalFault for text that names none.
        """
        self._info = parse_api_info(where) if isinstance(where, str) else where
        self._version = version
        self.url = self._info.http_url(version)
        self._seconds = seconds
        self._http = httpx.AsyncClient(
            headers=self._info.headers, timeout=seconds, verify=wire.verification(self._info)
        )
        self._ids = itertools.count(1)

    async def call(self, method: Method[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer of a method.

        Raises RpcError where it is an error, and LocalFault where there is none. A method that
        changes nothing is asked again where the connection fails.
        """
        declaration = method.declaration
        request = wire.request(declaration, next(self._ids), args, kwargs)
        timeout = wire.seconds(declaration, self._seconds)
        left = wire.tries(declaration)
        while True:
            left -= 1
            try:
                response = await self._http.post(self.url, json=request, timeout=timeout)
                break
            except httpx.TransportError as error:
                if not left or isinstance(error, httpx.TimeoutException):
                    raise wire.unreachable(self.url, error) from error
            await asyncio.sleep(wire.DELAYS[-left])
        found: R = wire.outcome(declaration, wire.body_of(response, self.url))
        return found

    async def subscribe(
        self, method: Subscription[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[R]:
        """Yield the items of a subscription as they come, on a WebSocket of its own.

        Ends where the node closes the channel. Raises RpcError where it refuses, and LocalFault
        where it goes away or cuts this client off.
        """
        declaration = method.declaration
        url = self._info.websocket_url(self._version)
        request = wire.request(declaration, _SUBSCRIBE_ID, args, kwargs)
        try:
            async with connect(
                url, additional_headers=self._info.headers, max_size=None, compression=None
            ) as socket:
                await socket.send(json.dumps(request))
                channel: Any = None
                async for text in socket:
                    frame = _frame(text)
                    if frame.get("id") == _SUBSCRIBE_ID and "method" not in frame:
                        channel = _channel(frame)
                    elif (frame.get("params") or [None])[0] != channel:
                        continue
                    elif frame.get("method") == CHANNEL_CLOSE:
                        return
                    elif frame.get("method") == CHANNEL_VALUE:
                        yield _item(declaration, frame)
        except (OSError, websockets.InvalidHandshake) as error:
            raise wire.unreachable(url, error) from error
        except websockets.ConnectionClosed as error:
            raise _ended(declaration, error) from error
        raise LocalFault(f"the node at {url} ended {declaration.name}")

    async def close(self) -> None:
        """Close the connections to the node."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _frame(text: str | bytes) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DecodeError("the node sends what is not JSON") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("params", []), list):
        raise DecodeError("the node sends what is no JSON-RPC")
    return frame


def _channel(frame: dict[str, Any]) -> Any:
    if frame.get("error") is not None:
        raise wire.rpc_error(frame["error"])
    return frame.get("result")


def _item(declaration: Declaration, frame: dict[str, Any]) -> Any:
    _, *values = frame["params"]
    return wire.outcome(declaration, {"result": values[0] if values else None})


def _ended(declaration: Declaration, error: websockets.ConnectionClosed) -> LocalFault:
    reason = error.rcvd.reason if error.rcvd is not None else ""
    return LocalFault(f"the node ended {declaration.name}: {reason or 'the connection is lost'}")
