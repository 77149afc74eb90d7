"""One WebSocket: calls that run side by side, and subscriptions as go-jsonrpc has them.

A subscription is answered with the number of a channel; each item follows as the notification
`xrpc.ch.val` [number, item], and the end as `xrpc.ch.close` [number]. The client ends any call or
subscription by `xrpc.cancel` [id of the call] (go-jsonrpc websocket.go).

Everything to the client goes through one queue, so that the number of a channel arrives before its
first item. What waits in it is bounded: while a client lets it lie, nothing more is read from it
and no subscription goes on. A subscription that cannot wait, because the chain does not, raises
SlowReader, and the client is cut off with the reason.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from papyrus.rpc import requests
from papyrus.rpc.dispatch import Caller, Dispatcher
from papyrus.rpc.errors import RpcError, SlowReader, foreseen, limit_exceeded
from papyrus.rpc.json_text import LONG
from papyrus.rpc.requests import NOTIFICATION, Call

log = logging.getLogger(__name__)

CANCEL = "xrpc.cancel"
CHANNEL_VALUE = "xrpc.ch.val"
CHANNEL_CLOSE = "xrpc.ch.close"

Send = Callable[[str], Awaitable[None]]
"""Writes a text message; returns when the connection can take the next."""


class Session:
    """The calls and channels of one WebSocket."""

    def __init__(self, dispatcher: Dispatcher, caller: Caller, send: Send) -> None:
        """Answer a caller through `send`; nothing runs until `run`."""
        self._dispatcher = dispatcher
        self._caller = caller
        self._send = send
        self._limits = dispatcher.limits
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancellable: dict[str, asyncio.Task[None]] = {}
        self._started = 0
        self._channels: set[int] = set()
        self._last_channel = 0
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._has_work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._too_slow: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, receive: Callable[[], Awaitable[str | None]]) -> None:
        """Serve until `receive` gives None; raises SlowReader where the client must be cut off.

        All calls and channels have ended when this returns.
        """
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read(receive))
        try:
            await asyncio.wait(
                {reader, writer, self._too_slow}, return_when=asyncio.FIRST_COMPLETED
            )
            for ended in (self._too_slow, reader, writer):
                if ended.done():
                    ended.result()
        finally:
            tasks = [reader, writer, *self._tasks.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._too_slow.cancel()

    async def _read(self, receive: Callable[[], Awaitable[str | None]]) -> None:
        while (text := await receive()) is not None:
            try:
                value = await requests.parse(text)
            except RpcError as error:
                self._put(requests.refusal(None, error))
                continue
            if isinstance(value, dict) and str(value.get("method", "")).startswith("xrpc."):
                self._control(value)
            else:
                await self._accept(value, text)

    def _control(self, value: dict[str, Any]) -> None:
        """Follow a client's own message; channels towards the server do not exist."""
        parameters = value.get("params")
        if value["method"] == CANCEL and isinstance(parameters, list) and parameters:
            task = self._cancellable.get(_key(parameters[0]))
            if task is not None:
                task.cancel()

    async def _accept(self, value: Any, text: str) -> None:
        """Start the work on a request or a batch, once there is room for its answer."""
        await self._has_room.wait()
        if len(self._tasks) - len(self._channels) >= self._limits.socket_calls:
            error = limit_exceeded(
                f"{self._limits.socket_calls} calls are under way on this connection"
            )
            self._put(requests.refusal(requests.known_id(value), error))
            return
        call = _as_call(value, text)
        work = self._answer(text) if call is None else self._serve(call)
        self._started += 1
        number = self._started
        task = asyncio.create_task(work)
        self._tasks[number] = task
        key = None if call is None or call.id is NOTIFICATION else _key(call.id)
        if key is not None:
            self._cancellable[key] = task

        def forget(_: asyncio.Task[None]) -> None:
            del self._tasks[number]
            if key is not None and self._cancellable.get(key) is task:
                del self._cancellable[key]

        task.add_done_callback(forget)

    async def _answer(self, text: str) -> None:
        """Answer what is no single call: a batch, or no request at all."""
        self._put(await self._dispatcher.answer(text, self._caller))

    async def _serve(self, call: Call) -> None:
        try:
            items = self._dispatcher.subscription(call, self._caller)
            if items is not None and len(self._channels) >= self._limits.channels:
                raise limit_exceeded(f"{len(self._channels)} subscriptions on this connection")
        except RpcError as error:
            self._put(requests.refusal(call.id, error))
            return
        if items is not None:
            await self._forward(call, items)
            return
        answered = await self._dispatcher.answer_call(call, self._caller)
        if call.id is not NOTIFICATION:
            self._put(answered)

    async def _forward(self, call: Call, items: AsyncGenerator[Any, None]) -> None:
        """Answer with a channel, send it each item, and close it at the end."""
        self._last_channel += 1
        channel = self._last_channel
        self._channels.add(channel)
        self._put(requests.answer(call.id if call.id is not NOTIFICATION else None, channel))
        is_over = True
        try:
            async with contextlib.aclosing(items):
                async for item in items:
                    await self._wait_for_room()
                    self._put(requests.notification(CHANNEL_VALUE, [channel, item]))
        except SlowReader as error:
            if not self._too_slow.done():
                self._too_slow.set_exception(error)
            is_over = False  # and must not look so
        except Exception as error:
            if foreseen(error) is None:
                log.exception("subscription %r ended in an error", call.method)
        finally:
            self._channels.discard(channel)
            if is_over:
                self._put(requests.notification(CHANNEL_CLOSE, [channel]))

    async def _wait_for_room(self) -> None:
        """Return when the client has taken enough; SlowReader where it takes nothing for long."""
        seconds = self._limits.stall_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._has_room.wait()
        except TimeoutError as error:
            raise SlowReader(f"this client has read nothing for {seconds:g} s") from error

    def _put(self, text: str | None) -> None:
        if text is None:
            return
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        self._has_work.set()
        if self._is_full:
            self._has_room.clear()

    @property
    def _is_full(self) -> bool:
        return (
            len(self._waiting) > self._limits.unread
            or self._waiting_bytes > self._limits.unread_bytes
        )

    async def _write(self) -> None:
        while True:
            await self._has_work.wait()
            while self._waiting:
                text = self._waiting.popleft()
                self._waiting_bytes -= len(text)
                await self._send(text)
                if not self._is_full:
                    self._has_room.set()
            self._has_work.clear()


def _as_call(value: Any, text: str) -> Call | None:
    try:
        return requests.call_of(value, is_long=len(text) >= LONG)
    except RpcError:
        return None


def _key(call_id: Any) -> str:
    """Return what an id is remembered by; 1 and "1" are two ids."""
    return json.dumps(call_id)


def cut_reason(error: SlowReader) -> str:
    """Return an error's words as a WebSocket may carry them: 123 bytes at most."""
    return str(error)[:120]
