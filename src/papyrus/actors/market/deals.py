"""Deals: what a client and a miner agree on, and what has become of it since.

A proposal is signed by the client and published by the miner; from then on it is known by its deal
ID. Once the data is in a proven sector the deal has a state besides, and it goes when the deal is
settled for the last time.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from papyrus.actors.signatures import GivenSignature
from papyrus.crypto.hashing import BLAKE2B_256, blake2b_256
from papyrus.ipld import lenient
from papyrus.ipld.cid import (
    DAG_CBOR,
    FIL_COMMITMENT_UNSEALED,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.ipld.schema import U64, ChainEpoch, Codec
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.vm.payloads import encoded

DealID = U64
AllocationID = U64

EPOCH_UNDEFINED = -1
"""What stands for an epoch where there is none."""

_COMMITMENT_LENGTH = 32
_TEXT, _BYTES = 3, 2
_INDEFINITE = 0x1F


@dataclass(frozen=True, slots=True)
class Label:
    """What the client calls the deal: text, or bytes that need not be text."""

    content: str | bytes
    __cbor_codec__: ClassVar[Codec]

    @property
    def size(self) -> int:
        """Its length in bytes."""
        content = self.content
        return len(content.encode() if isinstance(content, str) else content)


def _checked_label(value: Any) -> Label:
    if type(value) in (str, bytes):
        return Label(value)
    raise DecodeError(f"found {type(value).__name__}, expected text or bytes")


def _read_label(data: bytes, at: int, depth: int) -> tuple[Label, int]:
    # Quirk: what may be either is read by its first byte, so that here, unlike elsewhere, the
    # major type must be exact and the length definite.
    first = data[at]
    if first & _INDEFINITE != _INDEFINITE and first >> 5 in (_TEXT, _BYTES):
        read = lenient.text if first >> 5 == _TEXT else lenient.byte_string
        content, end = read(data, at, depth)
        return Label(content), end
    raise DecodeError(f"byte {at} begins neither text nor bytes")


Label.__cbor_codec__ = Codec(lambda label: label.content, _checked_label, _read_label)


@cbor_tuple
class DealProposal(Record):
    """The terms of a deal."""

    piece_cid: Cid
    """The commitment to the data (CommP)."""
    piece_size: U64
    """Padded bytes."""
    verified_deal: bool
    """Whether the client spends DataCap on it."""
    client: Address
    provider: Address
    """The miner. Both addresses are ID addresses once the deal is published."""
    label: Label
    start_epoch: ChainEpoch
    """The data must be in a proven sector by then, and is paid for from then on."""
    end_epoch: ChainEpoch
    storage_price_per_epoch: TokenAmount
    provider_collateral: TokenAmount
    client_collateral: TokenAmount

    @property
    def duration(self) -> int:
        """How many epochs are paid for."""
        return self.end_epoch - self.start_epoch

    @property
    def total_storage_fee(self) -> TokenAmount:
        """What the client pays in all."""
        return self.storage_price_per_epoch * self.duration

    @property
    def client_balance_requirement(self) -> TokenAmount:
        """What the client must have in escrow."""
        return self.client_collateral + self.total_storage_fee


@cbor_tuple
class ClientDealProposal(Record):
    """A proposal with its client's signature."""

    proposal: DealProposal
    client_signature: GivenSignature
    """Of the proposal's CBOR, as the client wrote its addresses."""


@cbor_tuple
class DealState(Record):
    """What has become of a deal that is in a proven sector."""

    sector_number: U64
    sector_start_epoch: ChainEpoch
    """When it was activated."""
    last_updated_epoch: ChainEpoch
    """When it was last paid for, or -1."""
    slash_epoch: ChainEpoch
    """When its sector was terminated, or -1: only deals marked before nv22 have any other."""


def is_piece_cid(cid: Cid) -> bool:
    """Return whether a CID is a commitment to a piece of data."""
    return (
        cid.version == 1
        and cid.codec == FIL_COMMITMENT_UNSEALED
        and cid.hash_code == SHA2_256_TRUNC254_PADDED
        and len(cid.digest) == _COMMITMENT_LENGTH
    )


def deal_cid(proposal: DealProposal) -> Cid:
    """Return the CID of a proposal, by which duplicates of it are known."""
    return Cid.of_digest(blake2b_256(encoded(DealProposal, proposal)), DAG_CBOR, BLAKE2B_256)
