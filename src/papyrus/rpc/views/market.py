"""Deals and money in the market, as Lotus tells them."""

from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.market.deals import EPOCH_UNDEFINED, DealProposal, DealState
from papyrus.actors.market.state import (
    BALANCES,
    PENDING_ALLOCATIONS,
    PENDING_PROPOSALS,
    PROPOSALS,
    STATES,
    State,
)
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.ipld.amt import MAX_INDEX
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.views.state_at import StateAt


@dataclass(frozen=True, slots=True)
class MarketBalance:
    """What someone has in escrow, and the part of it that backs deals, in attoFIL."""

    escrow: TokenAmount
    locked: TokenAmount


@dataclass(frozen=True, slots=True)
class ProposalView:
    """The terms of a deal."""

    piece_cid: Annotated[Cid, Named("PieceCID")]
    piece_size: int
    verified_deal: bool
    client: Address
    provider: Address
    label: str
    start_epoch: ChainEpoch
    end_epoch: ChainEpoch
    storage_price_per_epoch: TokenAmount
    provider_collateral: TokenAmount
    client_collateral: TokenAmount


@dataclass(frozen=True, slots=True)
class DealStateView:
    """What has become of a deal; epochs of what has not happened are -1."""

    sector_number: int
    sector_start_epoch: ChainEpoch
    last_updated_epoch: ChainEpoch
    slash_epoch: ChainEpoch


@dataclass(frozen=True, slots=True)
class DealView:
    """A deal."""

    proposal: ProposalView
    state: DealStateView


_NOT_ACTIVE = DealStateView(0, EPOCH_UNDEFINED, EPOCH_UNDEFINED, EPOCH_UNDEFINED)


def balance(state: StateAt, owner: Address) -> MarketBalance:
    """Return what someone has in the market; nothing where the market does not know of them."""
    own = _market(state)
    key = Address.from_id(state.id_of(owner))
    return MarketBalance(
        BALANCES.open(state.store, own.escrow_table).get(key) or ZERO,
        BALANCES.open(state.store, own.locked_table).get(key) or ZERO,
    )


def participants(state: StateAt, network: str) -> dict[str, MarketBalance]:
    """Return what everybody has in the market, by ID address."""
    own = _market(state)
    locked = BALANCES.open(state.store, own.locked_table)
    return {
        owner.to_string(network): MarketBalance(escrow, locked.get(owner) or ZERO)
        for owner, escrow in BALANCES.open(state.store, own.escrow_table).items()
    }


def deal(state: StateAt, deal_id: int) -> DealView:
    """Return a deal; RpcError where there is none."""
    own = _market(state)
    proposal = proposal_of(state, own, deal_id)
    if proposal is None:
        raise RpcError(
            ErrorCode.GENERIC,
            f"deal {deal_id} not found - deal may not have completed sealing before deal proposal "
            "start epoch, or deal may have been slashed",
        )
    return _deal_view(proposal, STATES.open(state.store, own.states).get(deal_id))


def proposal_of(state: StateAt, market: State, deal_id: int) -> DealProposal | None:
    """Return what a deal is about; None where there is none of a number, however odd."""
    if not 0 <= deal_id <= MAX_INDEX:
        return None
    found: DealProposal | None = PROPOSALS.open(state.store, market.proposals).get(deal_id)
    return found


def deals(state: StateAt) -> dict[str, DealView]:
    """Return every deal that is not over, by its ID."""
    own = _market(state)
    states = STATES.open(state.store, own.states)
    return {
        str(deal_id): _deal_view(proposal, states.get(deal_id))
        for deal_id, proposal in PROPOSALS.open(state.store, own.proposals).items()
    }


def is_pending(state: StateAt, proposal: Cid) -> bool:
    """Return whether a proposal like it is published and not settled since it was activated."""
    own = _market(state)
    return proposal in PENDING_PROPOSALS.open(state.store, own.pending_proposals)


def allocation_of_pending(state: StateAt, deal_id: int) -> int:
    """Return the allocation set aside for a deal that is not active; 0 where there is none."""
    own = _market(state)
    found = PENDING_ALLOCATIONS.open(state.store, own.pending_deal_allocation_ids).get(deal_id)
    return 0 if found is None else found


def _market(state: StateAt) -> State:
    return state.record(STORAGE_MARKET, "storagemarket", State)


def _deal_view(proposal: DealProposal, state: DealState | None) -> DealView:
    label = proposal.label
    return DealView(
        ProposalView(
            piece_cid=proposal.piece_cid,
            piece_size=proposal.piece_size,
            verified_deal=proposal.verified_deal,
            client=proposal.client,
            provider=proposal.provider,
            label=label if isinstance(label, str) else label.decode("utf-8", "replace"),
            start_epoch=proposal.start_epoch,
            end_epoch=proposal.end_epoch,
            storage_price_per_epoch=proposal.storage_price_per_epoch,
            provider_collateral=proposal.provider_collateral,
            client_collateral=proposal.client_collateral,
        ),
        _NOT_ACTIVE
        if state is None
        else DealStateView(
            state.sector_number,
            state.sector_start_epoch,
            state.last_updated_epoch,
            state.slash_epoch,
        ),
    )
