"""What the Chain group reads from blocks: functions that may take a while."""

from collections.abc import Sequence
from dataclasses import dataclass

from papyrus.consensus.chain import StoredChain, load_header
from papyrus.consensus.selection import messages_by_kind, select_messages
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import (
    DAG_CBOR,
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    IDENTITY,
    Cid,
)
from papyrus.ipld.links import cids_in
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.chain_reading import read_outcomes
from papyrus.types.block import BlockHeader
from papyrus.types.event import StampedEvent
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import EVENTS_BIT_WIDTH, Receipt
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.state_tree import StateTree

_COMMITMENTS = (FIL_COMMITMENT_SEALED, FIL_COMMITMENT_UNSEALED)


@dataclass(frozen=True, slots=True)
class BlockMessages:
    """The messages of a block, in Lotus' BlockMessages."""

    bls_messages: list[Message]
    secpk_messages: list[SignedMessage]
    cids: list[Cid]
    """Of the former and then of the latter."""


@dataclass(frozen=True, slots=True)
class ChainMessage:
    """A message and the CID its block names it by, in Lotus' api.Message."""

    cid: Cid
    message: Message


@dataclass(frozen=True, slots=True)
class ObjectSize:
    """What lies beneath a block, in Lotus' ObjStat."""

    size: int
    """Bytes of all blocks together."""
    links: int
    """Blocks."""


def header(store: Blockstore, cid: Cid) -> BlockHeader:
    """Return a block header; LocalFault where there is none of that name."""
    try:
        return load_header(store, cid)
    except DecodeError as error:
        raise LocalFault(f"{cid} is not a block header: {error}") from error


def block_messages(store: Blockstore, cid: Cid) -> BlockMessages:
    """Return the messages of a block, whether they count or not."""
    bls, others = messages_by_kind(store, header(store, cid))
    cids = [message.cid for message in bls] + [message.cid for message in others]
    return BlockMessages(list(bls), list(others), cids)


def messages_in(store: Blockstore, network: Network, tipset: Tipset) -> list[ChainMessage]:
    """Return the messages of a tipset that count, in the order in which they are executed.

    Genesis has none.
    """
    if tipset.height == 0:
        return []
    try:
        tree = StateTree(store, tipset.parent_state_root)
        blocks = select_messages(store, tipset, tree, network)
    except DecodeError as error:
        raise LocalFault(f"tipset {tipset.key} cannot be read: {error}") from error
    return [
        ChainMessage(message.cid, message.unsigned)
        for block in blocks
        for message in block.messages
    ]


def parent_messages(store: Blockstore, network: Network, cid: Cid) -> list[ChainMessage]:
    """Return the messages of the tipset below a block; none for genesis."""
    found = header(store, cid)
    if found.height == 0:
        return []
    return messages_in(store, network, StoredChain(store).tipset(TipsetKey(found.parents)))


def parent_receipts(store: Blockstore, cid: Cid) -> list[Receipt]:
    """Return the receipts of those messages, one for each."""
    found = header(store, cid)
    if found.height == 0:
        return []
    return [outcome.receipt for outcome in read_outcomes(store, found.parent_message_receipts)]


def message(store: Blockstore, cid: Cid) -> Message:
    """Return the message of that name, without the signature it may have."""
    data = load(store, cid)
    try:
        return Message.from_cbor(data)
    except DecodeError:
        pass
    try:
        return SignedMessage.from_cbor(data).message
    except DecodeError as error:
        raise LocalFault(f"{cid} is not a message: {error}") from error


def events(store: Blockstore, root: Cid) -> list[StampedEvent]:
    """Return the events of one message; LocalFault where the root is not that of events."""
    try:
        array = Amt(store, root, bit_width=EVENTS_BIT_WIDTH)
        return [StampedEvent.from_ipld(value) for _, value in array.items()]
    except DecodeError as error:
        raise LocalFault(f"{root} is not the root of events: {error}") from error


def object_size(store: Blockstore, root: Cid, base: Cid | None) -> ObjectSize:
    """Return what lies beneath a block and not beneath the base, each block once."""
    seen: set[Cid] = set()
    if base is not None:
        _walk(store, base, seen)
    return _walk(store, root, seen)


def _walk(store: Blockstore, root: Cid, seen: set[Cid]) -> ObjectSize:
    size = links = 0
    waiting = [root]
    while waiting:
        cid = waiting.pop()
        if cid in seen:
            continue
        seen.add(cid)
        if cid.codec in _COMMITMENTS or cid.hash_code == IDENTITY:
            continue
        data = load(store, cid)
        size, links = size + len(data), links + 1
        if cid.codec == DAG_CBOR:
            waiting.extend(_links(cid, data))
    return ObjectSize(size, links)


def _links(cid: Cid, data: bytes) -> Sequence[Cid]:
    try:
        return cids_in(data)
    except DecodeError as error:
        raise LocalFault(f"block {cid} cannot be read: {error}") from error
