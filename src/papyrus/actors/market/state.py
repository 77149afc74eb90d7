"""What the market keeps on chain: deals, when to look at them, and everyone's funds in escrow."""

from typing import Annotated

from papyrus.actors.common.collections import (
    ADDRESS_KEY,
    CID_KEY,
    SIGNED_KEY,
    UNSIGNED_KEY,
    ArrayShape,
    MapShape,
    SetShape,
)
from papyrus.actors.common.nested_collections import MapOfMapsShape, SetMultimapShape
from papyrus.actors.market.deals import (
    EPOCH_UNDEFINED,
    AllocationID,
    DealID,
    DealProposal,
    DealState,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount

PROPOSALS: ArrayShape[DealProposal] = ArrayShape(DealProposal, bit_width=5)
STATES: ArrayShape[DealState] = ArrayShape(DealState, bit_width=6)
PENDING_PROPOSALS: SetShape[Cid] = SetShape(CID_KEY)
BALANCES: MapShape[Address, TokenAmount] = MapShape(ADDRESS_KEY, TokenAmount, bit_width=6)
DEAL_OPS: SetMultimapShape[int, int] = SetMultimapShape(SIGNED_KEY, UNSIGNED_KEY)
PENDING_ALLOCATIONS: MapShape[int, int] = MapShape(UNSIGNED_KEY, AllocationID)
PROVIDER_SECTORS: MapOfMapsShape[int, int, tuple[int, ...]] = MapOfMapsShape(
    UNSIGNED_KEY, MapShape(UNSIGNED_KEY, tuple[DealID, ...])
)


@cbor_tuple
class State(Record):
    """The market's state."""

    proposals: Annotated[Cid, PROPOSALS]
    """The deals that are not over, by deal ID."""
    states: Annotated[Cid, STATES]
    """What has become of those that were activated, by deal ID."""
    pending_proposals: Annotated[Cid, PENDING_PROPOSALS]
    """The CIDs of proposals not settled or looked at since they were activated.

    No proposal may be published while one like it is here.
    """
    escrow_table: Annotated[Cid, BALANCES]
    """Everyone's funds here, by ID address, what is locked included."""
    locked_table: Annotated[Cid, BALANCES]
    """The part of them that backs deals, by ID address."""
    next_id: DealID
    deal_ops_by_epoch: Annotated[Cid, DEAL_OPS]
    """The deals that cron is to look at, by the epoch in which it is to."""
    last_cron: ChainEpoch
    """The last epoch that cron has looked at, or -1."""
    total_client_locked_collateral: TokenAmount
    total_provider_locked_collateral: TokenAmount
    total_client_storage_fee: TokenAmount
    """The three together are all that is locked."""
    pending_deal_allocation_ids: Annotated[Cid, PENDING_ALLOCATIONS]
    """The allocations of verified deals that are not activated, by deal ID."""
    provider_sectors: Annotated[Cid, PROVIDER_SECTORS]
    """The deals in sectors, by provider and sector number, so that they end with the sector."""

    @property
    def total_locked(self) -> TokenAmount:
        """All that is locked."""
        collateral = self.total_client_locked_collateral + self.total_provider_locked_collateral
        return collateral + self.total_client_storage_fee


def empty(store: Blockstore) -> State:
    """Return the state of a market without deals or funds, its collections written."""
    no_balances = BALANCES.empty_root(store)
    return State(
        proposals=PROPOSALS.empty_root(store),
        states=STATES.empty_root(store),
        pending_proposals=PENDING_PROPOSALS.empty_root(store),
        escrow_table=no_balances,
        locked_table=no_balances,
        next_id=0,
        deal_ops_by_epoch=DEAL_OPS.empty_root(store),
        last_cron=EPOCH_UNDEFINED,
        total_client_locked_collateral=ZERO,
        total_provider_locked_collateral=ZERO,
        total_client_storage_fee=ZERO,
        pending_deal_allocation_ids=PENDING_ALLOCATIONS.empty_root(store),
        provider_sectors=PROVIDER_SECTORS.empty_root(store),
    )
