"""DataCap, allocations and claims, as Lotus tells them."""

from dataclasses import dataclass

from papyrus.actors.datacap.actor import TOKEN_GRANULARITY
from papyrus.actors.datacap.state import State as DatacapState
from papyrus.actors.datacap.token import balances_shape
from papyrus.actors.singletons import DATACAP, VERIFIED_REGISTRY
from papyrus.actors.verifreg.state import (
    ALLOCATIONS,
    CLAIMS,
    VERIFIERS,
    Allocation,
    Claim,
    State,
)
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.views import market
from papyrus.rpc.views.state_at import StateAt


@dataclass(frozen=True, slots=True)
class AllocationView:
    """DataCap set aside for a piece at a provider; sizes in padded bytes."""

    client: int
    provider: int
    data: Cid
    size: int
    term_min: ChainEpoch
    term_max: ChainEpoch
    expiration: ChainEpoch


@dataclass(frozen=True, slots=True)
class ClaimView:
    """An allocation that a provider has claimed."""

    provider: int
    client: int
    data: Cid
    size: int
    term_min: ChainEpoch
    term_max: ChainEpoch
    term_start: ChainEpoch
    sector: int


def root_key(state: StateAt) -> Address:
    """Return who appoints verifiers."""
    return _registry(state).root_key


def verifier_datacap(state: StateAt, verifier: Address) -> TokenAmount | None:
    """Return the bytes that a verifier may still give, None for who is no verifier."""
    key = Address.from_id(state.id_of(verifier))
    found = VERIFIERS.open(state.store, _registry(state).verifiers).get(key)
    return None if found is None else TokenAmount(found)


def client_datacap(state: StateAt, client: Address) -> TokenAmount | None:
    """Return the bytes of DataCap that a client has, None for who never had any."""
    own = state.record(DATACAP, "datacap", DatacapState)
    balances = balances_shape(own.token.bit_width).open(state.store, own.token.balances)
    found = balances.get(state.id_of(client))
    return None if found is None else TokenAmount(found // TOKEN_GRANULARITY)


def allocation(state: StateAt, client: Address, allocation_id: int) -> AllocationView | None:
    """Return an allocation of a client, or None."""
    return allocations(state, client).get(str(allocation_id))


def allocations(state: StateAt, client: Address) -> dict[str, AllocationView]:
    """Return a client's allocations by ID."""
    own = ALLOCATIONS.open(state.store, _registry(state).allocations)
    mine = own.inner(state.id_of(client))
    return {str(key): _allocation_view(found) for key, found in mine.items()}


def all_allocations(state: StateAt) -> dict[str, AllocationView]:
    """Return everybody's allocations by ID."""
    own = ALLOCATIONS.open(state.store, _registry(state).allocations)
    return {
        str(key): _allocation_view(found)
        for client in own.outer_keys()
        for key, found in own.inner(client).items()
    }


def allocation_for_pending_deal(state: StateAt, deal_id: int) -> AllocationView | None:
    """Return the allocation set aside for a deal that is not active, or None."""
    found = market.allocation_of_pending(state, deal_id)
    if not found:
        return None
    return allocation(state, market.deal(state, deal_id).proposal.client, found)


def claim(state: StateAt, provider: Address, claim_id: int) -> ClaimView | None:
    """Return a claim of a provider, or None."""
    return claims(state, provider).get(str(claim_id))


def claims(state: StateAt, provider: Address) -> dict[str, ClaimView]:
    """Return a provider's claims by ID."""
    own = CLAIMS.open(state.store, _registry(state).claims)
    return {str(key): _claim_view(found) for key, found in own.inner(state.id_of(provider)).items()}


def all_claims(state: StateAt) -> dict[str, ClaimView]:
    """Return everybody's claims by ID."""
    own = CLAIMS.open(state.store, _registry(state).claims)
    return {
        str(key): _claim_view(found)
        for provider in own.outer_keys()
        for key, found in own.inner(provider).items()
    }


def _registry(state: StateAt) -> State:
    return state.record(VERIFIED_REGISTRY, "verifiedregistry", State)


def _allocation_view(found: Allocation) -> AllocationView:
    return AllocationView(
        found.client,
        found.provider,
        found.data,
        found.size,
        found.term_min,
        found.term_max,
        found.expiration,
    )


def _claim_view(found: Claim) -> ClaimView:
    return ClaimView(
        found.provider,
        found.client,
        found.data,
        found.size,
        found.term_min,
        found.term_max,
        found.term_start,
        found.sector,
    )
