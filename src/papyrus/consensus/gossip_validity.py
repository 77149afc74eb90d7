"""Whether to pass on a block that a peer announced (spec 3.5 gossip, node.md 3.1).

An announced block is judged before its parents or messages are known, in milliseconds, and against
this node's own head. The judgement protects the network from floods, not the chain from bad blocks:
that is done later, by the whole of `block_validity`. A block that is surely bad is rejected, which
counts against the peer; one that this node cannot judge, or that comes at the wrong time, is only
ignored.
"""

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum

from papyrus.consensus.block_messages import messages_root
from papyrus.consensus.chain import TipsetSource
from papyrus.consensus.eligibility import require_eligible
from papyrus.consensus.lookback import lookback
from papyrus.consensus.verdicts import Fault, fault_of
from papyrus.consensus.worker_keys import key_of, worker_of
from papyrus.crypto.signatures import verify
from papyrus.ipld.blockstore import Blockstore, MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError, Invalid, LocalFault
from papyrus.primitives.sentences import Words, sentence
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader, BlockMessage
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree

MAX_MESSAGES = 10_000
"""Messages that a block may name."""

MAX_HEIGHT_DRIFT = 5
"""Epochs by which a block may be ahead of the clock and still be passed on."""

NEARLY_SYNCED = 6 * 3600
"""A node whose head is younger than so many seconds takes its own view for the network's."""


class Answer(Enum):
    """What to tell the gossip network of a message."""

    ACCEPT = "accept"
    """Pass it on, and follow it up."""
    IGNORE = "ignore"
    """Drop it, and think no worse of the peer."""
    REJECT = "reject"
    """Drop it, and hold it against the peer."""


@dataclass(frozen=True, slots=True)
class GossipVerdict:
    """The answer, and the rule that decided it."""

    answer: Answer
    fault: Fault | None
    """None for what is accepted."""
    detail: str
    block: BlockMessage | None
    """The block, as far as it could be read."""


@dataclass(frozen=True, slots=True)
class GossipWorld:
    """What a node knows when a block is announced."""

    network: Network
    source: TipsetSource
    store: Blockstore
    head: Tipset
    """The node's own."""
    now: int
    """Unix seconds."""
    seen: Container[Cid]
    """Blocks accepted before."""


class _Ignored(Exception):  # noqa: N818 - a verdict, not a failure
    """The block is neither good nor bad as far as this node can tell."""

    def __init__(self, fault: Fault, detail: Words) -> None:
        super().__init__(sentence("{}", detail))
        self.fault = fault


def judge_announcement(data: bytes, world: GossipWorld) -> GossipVerdict:
    """Return what to do with an announced block; never raises, whatever the bytes."""
    block = None
    try:
        block = _decoded(data)
        _require_cheap_rules(block, world)
        _require_known_winner(block.header, world)
        _require_unseen(block.header, world)
    except Invalid as error:
        return GossipVerdict(Answer.REJECT, fault_of(error), error.detail, block)
    except _Ignored as error:
        return GossipVerdict(Answer.IGNORE, error.fault, str(error), block)
    return GossipVerdict(Answer.ACCEPT, None, "", block)


def is_in_range(height: ChainEpoch, world: GossipWorld) -> bool:
    """Return whether a block of a height may still matter: not final, and not far ahead of time."""
    if height < world.head.height - CHAIN_FINALITY:
        return False
    network = world.network
    current = (world.now - network.genesis_timestamp) // network.block_delay
    return height <= current + MAX_HEIGHT_DRIFT


def _decoded(data: bytes) -> BlockMessage:
    try:
        return BlockMessage.from_cbor(data)
    except DecodeError as error:
        raise Invalid(Fault.BLOCK_MALFORMED, error) from error


def _require_cheap_rules(block: BlockMessage, world: GossipWorld) -> None:
    header = block.header
    count = len(block.bls_messages) + len(block.secp_messages)
    if count > MAX_MESSAGES:
        raise Invalid(Fault.TOO_MANY_MESSAGES, f"{count} messages")
    if header.block_sig is None:
        raise Invalid(Fault.NO_BLOCK_SIGNATURE, "the block has no signature")
    if not is_in_range(header.height, world):
        raise _Ignored(
            Fault.EPOCH_OUT_OF_RANGE, f"height {header.height}, the head's is {world.head.height}"
        )
    root = messages_root(MemoryBlockstore(), block.bls_messages, block.secp_messages)
    if root != header.messages:
        raise Invalid(Fault.MESSAGES_ROOT, f"{header.messages}, the messages make {root}")


def _require_known_winner(header: BlockHeader, world: GossipWorld) -> None:
    key = _worker_of_eligible(header, world)
    if header.election_proof is None:
        raise Invalid(Fault.NO_ELECTION_PROOF, "the block has no election proof")
    if header.election_proof.win_count < 1:
        raise Invalid(Fault.WIN_COUNT_NOT_POSITIVE, f"{header.election_proof.win_count} wins")
    if header.block_sig is None or not verify(header.block_sig, key, header.signing_bytes):
        raise Invalid(
            Fault.BLOCK_SIGNATURE, sentence("the signature is not that of {}", header.miner)
        )


def _require_unseen(header: BlockHeader, world: GossipWorld) -> None:
    if header.cid in world.seen:
        raise _Ignored(Fault.ALREADY_SEEN, f"block {header.cid}")


def _worker_of_eligible(header: BlockHeader, world: GossipWorld) -> Address:
    """Return the key that a block must be signed with, where its miner may make one at all."""
    miner = header.miner
    if miner.protocol is not Protocol.ID:
        raise _Ignored(Fault.MINER_NOT_AN_ID, sentence("the miner is {}", miner))
    try:
        past = lookback(world.source, world.head, header.height)
        tree = StateTree(world.store, past.state_root)
        key = key_of(tree, worker_of(tree, miner.id))
        require_eligible(miner.id, world.head, past, world.network, world.store)
    except (LookupError, DecodeError, LocalFault) as error:
        raise _Ignored(Fault.CHAIN_NOT_KNOWN, error) from error
    except Invalid as error:
        # An old head says little about who may make blocks today.
        if world.now - world.head.min_timestamp < NEARLY_SYNCED:
            raise
        raise _Ignored(fault_of(error), error.detail) from error
    return key
