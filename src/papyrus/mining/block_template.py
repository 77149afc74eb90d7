"""From what a producer has won and chosen to a signed block (Lotus filcns/mine.go CreateBlock).

Messages fall into two lists, those signed with BLS, whose signatures become one, and all others.
Everything the header says of the past (weight, state, receipts, base fee) is computed here from the
parent tipset, so it cannot contradict what `consensus.block_validity` will compute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from papyrus.consensus.base_fee import base_fee_after
from papyrus.consensus.block_messages import messages_root
from papyrus.consensus.weight import weight
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.blockstore import Blockstore, MemoryBlockstore
from papyrus.mining.base_info import MiningWorld
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.types.block import BlockHeader, BlockMessage
from papyrus.types.message import Message, SignedMessage
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket
from papyrus.types.tipset import Tipset


class Signer(Protocol):
    """Who holds the keys of workers: a wallet."""

    def sign(self, address: Address, data: bytes, /) -> Signature:
        """Return the signature of some bytes by the key of an address; LocalFault for no key."""


@dataclass(frozen=True, slots=True)
class BlockTemplate:
    """A block before its past is filled in and it is signed."""

    miner: Address
    base: Tipset
    """The parent tipset."""
    epoch: ChainEpoch
    ticket: Ticket
    election_proof: ElectionProof
    beacon_entries: tuple[BeaconEntry, ...]
    win_post_proof: tuple[PoStProof, ...]
    messages: tuple[SignedMessage, ...]
    """In an order in which they can be executed within each kind of signature."""


@dataclass(frozen=True, slots=True)
class ProducedBlock:
    """A signed block and its messages."""

    header: BlockHeader
    bls_messages: tuple[Message, ...]
    signed_messages: tuple[SignedMessage, ...]

    @property
    def announcement(self) -> BlockMessage:
        """What the network is told."""
        return BlockMessage(
            self.header,
            tuple(message.cid for message in self.bls_messages),
            tuple(signed.cid for signed in self.signed_messages),
        )

    def put(self, store: Blockstore) -> None:
        """Put the messages, what holds them together, and then the block into a store."""
        for message in self.bls_messages:
            store.put(message.cid, message.to_cbor())
        for signed in self.signed_messages:
            store.put(signed.cid, signed.to_cbor())
        announced = self.announcement
        messages_root(store, announced.bls_messages, announced.secp_messages)
        store.put(self.header.cid, self.header.to_cbor())


def create_block(
    template: BlockTemplate, worker: Address, world: MiningWorld, signer: Signer
) -> ProducedBlock:
    """Return the block of a template, signed by a worker's key.

    LocalFault where the worker's key is not there or is no BLS key, or the state of the parents
    cannot be had.
    """
    bls_messages, signatures, others = _by_kind(template.messages)
    base = template.base
    outcome = world.state_after(base)
    epochs = template.epoch - base.height
    unsigned = BlockHeader(
        miner=template.miner,
        ticket=template.ticket,
        election_proof=template.election_proof,
        beacon_entries=template.beacon_entries,
        win_post_proof=template.win_post_proof,
        parents=base.key.cids,
        parent_weight=weight(base, world.store),
        height=template.epoch,
        parent_state_root=outcome.state_root,
        parent_message_receipts=outcome.receipts_root,
        messages=messages_root(
            MemoryBlockstore(),
            [message.cid for message in bls_messages],
            [signed.cid for signed in others],
        ),
        bls_aggregate=Signature(SignatureType.BLS, bls.aggregate(signatures)),
        timestamp=base.min_timestamp + world.network.block_delay * epochs,
        block_sig=None,
        fork_signaling=0,
        parent_base_fee=base_fee_after(base, world.store, world.network),
    )
    signature = bls_signature(signer, worker, unsigned.signing_bytes)
    return ProducedBlock(replace(unsigned, block_sig=signature), bls_messages, others)


def bls_signature(signer: Signer, worker: Address, data: bytes) -> Signature:
    """Return the BLS signature of some bytes; LocalFault where the key is of another kind."""
    signature = signer.sign(worker, data)
    if signature.type != SignatureType.BLS:
        raise LocalFault(
            sentence("{} is no BLS key: a worker that makes blocks needs an f3 address", worker)
        )
    return signature


def _by_kind(
    messages: Sequence[SignedMessage],
) -> tuple[tuple[Message, ...], list[bytes], tuple[SignedMessage, ...]]:
    """Return the messages signed with BLS, their signatures, and all others."""
    with_bls = [one for one in messages if one.signature.type == SignatureType.BLS]
    others = tuple(one for one in messages if one.signature.type != SignatureType.BLS)
    signatures = [one.signature.data for one in with_bls]
    return tuple(one.message for one in with_bls), signatures, others
