"""What the market's methods take and return, and their numbers.

Kept apart from the methods, so that the actors that call the market can import it.
"""

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.dispatch import frc42
from papyrus.actors.market.deals import AllocationID, ClientDealProposal, DealID
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, ActorID, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField

ADD_BALANCE = 2
WITHDRAW_BALANCE = 3
PUBLISH_STORAGE_DEALS = 4
VERIFY_DEALS_FOR_ACTIVATION = 5
BATCH_ACTIVATE_DEALS = 6
ON_MINER_SECTORS_TERMINATE = 7
CRON_TICK = 9
SETTLE_DEAL_PAYMENTS = frc42("SettleDealPayments")
MARKET_NOTIFY_DEAL = frc42("MarketNotifyDeal")
"""What a client is told of each deal that was published in its name."""

NO_ALLOCATION_ID = 0
"""The allocation of a deal that is not verified."""

EX_DEAL_EXPIRED = 32
"""Exit code: the deal was there and is no more."""
EX_DEAL_NOT_ACTIVATED = 33
"""Exit code: the deal is not in a proven sector yet."""


@cbor_tuple
class WithdrawBalanceParams(Record):
    """How much is to leave escrow."""

    provider_or_client: Address
    amount: TokenAmount


@cbor_tuple
class GetBalanceReturn(Record):
    """What someone has in escrow."""

    balance: TokenAmount
    locked: TokenAmount
    """As much of it as backs deals."""


@cbor_tuple
class PublishStorageDealsParams(Record):
    """Deals of one provider."""

    deals: tuple[ClientDealProposal, ...]


@cbor_tuple
class PublishStorageDealsReturn(Record):
    """The IDs of those that were valid, and their places among all."""

    ids: tuple[DealID, ...]
    valid_deals: BitField


@cbor_tuple
class MarketNotifyDealParams(Record):
    """A deal as its client is told of it."""

    proposal: bytes
    """The CBOR of the proposal, with ID addresses."""
    deal_id: DealID


@cbor_tuple
class SectorDeals(Record):
    """The deals of one sector."""

    sector_number: U64
    sector_type: I64
    """The registered seal proof."""
    sector_expiry: ChainEpoch
    deal_ids: tuple[DealID, ...]


@cbor_tuple
class VerifyDealsForActivationParams(Record):
    """Deals to be checked, by sector."""

    sectors: tuple[SectorDeals, ...]


@cbor_tuple
class VerifyDealsForActivationReturn(Record):
    """The commitment to the data of each sector (CommD), None for one without deals."""

    unsealed_cids: tuple[Cid | None, ...]


@cbor_tuple
class BatchActivateDealsParams(Record):
    """Deals to be activated, by sector: all of a sector's deals or none."""

    sectors: tuple[SectorDeals, ...]
    compute_cid: bool
    """Whether to answer with the commitments to the sectors' data."""


@cbor_tuple
class ActivatedDeal(Record):
    """A deal that was activated."""

    client: ActorID
    allocation_id: AllocationID
    """Zero for a deal that is not verified."""
    data: Cid
    size: U64


@cbor_tuple
class SectorDealActivation(Record):
    """What was activated in one sector."""

    activated: tuple[ActivatedDeal, ...]
    unsealed_cid: Cid | None
    """The commitment to the sector's data, where that was asked for and there are deals."""


@cbor_tuple
class BatchActivateDealsResult(Record):
    """Which sectors' deals were activated, and what they are."""

    activation_results: BatchReturn
    activations: tuple[SectorDealActivation, ...]
    """Of the sectors that succeeded, in order."""


@cbor_tuple
class OnMinerSectorsTerminateParams(Record):
    """Sectors that ended before their time."""

    epoch: ChainEpoch
    sectors: BitField


@cbor_tuple
class GetDealDataCommitmentReturn(Record):
    """The data of a deal."""

    data: Cid
    size: U64


@cbor_tuple
class GetDealTermReturn(Record):
    """When a deal is to be paid for."""

    start: ChainEpoch
    duration: ChainEpoch


@cbor_tuple
class GetDealActivationReturn(Record):
    """What has become of a deal; an epoch is -1 for what has not happened."""

    activated: ChainEpoch
    terminated: ChainEpoch


@cbor_tuple
class DealSettlementSummary(Record):
    """What the settlement of a deal came to."""

    payment: TokenAmount
    completed: bool
    """Whether it was the last one."""


@cbor_tuple
class SettleDealPaymentsReturn(Record):
    """Which deals could be settled, and what was paid for those."""

    results: BatchReturn
    settlements: tuple[DealSettlementSummary, ...]
