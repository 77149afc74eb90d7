"""The storage market and DataCap: deals, escrow, allocations and claims."""

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.methods.looking import StateNode, look
from papyrus.rpc.views import datacap, market, power
from papyrus.types.tipset import TipsetKey


@method("StateMarketBalance", READ)
async def state_market_balance(
    context: Context[StateNode], owner: Address, key: TipsetKey = HEAD
) -> market.MarketBalance:
    """Return what someone has in the market, and what of it is locked."""
    return await look(context, key, market.balance, owner)


@method("StateMarketDeals", READ)
async def state_market_deals(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> dict[str, market.DealView]:
    """Return every deal that is not over, by its ID."""
    return await look(context, key, market.deals)


@method("StateMarketStorageDeal", READ)
async def state_market_storage_deal(
    context: Context[StateNode], deal_id: U64, key: TipsetKey = HEAD
) -> market.DealView:
    """Return a deal."""
    return await look(context, key, market.deal, deal_id)


@method("StateMarketProposalPending", READ, versions=(1,))
async def state_market_proposal_pending(
    context: Context[StateNode], proposal: Cid, key: TipsetKey = HEAD
) -> bool:
    """Return whether a proposal like it is pending, so that none can be published."""
    return await look(context, key, market.is_pending, proposal)


@method("StateDealProviderCollateralBounds", READ)
async def state_deal_provider_collateral_bounds(
    context: Context[StateNode], piece_size: int, _verified: bool, key: TipsetKey = HEAD
) -> power.CollateralBounds:
    """Return what a provider may put down for a deal of padded bytes."""
    return await look(context, key, power.collateral_bounds, piece_size)


@method("StateVerifiedRegistryRootKey", READ)
async def state_verified_registry_root_key(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> Address:
    """Return who appoints verifiers."""
    return await look(context, key, datacap.root_key)


@method("StateVerifierStatus", READ)
async def state_verifier_status(
    context: Context[StateNode], verifier: Address, key: TipsetKey = HEAD
) -> TokenAmount | None:
    """Return the bytes that a verifier may still give, null for who is none."""
    return await look(context, key, datacap.verifier_datacap, verifier)


@method("StateVerifiedClientStatus", READ)
async def state_verified_client_status(
    context: Context[StateNode], client: Address, key: TipsetKey = HEAD
) -> TokenAmount | None:
    """Return the bytes of DataCap that a client has, null for who never had any."""
    return await look(context, key, datacap.client_datacap, client)


@method("StateGetAllocation", READ)
async def state_get_allocation(
    context: Context[StateNode], client: Address, allocation_id: U64, key: TipsetKey = HEAD
) -> datacap.AllocationView | None:
    """Return an allocation of a client, null where there is none."""
    return await look(context, key, datacap.allocation, client, allocation_id)


@method("StateGetAllocations", READ)
async def state_get_allocations(
    context: Context[StateNode], client: Address, key: TipsetKey = HEAD
) -> dict[str, datacap.AllocationView]:
    """Return a client's allocations by ID."""
    return await look(context, key, datacap.allocations, client)


@method("StateGetAllAllocations", READ)
async def state_get_all_allocations(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> dict[str, datacap.AllocationView]:
    """Return everybody's allocations by ID."""
    return await look(context, key, datacap.all_allocations)


@method("StateGetAllocationForPendingDeal", READ)
async def state_get_allocation_for_pending_deal(
    context: Context[StateNode], deal_id: U64, key: TipsetKey = HEAD
) -> datacap.AllocationView | None:
    """Return the allocation of a deal that is not active, null where there is none."""
    return await look(context, key, datacap.allocation_for_pending_deal, deal_id)


@method("StateGetAllocationIdForPendingDeal", READ, versions=(1,))
async def state_get_allocation_id_for_pending_deal(
    context: Context[StateNode], deal_id: U64, key: TipsetKey = HEAD
) -> int:
    """Return the ID of that allocation, 0 where there is none."""
    return await look(context, key, market.allocation_of_pending, deal_id)


@method("StateGetClaim", READ)
async def state_get_claim(
    context: Context[StateNode], provider: Address, claim_id: U64, key: TipsetKey = HEAD
) -> datacap.ClaimView | None:
    """Return a claim of a provider, null where there is none."""
    return await look(context, key, datacap.claim, provider, claim_id)


@method("StateGetClaims", READ)
async def state_get_claims(
    context: Context[StateNode], provider: Address, key: TipsetKey = HEAD
) -> dict[str, datacap.ClaimView]:
    """Return a provider's claims by ID."""
    return await look(context, key, datacap.claims, provider)


@method("StateGetAllClaims", READ)
async def state_get_all_claims(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> dict[str, datacap.ClaimView]:
    """Return everybody's claims by ID."""
    return await look(context, key, datacap.all_claims)


class StateMarket:
    """The group, as a server registers and a client has it."""

    state_market_balance = state_market_balance
    state_market_deals = state_market_deals
    state_market_storage_deal = state_market_storage_deal
    state_market_proposal_pending = state_market_proposal_pending
    state_deal_provider_collateral_bounds = state_deal_provider_collateral_bounds
    state_verified_registry_root_key = state_verified_registry_root_key
    state_verifier_status = state_verifier_status
    state_verified_client_status = state_verified_client_status
    state_get_allocation = state_get_allocation
    state_get_allocations = state_get_allocations
    state_get_all_allocations = state_get_all_allocations
    state_get_allocation_for_pending_deal = state_get_allocation_for_pending_deal
    state_get_allocation_id_for_pending_deal = state_get_allocation_id_for_pending_deal
    state_get_claim = state_get_claim
    state_get_claims = state_get_claims
    state_get_all_claims = state_get_all_claims
