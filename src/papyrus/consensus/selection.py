"""Which messages of a tipset count, and for whom (node.md 3.7).

Producers work without knowing of each other, so the blocks of one tipset repeat and contradict one
another's messages. The tipset is walked in order, BLS messages before the others. A sender's first
message sets the nonce expected next, which the rules for blocks guarantee to be right; from there
only the message with the expected nonce counts, and every other is passed over in silence. What
a later block repeats is therefore the earlier block's, tip and all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from papyrus.consensus.verdicts import Fault
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, Invalid
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import MESSAGE_VERSION, Message, SignedMessage
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree

ChainMessage = Message | SignedMessage


@dataclass(frozen=True, slots=True)
class BlockMessages:
    """The messages of one block: all it holds, or those that count."""

    miner: Address
    win_count: int
    messages: tuple[ChainMessage, ...]
    """BLS messages first, then the others, each in the block's order."""


def messages_of(store: Blockstore, header: BlockHeader) -> tuple[ChainMessage, ...]:
    """Return every message of a block, BLS first.

    LocalFault where one is missing; Invalid where what the header names is not messages.
    """
    bls_messages, others = messages_by_kind(store, header)
    return (*bls_messages, *others)


def messages_by_kind(
    store: Blockstore, header: BlockHeader
) -> tuple[tuple[Message, ...], tuple[SignedMessage, ...]]:
    """Return the BLS messages of a block and those with signatures of their own.

    LocalFault where one is missing; Invalid where what the header names is not messages.
    """
    try:
        meta = MsgMeta.from_cbor(load(store, header.messages))
        bls = tuple(_message(load(store, cid)) for cid in _cids(store, meta.bls_messages))
        others = tuple(
            SignedMessage.from_cbor(load(store, cid)) for cid in _cids(store, meta.secp_messages)
        )
    except DecodeError as error:
        raise Invalid(Fault.BLOCK_MESSAGES, f"messages {header.messages}: {error}") from error
    return bls, others


def select_messages(
    store: Blockstore, tipset: Tipset, tree: StateTree, network: Network
) -> list[BlockMessages]:
    """Return for each block of a tipset, in order, the messages that count.

    `tree` is the tipset's parent state, in which senders are told apart: an account may sign under
    its key or its ID. LocalFault where a block of data is missing; Invalid where what a block names
    is not messages, or where two blocks have one miner.
    """
    miners = [block.miner for block in tipset.blocks]
    if len(set(miners)) != len(miners):
        raise Invalid(Fault.DUPLICATE_MINER, f"two blocks of one miner in tipset {tipset.key}")
    resolves = tipset.height >= network.senders_resolved_from

    def sender_of(message: Message) -> int | Address:
        actor_id = tree.resolve(message.sender) if resolves else None
        return message.sender if actor_id is None else actor_id

    expected: dict[int | Address, int] = {}
    return [
        BlockMessages(
            miner=block.miner,
            win_count=0 if block.election_proof is None else block.election_proof.win_count,
            messages=tuple(_counting(messages_of(store, block), expected, sender_of)),
        )
        for block in tipset.blocks
    ]


def _counting(
    messages: tuple[ChainMessage, ...],
    expected: dict[int | Address, int],
    sender_of: Callable[[Message], int | Address],
) -> Iterator[ChainMessage]:
    for chain_message in messages:
        message = chain_message.unsigned
        sender = sender_of(message)
        if expected.setdefault(sender, message.nonce) == message.nonce:
            expected[sender] = message.nonce + 1
            yield chain_message


def _message(data: bytes) -> Message:
    message = Message.from_cbor(data)
    if message.version != MESSAGE_VERSION:
        raise DecodeError(f"a message of version {message.version}")
    return message


def _cids(store: Blockstore, root: Cid) -> list[Cid]:
    """Return the CIDs of a legacy array, which must be there without gaps."""
    array = Amt(store, root, version=0)
    found = dict(array.items())
    if list(found) != list(range(len(array))) or not all(
        isinstance(value, Cid) for value in found.values()
    ):
        raise DecodeError(f"array {root} is not a list of CIDs")
    return list(found.values())
