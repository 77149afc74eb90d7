"""Where messages were executed: found, waited for, listed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.messages import chain_message, tipset_messages
from papyrus.chain.search import NO_LIMIT, MessageLookup
from papyrus.chain.store import ChainStore
from papyrus.consensus.chain import StoredChain
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.mpool.pool import MessagePool
from papyrus.node.message_search import MessageSearch, Wanted
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.feeds import Feed
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.json_values import MaybeAddress
from papyrus.rpc.methods.chain import Announced, tipset_of
from papyrus.rpc.views.records import decode_return
from papyrus.rpc.views.state_at import StateAt
from papyrus.rules.network import Network
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.state_tree import StateTree

_TIPSETS_AT_ONCE = 200
"""Read on a thread before the asker's patience is looked at again."""


class MessagesNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> ChainStore:
        """The chain."""
        ...

    @property
    def announced(self) -> Announced:
        """Its head as others hear of it."""
        ...

    @property
    def search(self) -> MessageSearch:
        """Who looks for messages on it."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...

    def expect_height(self, height: ChainEpoch, /) -> None:
        """Hear that someone waits for the chain to be so high."""
        ...

    @property
    def pool(self) -> MessagePool:
        """What waits for a block."""
        ...


@dataclass(frozen=True, slots=True)
class MessageResult:
    """Where and how a message was executed, in Lotus' MsgLookup."""

    message: Cid
    """The one executed, which may have replaced the one asked for."""
    receipt: Receipt
    return_dec: Any
    """What it returned, read as the called method returns it; null where that is not looked at."""
    tipset: Annotated[TipsetKey, Named("TipSet")]
    """Whose state has the effect: the child of the one that holds the message."""
    height: ChainEpoch


@dataclass(frozen=True, slots=True)
class MessageMatch:
    """Which messages to list: all that are to, or from, or both."""

    to: MaybeAddress = None
    sender: Annotated[MaybeAddress, Named("From")] = None


@method("StateSearchMsg", READ, versions=(1,))
async def state_search_msg(
    context: Context[MessagesNode],
    key: TipsetKey,
    message: Cid,
    lookback: ChainEpoch = NO_LIMIT,
    allow_replaced: bool = True,
) -> MessageResult | None:
    """Return where a message was executed on the chain that ends in a tipset; null if nowhere.

    It is looked for so many epochs back, -1 for no limit. A message of the same sender and nonce
    that differs in gas alone counts as it, unless that is not allowed.
    """
    base = tipset_of(context.node.chain, key) if key.cids else None
    found = await find(context.node, message, base, lookback, allow_replaced=allow_replaced)
    return None if found is None else _result(found)


@method("StateSearchMsg", READ, versions=(0,))
async def state_search_msg_v0(context: Context[MessagesNode], message: Cid) -> MessageResult | None:
    """Return where a message was executed, or one that replaced it; null if nowhere."""
    found = await find(context.node, message, None, NO_LIMIT, allow_replaced=True)
    return None if found is None else _result(found)


@method("StateSearchMsgLimited", READ, versions=(0,))
async def state_search_msg_limited(
    context: Context[MessagesNode], message: Cid, lookback: ChainEpoch
) -> MessageResult | None:
    """Return where a message was executed within so many epochs; null if nowhere."""
    found = await find(context.node, message, None, lookback, allow_replaced=True)
    return None if found is None else _result(found)


@method("StateGetReceipt", READ, versions=(0,))
async def state_get_receipt(
    context: Context[MessagesNode], message: Cid, key: TipsetKey = HEAD
) -> Receipt | None:
    """Return the receipt of a message, or of one that replaced it; null where there is none."""
    base = tipset_of(context.node.chain, key) if key.cids else None
    found = await find(context.node, message, base, NO_LIMIT, allow_replaced=True)
    return None if found is None else found.receipt


@method("StateWaitMsg", READ, versions=(1,), waits=True)
async def state_wait_msg(
    context: Context[MessagesNode],
    message: Cid,
    confidence: int,
    lookback: ChainEpoch = NO_LIMIT,
    allow_replaced: bool = True,
) -> MessageResult:
    """Return where a message was executed, once so many epochs lie on top of that."""
    return await _wait(context.node, message, confidence, lookback, allow_replaced=allow_replaced)


@method("StateWaitMsg", READ, versions=(0,), waits=True)
async def state_wait_msg_v0(
    context: Context[MessagesNode], message: Cid, confidence: int
) -> MessageResult:
    """Return where a message was executed, once so many epochs lie on top of that."""
    return await _wait(context.node, message, confidence, NO_LIMIT, allow_replaced=True)


@method("StateWaitMsgLimited", READ, versions=(0,), waits=True)
async def state_wait_msg_limited(
    context: Context[MessagesNode], message: Cid, confidence: int, lookback: ChainEpoch
) -> MessageResult:
    """Return where a message was executed, at most so many epochs back, or from now on."""
    return await _wait(context.node, message, confidence, lookback, allow_replaced=True)


@method("StateListMessages", READ)
async def state_list_messages(
    context: Context[MessagesNode], match: MessageMatch, key: TipsetKey, to_height: ChainEpoch
) -> list[Cid]:
    """Return the messages to or from someone, newest tipset first, down to a height.

    Addresses match as the messages write them.
    """
    if match.to is None and match.sender is None:
        raise RpcError(ErrorCode.GENERIC, "must specify at least To or From in message filter")
    node = context.node
    first = tipset_of(node.chain, key)
    tree = StateTree(node.chain.blocks, first.parent_state_root)
    someone = match.sender if match.to is None else match.to
    if someone is None or tree.resolve(someone) is None:
        return []
    found: list[Cid] = []
    tipset: Tipset | None = first
    while tipset is not None:
        # Tipset by tipset the asker may go away, or time may be up.
        some, tipset = await asyncio.to_thread(
            _matching, node.chain.blocks, node.network, match, tipset, to_height
        )
        found += some
    return found


async def find(
    node: MessagesNode,
    cid: Cid,
    base: Tipset | None,
    lookback: ChainEpoch,
    *,
    allow_replaced: bool,
) -> MessageLookup | None:
    """Return where a message was executed on the chain below a tipset, the head where it is None.

    None where it was not, or where only a replacement was that is not allowed.
    """
    wanted = _wanted(node, cid, allow_replaced=allow_replaced)
    return await node.search.find(wanted, node.announced.head if base is None else base, lookback)


def _wanted(node: MessagesNode, cid: Cid, *, allow_replaced: bool) -> Wanted:
    pending = node.pool.find(cid)
    return Wanted(cid, allow_replaced, None if pending is None else pending.signed)


async def _wait(
    node: MessagesNode,
    cid: Cid,
    confidence: int,
    lookback: ChainEpoch,
    *,
    allow_replaced: bool,
) -> MessageResult:
    with _head_changes(node.announced) as changes:
        wanted = _wanted(node, cid, allow_replaced=allow_replaced)
        waiting = await node.search.wait(wanted, node.announced.head, confidence, lookback)
        while waiting.result is None:
            if waiting.due is not None:
                node.expect_height(waiting.due)
            await node.search.follow(waiting, await anext(changes))
    result = waiting.result
    receipt = result.receipt
    if not receipt.is_success or not receipt.return_data:
        return _result(result)
    called = chain_message(node.chain.blocks, result.cid).unsigned
    state = StateAt.before(result.tipset, node.chain.blocks, node.network)
    told = await asyncio.to_thread(
        decode_return, state, called.to, called.method, receipt.return_data
    )
    return _result(result, told)


@contextmanager
def _head_changes(announced: Announced) -> Iterator[Feed[HeadChange]]:
    feed: Feed[HeadChange] = Feed()
    end = announced.subscribe(feed.publish)
    try:
        yield feed
    finally:
        end()


def _result(found: MessageLookup, told: Any = None) -> MessageResult:
    tipset = found.tipset
    return MessageResult(found.cid, found.receipt, told, tipset.key, tipset.height)


def _matching(
    store: Blockstore, network: Network, match: MessageMatch, tipset: Tipset, lowest: ChainEpoch
) -> tuple[list[Cid], Tipset | None]:
    """Return what matches in some tipsets, and where to go on; None where that is all."""
    found: list[Cid] = []
    source = StoredChain(store)
    for _ in range(_TIPSETS_AT_ONCE):
        if tipset.height < lowest:
            return found, None
        for each in tipset_messages(store, tipset, network):
            message = each.unsigned
            if match.to in (None, message.to) and match.sender in (None, message.sender):
                found.append(each.cid)
        if tipset.height == 0:
            return found, None
        tipset = source.tipset(tipset.parents)
    return found, tipset


class StateMessages:
    """The group, as a server registers and a client has it."""

    state_search_msg = state_search_msg
    state_search_msg_v0 = state_search_msg_v0
    state_search_msg_limited = state_search_msg_limited
    state_get_receipt = state_get_receipt
    state_wait_msg = state_wait_msg
    state_wait_msg_v0 = state_wait_msg_v0
    state_wait_msg_limited = state_wait_msg_limited
    state_list_messages = state_list_messages
