"""Block headers and what they refer to (spec 4.1).

A header names its parents, the state and receipts that executing the parents gave, the messages
the block adds, and the proofs that its producer was entitled to make it. The messages are behind
one CID, a pair of arrays of message CIDs. `Parent...` fields describe the past: a block's own
effect appears in its children.
"""

from dataclasses import replace
from typing import Annotated

from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, BigInt, MaxLength
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.limits import MAX_ARRAY_LENGTH, BoundedCids
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket


@cbor_tuple
class BlockHeader(Record):
    """A block."""

    miner: Address
    """An ID address."""
    ticket: Ticket | None
    election_proof: ElectionProof | None
    beacon_entries: Annotated[tuple[BeaconEntry, ...], MaxLength(MAX_ARRAY_LENGTH)]
    """The beacon rounds since the parent, the same in every block of a tipset."""
    win_post_proof: Annotated[tuple[PoStProof, ...], MaxLength(MAX_ARRAY_LENGTH)]
    parents: BoundedCids
    """The blocks of the parent tipset, in order."""
    parent_weight: BigInt
    """The weight of the chain up to and including the parent."""
    height: I64
    parent_state_root: Cid
    """The state after executing the parent."""
    parent_message_receipts: Cid
    """The receipts of executing the parent."""
    messages: Cid
    """A `MsgMeta`."""
    bls_aggregate: Signature | None
    timestamp: U64
    """Unix seconds."""
    block_sig: Signature | None
    fork_signaling: U64
    parent_base_fee: TokenAmount
    """The base fee in force when this block's messages execute."""

    @property
    def cid(self) -> Cid:
        """The block's CID."""
        return Cid.of(self.to_cbor())

    @property
    def signing_bytes(self) -> bytes:
        """What the producer signs: the header with no signature in it."""
        return replace(self, block_sig=None).to_cbor()


@cbor_tuple
class MsgMeta(Record):
    """The messages of a block, as roots of two legacy AMTs of message CIDs."""

    bls_messages: Cid
    secp_messages: Cid

    @property
    def cid(self) -> Cid:
        """The CID that a header holds."""
        return Cid.of(self.to_cbor())


@cbor_tuple
class BlockMessage(Record):
    """A block as it is announced to the network: a header and the CIDs of its messages."""

    header: BlockHeader
    bls_messages: BoundedCids
    secp_messages: BoundedCids
