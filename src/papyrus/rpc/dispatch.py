"""From the bytes a client sends to the text it gets: JSON-RPC 2.0, single or in batches.

Whatever comes in, an answer goes out: a wrong body, name or parameter is the client's and has its
code; an error that a method foresees has its own; any other becomes code 1 with one short sentence,
and the log has the rest. Nothing here raises but cancellation.

Calls of a batch run one after the other, as Lotus runs them: clients count on pushing messages in
order.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from papyrus.primitives.errors import DecodeError
from papyrus.rpc import requests
from papyrus.rpc.declarations import Context, Declaration, Permission
from papyrus.rpc.errors import (
    ErrorCode,
    RpcError,
    foreseen,
    invalid_parameters,
    limit_exceeded,
)
from papyrus.rpc.json_text import LONG, JsonText, write_long
from papyrus.rpc.limits import Limits
from papyrus.rpc.openrpc import openrpc_document
from papyrus.rpc.registry import VERSIONS, Registry
from papyrus.rpc.requests import NOTIFICATION, Call
from papyrus.rpc.traffic import Traffic

log = logging.getLogger(__name__)

Observer = Callable[[str, float, int], None]
"""Told of each call: its method's name ("" for an unknown one), seconds, and error code or 0."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: what its token allows, and where it calls from."""

    permissions: frozenset[Permission]
    address: str = ""


def _ignore(_name: str, _seconds: float, _code: int) -> None:
    return None


class Dispatcher:
    """What answers the calls of one version of the interface."""

    def __init__(
        self,
        registry: Registry,
        node: Any,
        *,
        version: int = 1,
        network: str = "f",
        traffic: Traffic | None = None,
        observe: Observer = _ignore,
    ) -> None:
        """Serve the registry's methods of a version on a node that satisfies all its groups.

        `network` is the letter of the addresses written: "f" on mainnet, "t" elsewhere.
        """
        self.registry = registry
        self.version = version
        self.traffic = traffic or Traffic(Limits())
        self.limits = self.traffic.limits
        self._methods = registry.names(version)
        self._node = node
        self._network = network
        self._observe = observe

    def document(self) -> dict[str, Any]:
        """Return the OpenRPC document of this version."""
        return openrpc_document(self.registry, self.version)

    async def answer(self, body: bytes | str, caller: Caller) -> str | None:
        """Return the answer to a body, None where there is nothing but notifications in it."""
        try:
            value = await requests.parse(body)
            if isinstance(value, list):
                self._check_batch(value)
        except RpcError as error:
            return requests.refusal(None, error)
        is_long = len(body) >= LONG
        if isinstance(value, list):
            return await self._answer_batch(value, caller, is_long=is_long)
        return await self._answer_one(value, caller, is_long=is_long)

    def _check_batch(self, batch: list[Any]) -> None:
        if not batch:
            raise requests.invalid_request("a batch has at least one request")
        if len(batch) > self.limits.batch:
            raise limit_exceeded(f"a batch of {len(batch)} requests, {self.limits.batch} at most")

    async def _answer_batch(self, batch: list[Any], caller: Caller, *, is_long: bool) -> str | None:
        answers: list[str] = []
        length = 0
        for value in batch:
            if length > self.limits.answer:
                error = limit_exceeded("the answers to this batch are too large: send fewer calls")
                found: str | None = requests.refusal(requests.known_id(value), error)
            else:
                found = await self._answer_one(value, caller, is_long=is_long)
            if found is not None:
                answers.append(found)
                length += len(found)
            await asyncio.sleep(0)  # a batch is no reason for others to wait
        return f"[{','.join(answers)}]" if answers else None

    async def _answer_one(self, value: Any, caller: Caller, *, is_long: bool) -> str | None:
        """Return the answer to one request, None to a notification."""
        try:
            call = requests.call_of(value, is_long=is_long)
        except RpcError as error:
            return requests.refusal(requests.known_id(value), error)
        text = await self.answer_call(call, caller)
        return None if call.id is NOTIFICATION else text

    async def answer_call(self, call: Call, caller: Caller) -> str:
        """Return the answer to a call, or the error that it ended in."""
        started = time.perf_counter()
        declaration = self._methods.get(call.method)
        code = 0
        try:
            result = await self._invoke(declaration, call, caller)
            text = requests.answer(call.id, result)
        except Exception as error:  # noqa: BLE001 - one client's call must not end the server
            told = self._told(call, error)
            code = int(told.code)
            text = requests.refusal(call.id, told)
        name = declaration.name if declaration else ""
        self._observe(name, time.perf_counter() - started, code)
        return text

    async def _invoke(self, declaration: Declaration | None, call: Call, caller: Caller) -> Any:
        """Return the result of a call as JSON."""
        if declaration is None:
            raise RpcError(
                ErrorCode.METHOD_NOT_FOUND, f"method '{requests.shown(call.method)}' not found"
            )
        if declaration.is_subscription:
            raise RpcError(
                ErrorCode.METHOD_NOT_FOUND,
                f"method '{requests.shown(call.method)}' not supported in this mode "
                "(no out channel support): use a WebSocket",
            )
        check_permission(declaration, caller)
        seconds = self.limits.call_seconds
        with self.traffic.call(caller.address):
            if call.is_long:
                arguments = await asyncio.to_thread(read_parameters, declaration, call)
            else:
                arguments = read_parameters(declaration, call)
            try:
                async with asyncio.timeout(None if declaration.waits else seconds or None) as limit:
                    result = await declaration.handler(self._context(caller), *arguments)
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise limit_exceeded(f"{declaration.name} took over {seconds:g} s") from error
            return await self._written(declaration, result)

    async def _written(self, declaration: Declaration, result: Any) -> Any:
        """Return a result as JSON, or as the text of that where it may be long."""
        if isinstance(result, JsonText):
            return result
        write = declaration.result.write
        if not declaration.is_long:
            return write(result, self._network)
        return await asyncio.to_thread(lambda: JsonText(write_long(write(result, self._network))))

    def subscription(self, call: Call, caller: Caller) -> AsyncGenerator[Any, None] | None:
        """Return the items of a subscription as JSON, None where the method is not one.

        Raises RpcError where the caller may not have it, or it is refused at once.
        """
        declaration = self._methods.get(call.method)
        if declaration is None or not declaration.is_subscription:
            return None
        check_permission(declaration, caller)
        arguments = read_parameters(declaration, call)
        try:
            items = declaration.handler(self._context(caller), *arguments)
        except Exception as error:
            raise self._told(call, error) from error
        return self._items(declaration, items)

    async def _items(
        self, declaration: Declaration, items: AsyncGenerator[Any, None]
    ) -> AsyncGenerator[Any, None]:
        async with contextlib.aclosing(items):
            async for item in items:
                yield await self._written(declaration, item)

    def _context(self, caller: Caller) -> Context[Any]:
        return Context(self._node, self.version, caller.permissions, self.document)

    def _told(self, call: Call, error: Exception) -> RpcError:
        """Return what the client is told of an error, and log what it is not told."""
        told = foreseen(error, self._network)
        if told is not None:
            return told
        log.error(
            "%r ended in an error nobody foresaw", requests.shown(call.method), exc_info=error
        )
        return RpcError(
            ErrorCode.GENERIC,
            f"{requests.shown(call.method)} failed inside the node; its log has the reason",
        )


def dispatchers(
    registry: Registry,
    node: Any,
    limits: Limits,
    *,
    network: str = "f",
    observe: Observer = _ignore,
) -> list[Dispatcher]:
    """Return what answers the calls of each version, under one set of limits together."""
    traffic = Traffic(limits)
    return [
        Dispatcher(
            registry, node, version=version, network=network, traffic=traffic, observe=observe
        )
        for version in VERSIONS
    ]


def check_permission(declaration: Declaration, caller: Caller) -> None:
    """Raise RpcError unless the caller may invoke the method; the words are Lotus'."""
    if declaration.permission not in caller.permissions:
        raise RpcError(
            ErrorCode.GENERIC,
            f"missing permission to invoke '{declaration.bare_name}' "
            f"(need '{declaration.permission}')",
        )


def read_parameters(declaration: Declaration, call: Call) -> list[Any]:
    """Return the arguments of a call; RpcError that names the first one which does not fit.

    By position or by name. Trailing parameters with a default may be absent, and null stands for
    the default of any.
    """
    known = declaration.parameters
    given = call.parameters
    if isinstance(given, dict):
        values = [given.get(parameter.name) for parameter in known]
        absent = {parameter.name for parameter in known} - given.keys()
    else:
        values = [*given, *(None for _ in known[len(given) :])]
        absent = {parameter.name for parameter in known[len(given) :]}
    required = sum(parameter.is_required for parameter in known)
    if len(given) > len(known) or any(p.is_required and p.name in absent for p in known):
        expected = f"{required} to {len(known)}" if required < len(known) else str(required)
        raise invalid_parameters(
            f"wrong param count (method '{requests.shown(call.method)}'): "
            f"{len(given)} != {expected}"
        )
    arguments = []
    for position, (parameter, value) in enumerate(zip(known, values, strict=True), 1):
        if value is None and not parameter.is_required:
            arguments.append(parameter.default)
            continue
        try:
            arguments.append(parameter.codec.read(value))
        except (DecodeError, RecursionError) as error:
            why = str(error) if isinstance(error, DecodeError) else "nested too deeply"
            raise invalid_parameters(
                f"{declaration.name}: parameter {position} ({parameter.name}): {why}"
            ) from error
    return arguments
