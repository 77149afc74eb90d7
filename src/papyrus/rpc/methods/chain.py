"""Chain: the blocks and the messages in them, and which tipset is the head.

Nothing here computes a state. Where a tipset key is asked for, null, [] and none at all mean the
head.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Concatenate, ParamSpec, Protocol, TypeVar

from papyrus.chain.head_changes import HeadChange, Notification, current, notifications_of
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.rpc.declarations import ADMIN, HEAD, READ, Context, method, subscription
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.feeds import Feed
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.methods import chain_work
from papyrus.rpc.methods.chain_work import BlockMessages, ChainMessage, ObjectSize
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader
from papyrus.types.event import StampedEvent
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset, TipsetKey

P = ParamSpec("P")
T = TypeVar("T")


class Chain(Protocol):
    """The chain store, as far as this group needs it (`papyrus.chain.store.ChainStore`).

    Its blocks are read from any thread, the rest from the event loop alone.
    """

    blocks: Blockstore
    genesis: Tipset

    @property
    def head(self) -> Tipset:
        """The tipset that the chain ends in."""
        ...

    def tipset(self, key: TipsetKey, /) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        ...

    def tipset_at(
        self, height: ChainEpoch, base: Tipset | None = None, *, before_null: bool = True
    ) -> Tipset:
        """Return the tipset at a height; LookupError for one that the chain does not have."""
        ...

    def path(self, start: TipsetKey, end: TipsetKey, /) -> HeadChange:
        """Return how to get from one tipset to another."""
        ...

    def weight(self, tipset: Tipset, /) -> int:
        """Return the weight of the chain up to and including a tipset."""
        ...

    def set_head(self, tipset: Tipset, *, forget_above: bool = False) -> HeadChange:
        """Make a tipset the head."""
        ...


class Announced(Protocol):
    """The head as others hear of it."""

    @property
    def head(self) -> Tipset:
        """The newest head that is on the disk."""
        ...

    def subscribe(self, observer: Callable[[HeadChange], None], /) -> Callable[[], None]:
        """Tell an observer of each change of it; return what ends that."""
        ...

    async def caught_up(self) -> None:
        """Return when it is the chain's head."""
        ...


class ChainNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> Chain:
        """The chain."""
        ...

    @property
    def announced(self) -> Announced:
        """Its head as others hear of it."""
        ...

    @property
    def network(self) -> Network:
        """The network whose chain it is."""
        ...

    def export_snapshot(
        self, tipset: Tipset, recent_states: int, *, skip_old_messages: bool
    ) -> AsyncIterator[bytes]:
        """Return a snapshot of the chain up to a tipset in pieces."""
        ...


@dataclass(frozen=True, slots=True)
class HeadStep:
    """One tipset of a change of the head, in Lotus' HeadChange."""

    type: str
    """current, revert or apply."""
    tipset: Annotated[Tipset, Named("Val")]


def tipset_of(chain: Chain, key: TipsetKey) -> Tipset:
    """Return the tipset of a key, the head where it is empty."""
    return chain.tipset(key) if key.cids else chain.head


@method("ChainHead", READ)
async def chain_head(context: Context[ChainNode]) -> Tipset:
    """Return the head: the tipset that the heaviest chain known ends in."""
    return context.node.announced.head


@subscription("ChainNotify", READ)
async def chain_notify(context: Context[ChainNode]) -> AsyncIterator[list[HeadStep]]:
    """Open a channel with every change of the head.

    The first item is the head by itself, as "current"; each later one tells what was reverted,
    highest first, and then what was applied, lowest first.
    """
    feed: Feed[list[HeadStep]] = Feed()
    announced = context.node.announced
    end = announced.subscribe(lambda change: feed.publish(_steps(notifications_of(change))))
    try:
        yield _steps(current(announced.head))
        async for steps in feed:
            yield steps
    finally:
        end()


@method("ChainGetGenesis", READ)
async def chain_get_genesis(context: Context[ChainNode]) -> Tipset:
    """Return the tipset of epoch 0."""
    return context.node.chain.genesis


@method("ChainGetTipSet", READ)
async def chain_get_tipset(context: Context[ChainNode], key: TipsetKey = HEAD) -> Tipset:
    """Return the tipset of a key."""
    return tipset_of(context.node.chain, key)


@method("ChainGetTipSetByHeight", READ)
async def chain_get_tipset_by_height(
    context: Context[ChainNode], epoch: ChainEpoch, key: TipsetKey = HEAD
) -> Tipset:
    """Return the tipset at an epoch on the chain below a key, the one before where it was null."""
    return _tipset_at(context.node.chain, epoch, key, before_null=True)


@method("ChainGetTipSetAfterHeight", READ, versions=(1,))
async def chain_get_tipset_after_height(
    context: Context[ChainNode], epoch: ChainEpoch, key: TipsetKey = HEAD
) -> Tipset:
    """Return the tipset at an epoch on the chain below a key, the one after where it was null."""
    return _tipset_at(context.node.chain, epoch, key, before_null=False)


@method("ChainGetFinalizedTipSet", READ, versions=(1,))
async def chain_get_finalized_tipset(context: Context[ChainNode]) -> Tipset:
    """Return the latest tipset that no reorganisation can reach: 900 epochs below the head.

    Genesis on a younger chain.
    """
    chain = context.node.chain
    return chain.tipset_at(max(chain.head.height - CHAIN_FINALITY, 0))


@method("ChainTipSetWeight", READ)
async def chain_tipset_weight(context: Context[ChainNode], key: TipsetKey = HEAD) -> TokenAmount:
    """Return the weight of the chain up to and including a tipset."""
    chain = context.node.chain
    return TokenAmount(chain.weight(tipset_of(chain, key)))


@method("ChainGetPath", READ)
async def chain_get_path(
    context: Context[ChainNode], start: TipsetKey, end: TipsetKey
) -> list[HeadStep]:
    """Return what to revert and what to apply to get from one tipset to another."""
    chain = context.node.chain
    change = chain.path(tipset_of(chain, start).key, tipset_of(chain, end).key)
    return _steps(notifications_of(change))


@method("ChainSetHead", ADMIN)
async def chain_set_head(context: Context[ChainNode], key: TipsetKey) -> None:
    """Make a tipset the head whatever its weight; blocks above it are forgotten."""
    chain = context.node.chain
    chain.set_head(tipset_of(chain, key), forget_above=True)
    await context.node.announced.caught_up()


@method("ChainGetBlock", READ)
async def chain_get_block(context: Context[ChainNode], block: Cid) -> BlockHeader:
    """Return a block's header."""
    return chain_work.header(context.node.chain.blocks, block)


@method("ChainGetBlockMessages", READ)
async def chain_get_block_messages(context: Context[ChainNode], block: Cid) -> BlockMessages:
    """Return the messages of one block, also those which another block of its tipset has too."""
    return await _read(context, chain_work.block_messages, block)


@method("ChainGetParentMessages", READ)
async def chain_get_parent_messages(context: Context[ChainNode], block: Cid) -> list[ChainMessage]:
    """Return the messages of the tipset below a block, each once, in the order of execution."""
    return await _read(context, chain_work.parent_messages, context.node.network, block)


@method("ChainGetParentReceipts", READ)
async def chain_get_parent_receipts(context: Context[ChainNode], block: Cid) -> list[Receipt]:
    """Return the receipts of the messages that ChainGetParentMessages returns, one for each."""
    return await _read(context, chain_work.parent_receipts, block)


@method("ChainGetMessagesInTipset", READ)
async def chain_get_messages_in_tipset(
    context: Context[ChainNode], key: TipsetKey = HEAD
) -> list[ChainMessage]:
    """Return the messages of a tipset, each once, in the order of execution."""
    tipset = tipset_of(context.node.chain, key)
    return await _read(context, chain_work.messages_in, context.node.network, tipset)


@method("ChainGetMessage", READ)
async def chain_get_message(context: Context[ChainNode], message: Cid) -> Message:
    """Return a message by the CID that a block has for it, without its signature."""
    return chain_work.message(context.node.chain.blocks, message)


@method("ChainGetEvents", READ, versions=(1,))
async def chain_get_events(context: Context[ChainNode], root: Cid) -> list[StampedEvent]:
    """Return the events of a message by the root that its receipt names."""
    return await _read(context, chain_work.events, root)


@method("ChainReadObj", READ)
async def chain_read_obj(context: Context[ChainNode], cid: Cid) -> bytes:
    """Return the bytes of a block of data."""
    data = context.node.chain.blocks.get(cid)
    if data is None:
        raise RpcError(ErrorCode.GENERIC, f"blockstore get: ipld: could not find {cid}")
    return data


@method("ChainHasObj", READ)
async def chain_has_obj(context: Context[ChainNode], cid: Cid) -> bool:
    """Return whether the node has a block of data."""
    return context.node.chain.blocks.has(cid)


@method("ChainPutObj", ADMIN)
async def chain_put_obj(context: Context[ChainNode], data: bytes) -> None:
    """Keep a block of data under its CID as DAG-CBOR with BLAKE2b-256.

    Lotus declares the same name and cannot read what it declares from JSON; bytes are.
    """
    await asyncio.to_thread(context.node.chain.blocks.put, Cid.of(data), data)


@method("ChainStatObj", READ)
async def chain_stat_obj(
    context: Context[ChainNode], cid: Cid, base: Cid | None = None
) -> ObjectSize:
    """Return how much lies beneath a block of data, without what lies beneath the base."""
    return await _read(context, chain_work.object_size, cid, base)


@subscription("ChainExport", READ)
def chain_export(
    context: Context[ChainNode],
    recent_states: int,
    skip_old_messages: bool,
    key: TipsetKey = HEAD,
) -> AsyncIterator[bytes]:
    """Open a channel with a snapshot in pieces; an empty last piece says that it is whole.

    It holds the headers back to genesis, the state of genesis, and the states of the most recent
    epochs, 900 at least or with 0 of all; without old messages it also leaves out those before
    them.
    """
    tipset = tipset_of(context.node.chain, key)
    pieces = context.node.export_snapshot(
        tipset, recent_states, skip_old_messages=skip_old_messages
    )
    return _ended(pieces)


async def _ended(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give pieces and, where all came, an empty one."""
    async for piece in pieces:
        if piece:
            yield piece
    yield b""


async def _read(
    context: Context[ChainNode],
    work: Callable[Concatenate[Blockstore, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Return what a function reads from the blocks, on a thread while the loop serves others."""
    return await asyncio.to_thread(work, context.node.chain.blocks, *args, **kwargs)


def _tipset_at(chain: Chain, epoch: int, key: TipsetKey, *, before_null: bool) -> Tipset:
    base = tipset_of(chain, key)
    try:
        return chain.tipset_at(epoch, base, before_null=before_null)
    except LookupError as error:
        if epoch > base.height:
            why = f"looking for tipset with height greater than start point: {epoch}"
            raise RpcError(ErrorCode.GENERIC, f"{why} > {base.height}") from error
        raise LocalFault(sentence("{}", error)) from error


def _steps(notifications: list[Notification]) -> list[HeadStep]:
    return [HeadStep(str(item.kind), item.tipset) for item in notifications]


class ChainMethods:
    """The group, as a server registers and a client has it."""

    chain_head = chain_head
    chain_notify = chain_notify
    chain_get_genesis = chain_get_genesis
    chain_get_tipset = chain_get_tipset
    chain_get_tipset_by_height = chain_get_tipset_by_height
    chain_get_tipset_after_height = chain_get_tipset_after_height
    chain_get_finalized_tipset = chain_get_finalized_tipset
    chain_tipset_weight = chain_tipset_weight
    chain_get_path = chain_get_path
    chain_set_head = chain_set_head
    chain_get_block = chain_get_block
    chain_get_block_messages = chain_get_block_messages
    chain_get_parent_messages = chain_get_parent_messages
    chain_get_parent_receipts = chain_get_parent_receipts
    chain_get_messages_in_tipset = chain_get_messages_in_tipset
    chain_get_message = chain_get_message
    chain_get_events = chain_get_events
    chain_read_obj = chain_read_obj
    chain_has_obj = chain_has_obj
    chain_put_obj = chain_put_obj
    chain_stat_obj = chain_stat_obj
    chain_export = chain_export
