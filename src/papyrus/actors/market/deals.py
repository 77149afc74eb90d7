"""Deals: what a client and a miner agree on, and what has become of it since.

A proposal is signed by the client and published by the miner; from then on it is known by its deal
ID. Once the data is in a proven sector the deal has a state besides, and both go when the deal is
settled for the last time.
"""

from typing import TypeAlias

from papyrus.actors.common.signatures import GivenSignature
from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

DealID: TypeAlias = U64
AllocationID: TypeAlias = U64

Label: TypeAlias = str | bytes
"""What the client calls a deal: text, or bytes that need not be text."""

EPOCH_UNDEFINED = -1
"""Stands for the epoch of what has not happened."""

_COMMITMENT_LENGTH = 32


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
    """Of the proposal's CBOR, with addresses as the client has written them."""


@cbor_tuple
class DealState(Record):
    """What has become of a deal whose data is in a proven sector."""

    sector_number: U64
    sector_start_epoch: ChainEpoch
    """When the deal was activated."""
    last_updated_epoch: ChainEpoch
    """When it was last settled, or -1."""
    slash_epoch: ChainEpoch
    """When its sector was terminated, or -1.

    Only deals terminated before nv22 and not yet cleaned up have any other.
    """

    @property
    def ever_updated(self) -> bool:
        """Whether the deal has been settled since it was activated."""
        return self.last_updated_epoch != EPOCH_UNDEFINED

    @property
    def is_slashed(self) -> bool:
        """Whether the deal's sector is gone, and the deal marked for the next cron."""
        return self.slash_epoch != EPOCH_UNDEFINED


def label_size(label: Label) -> int:
    """Return the length of a label in bytes."""
    return len(label.encode() if isinstance(label, str) else label)


def is_piece_cid(cid: Cid) -> bool:
    """Return whether a CID is a commitment to a piece of data."""
    return (
        cid.version == 1
        and cid.codec == FIL_COMMITMENT_UNSEALED
        and cid.hash_code == SHA2_256_TRUNC254_PADDED
        and len(cid.digest) == _COMMITMENT_LENGTH
    )
