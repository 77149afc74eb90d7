"""Sync: blocks that come in, which of them are good, and how far the node is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol

from papyrus.chain.store import ChainStore
from papyrus.consensus.block_messages import messages_root
from papyrus.consensus.chain import load_header
from papyrus.ipld.blockstore import MemoryBlockstore, load
from papyrus.ipld.cid import Cid
from papyrus.mining.slash_filter import SlashFilter
from papyrus.node.block_intake import BlockIntake, FullBlock
from papyrus.node.disk_thread import DiskThread
from papyrus.node.logging import part
from papyrus.node.sync_log import Sync
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import told
from papyrus.rpc.declarations import ADMIN, READ, WRITE, Context, method, subscription
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.feeds import Feed
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader, BlockMessage
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""How Go writes a time that has not come."""

_log = part("sync")


class SyncNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> ChainStore:
        """The chain."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...

    @property
    def intake(self) -> BlockIntake:
        """Where blocks come in."""
        ...

    @property
    def slash_filter(self) -> DiskThread[SlashFilter]:
        """What keeps blocks made here from getting their miners slashed."""
        ...


@dataclass(frozen=True, slots=True)
class ActiveSync:
    """One tipset taken in, in Lotus' ActiveSync."""

    worker_id: Annotated[int, Named("WorkerID")]
    base: Tipset | None
    target: Tipset | None
    stage: int
    """0 idle, 1 headers, 2 keeping headers, 3 messages, 4 complete, 5 an error, 6 fetching."""
    height: ChainEpoch
    start: datetime
    end: datetime
    message: str


@dataclass(frozen=True, slots=True)
class SyncState:
    """What came in lately, and how many messages were executed since the node started."""

    active_syncs: list[ActiveSync]
    messages_executed: Annotated[int, Named("VMApplied")]


@method("SyncState", READ)
async def sync_state(context: Context[SyncNode]) -> SyncState:
    """Return what came in lately, the oldest first."""
    log = context.node.intake.log
    letter = context.node.network.address_prefix
    return SyncState([_active_sync(sync, letter) for sync in log.recent()], log.applied_messages)


@method("SyncSubmitBlock", WRITE)
async def sync_submit_block(context: Context[SyncNode], block: BlockMessage) -> None:
    """Take in a block that was made here, unless its miner would be slashed for it.

    Its messages must be in the store, as those of MinerCreateBlock are.
    """
    node = context.node
    header = block.header
    if not header.parents:
        raise RpcError(ErrorCode.GENERIC, "loading parent block: the block has no parents")
    parent = load_header(node.chain.blocks, Cid(header.parents[0]))
    conflict = await node.slash_filter.run(SlashFilter.admit, header, parent.height)
    if conflict is not None:
        _log.error("a block would get its miner slashed", why=conflict)
        raise RpcError(
            ErrorCode.GENERIC,
            f"<!!> SLASH FILTER DETECTED FAULT due to witness {conflict.witness}: {conflict}",
        )
    full = _full_block(node.chain, block)
    await node.intake.take([full])


@subscription("SyncIncomingBlocks", READ)
async def sync_incoming_blocks(context: Context[SyncNode]) -> AsyncIterator[BlockHeader]:
    """Open a channel with each header that comes in, before anybody has judged it."""
    feed: Feed[BlockHeader] = Feed()
    end = context.node.intake.log.subscribe(feed.publish)
    try:
        async for header in feed:
            yield header
    finally:
        end()


@method("SyncCheckpoint", ADMIN)
async def sync_checkpoint(context: Context[SyncNode], key: TipsetKey) -> None:
    """Never leave a tipset again; it becomes the head if it is not on the chain."""
    chain = context.node.chain
    chain.set_checkpoint(tipset_of(chain, key))
    await context.node.intake.flushed()


@method("SyncMarkBad", ADMIN)
async def sync_mark_bad(context: Context[SyncNode], block: Cid) -> None:
    """Refuse a block from now on, and whatever builds on it."""
    context.node.intake.bad_blocks.add(block, "manually marked bad")


@method("SyncUnmarkBad", ADMIN)
async def sync_unmark_bad(context: Context[SyncNode], block: Cid) -> None:
    """Judge a block again when it comes."""
    context.node.intake.bad_blocks.remove(block)


@method("SyncUnmarkAllBad", ADMIN)
async def sync_unmark_all_bad(context: Context[SyncNode]) -> None:
    """Judge every block again when it comes."""
    context.node.intake.bad_blocks.clear()


@method("SyncCheckBad", READ)
async def sync_check_bad(context: Context[SyncNode], block: Cid) -> str:
    """Return why a block is bad, nothing where it is not known to be."""
    node = context.node
    return told(node.intake.bad_blocks.reason(block) or "", node.network.address_prefix)


@method("SyncValidateTipset", READ)
async def sync_validate_tipset(context: Context[SyncNode], key: TipsetKey) -> bool:
    """Judge the blocks of a tipset again; true, or the rule that one breaks as an error."""
    node = context.node
    await node.intake.judge_again(tipset_of(node.chain, key))
    return True


def _full_block(chain: ChainStore, block: BlockMessage) -> FullBlock:
    """Return a block with its messages; RpcError where they are not here, or not the block's."""
    header, store = block.header, chain.blocks
    try:
        bls = tuple(Message.from_cbor(load(store, cid)) for cid in block.bls_messages)
        signed = tuple(SignedMessage.from_cbor(load(store, cid)) for cid in block.secp_messages)
    except (DecodeError, LocalFault) as error:
        raise RpcError(ErrorCode.GENERIC, f"failed to load bls messages: {error}") from error
    root = messages_root(MemoryBlockstore(), block.bls_messages, block.secp_messages)
    if root != header.messages:
        raise RpcError(
            ErrorCode.GENERIC,
            "provided messages did not match block: messages in full block did not match msgmeta "
            f"root in header ({header.messages} != {root})",
        )
    return FullBlock(header, bls, signed)


def _active_sync(sync: Sync, letter: str) -> ActiveSync:
    return ActiveSync(
        worker_id=sync.number,
        base=sync.base,
        target=sync.target,
        stage=int(sync.stage),
        height=sync.target.height,
        start=_moment(sync.start),
        end=_NEVER if sync.end is None else _moment(sync.end),
        message=told(sync.message, letter),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class SyncMethods:
    """The group, as a server registers and a client has it."""

    sync_state = sync_state
    sync_submit_block = sync_submit_block
    sync_incoming_blocks = sync_incoming_blocks
    sync_checkpoint = sync_checkpoint
    sync_mark_bad = sync_mark_bad
    sync_unmark_bad = sync_unmark_bad
    sync_unmark_all_bad = sync_unmark_all_bad
    sync_check_bad = sync_check_bad
    sync_validate_tipset = sync_validate_tipset
