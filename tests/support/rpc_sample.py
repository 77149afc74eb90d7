"""A few methods of every kind, for tests of what lies around methods."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.rpc.declarations import (
    ADMIN,
    HEAD,
    READ,
    SIGN,
    WRITE,
    Context,
    method,
    subscription,
)
from papyrus.rpc.errors import actor_not_found, execution_reverted, null_round, out_of_gas
from papyrus.rpc.feeds import Feed
from papyrus.rpc.json_codecs import Named
from papyrus.types.message import Message
from papyrus.types.tipset import TipsetKey


@dataclass(frozen=True, slots=True)
class Options:
    """A record with a default and a name of its own."""

    max_fee: TokenAmount
    unique_id: Annotated[str, Named("MsgUuid")] = ""


@method("Echo", READ)
async def echo(_context: Context[Any], value: Any) -> Any:
    """Return what came."""
    return value


@method("Add", READ)
async def add(_context: Context[Any], left: int, right: int = 10) -> int:
    """Return a sum."""
    return left + right


@method("KeyText", READ, versions=(1,))
async def key_text(_context: Context[Any], key: TipsetKey = HEAD) -> str:
    """Return how a key was understood."""
    return "head" if key == HEAD else str(key)


@method("Typed", WRITE)
async def typed(_context: Context[Any], address: Address, cid: Cid, options: Options) -> list[str]:
    """Return text of each."""
    return [str(address), str(cid), str(options.max_fee), options.unique_id]


@method("Pushed", SIGN)
async def pushed(_context: Context[Any], message: Message) -> Message:
    """Return a message."""
    return message


@method("Fail", READ)
async def fail(_context: Context[Any], how: str) -> None:
    """Fail in a way."""
    raise {
        "actor": actor_not_found(),
        "gas": out_of_gas(),
        "revert": execution_reverted("message execution failed", b"\x08\xc3"),
        "null": null_round(77),
        "local": LocalFault("the disk is full"),
        "invalid": Invalid("some-fault", "it breaks a rule"),
        "lookup": LookupError("nothing of that name"),
        "key": KeyError("secret of ours"),
        "value": ValueError("secret of ours"),
    }[how]


@method("NotJson", READ)
async def not_json(_context: Context[Any]) -> Any:
    """Return what JSON cannot hold."""
    return object()


@method("Stop", ADMIN)
async def stop(_context: Context[Any]) -> None:
    """Do nothing."""


@method("Sleep", READ, aliases=("test_sleep",))
async def sleep(context: Context[Any], seconds: float) -> str:
    """Return after a while."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        context.node.cancelled.append("Sleep")
        raise
    return "slept"


@method("Wait", READ, waits=True)
async def wait(_context: Context[Any], seconds: float) -> str:
    """Return after a while that the server does not bound, of 0.05 s at most."""
    await asyncio.sleep(min(seconds, 0.05))
    return "waited"


@subscription("Count", READ)
async def count(context: Context[Any], most: int) -> AsyncIterator[int]:
    """Count up to a number."""
    try:
        for number in range(most):
            yield number
            await asyncio.sleep(0)
    finally:
        context.node.cancelled.append("Count")


@subscription("Hear", READ)
async def hear(context: Context[Any]) -> AsyncIterator[str]:
    """Hear what the node says, until it says no more."""
    feed: Feed[str] = Feed(8)
    context.node.feeds.append(feed)
    try:
        async for item in feed:
            yield item
    finally:
        context.node.feeds.remove(feed)
        context.node.cancelled.append("Hear")


@subscription("Break", READ)
async def break_off(_context: Context[Any]) -> AsyncIterator[int]:
    """Yield once and fail."""
    yield 1
    raise ValueError("secret of ours")


class SampleMethods:
    """All of them."""

    echo = echo
    add = add
    key_text = key_text
    typed = typed
    pushed = pushed
    fail = fail
    not_json = not_json
    stop = stop
    sleep = sleep
    wait = wait
    count = count
    hear = hear
    break_off = break_off


class SampleNode:
    """What they note down."""

    def __init__(self):
        self.cancelled = []
        self.feeds = []
