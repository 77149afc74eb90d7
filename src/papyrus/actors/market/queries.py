"""What the market tells of a deal, to anyone.

A deal can be asked about from when it is published until it is settled for the last time; after
that the answer is exit code 32, and for a deal that never was, 17.
"""

from papyrus.actors.dispatch import frc42, method
from papyrus.actors.market.deals import EPOCH_UNDEFINED, DealID, DealProposal, DealState, Label
from papyrus.actors.market.ledger import Ledger
from papyrus.actors.market.params import (
    EX_DEAL_EXPIRED,
    EX_DEAL_NOT_ACTIVATED,
    GetDealActivationReturn,
    GetDealDataCommitmentReturn,
    GetDealTermReturn,
)
from papyrus.actors.market.state import State
from papyrus.ipld.schema import U64, ActorID
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.vm.runtime import Runtime


@method(frc42("GetDealDataCommitment"))
def get_deal_data_commitment(rt: Runtime, deal_id: DealID) -> GetDealDataCommitmentReturn:
    """Return the commitment to a deal's data, and its padded size in bytes."""
    found = _proposal(rt, deal_id)
    return GetDealDataCommitmentReturn(found.piece_cid, found.piece_size)


@method(frc42("GetDealClient"))
def get_deal_client(rt: Runtime, deal_id: DealID) -> ActorID:
    """Return the client of a deal."""
    return _proposal(rt, deal_id).client.id


@method(frc42("GetDealProvider"))
def get_deal_provider(rt: Runtime, deal_id: DealID) -> ActorID:
    """Return the provider of a deal."""
    return _proposal(rt, deal_id).provider.id


@method(frc42("GetDealLabel"))
def get_deal_label(rt: Runtime, deal_id: DealID) -> Label:
    """Return what the client calls a deal."""
    return _proposal(rt, deal_id).label


@method(frc42("GetDealTerm"))
def get_deal_term(rt: Runtime, deal_id: DealID) -> GetDealTermReturn:
    """Return the first epoch that a deal is paid for, and for how many it is."""
    found = _proposal(rt, deal_id)
    return GetDealTermReturn(found.start_epoch, found.duration)


@method(frc42("GetDealTotalPrice"))
def get_deal_total_price(rt: Runtime, deal_id: DealID) -> TokenAmount:
    """Return what the client pays for a deal in all."""
    return _proposal(rt, deal_id).total_storage_fee


@method(frc42("GetDealClientCollateral"))
def get_deal_client_collateral(rt: Runtime, deal_id: DealID) -> TokenAmount:
    """Return what the client has put down for a deal."""
    return _proposal(rt, deal_id).client_collateral


@method(frc42("GetDealProviderCollateral"))
def get_deal_provider_collateral(rt: Runtime, deal_id: DealID) -> TokenAmount:
    """Return what the provider has put down for a deal."""
    return _proposal(rt, deal_id).provider_collateral


@method(frc42("GetDealVerified"))
def get_deal_verified(rt: Runtime, deal_id: DealID) -> bool:
    """Return whether DataCap was spent on a deal; the registry knows what became of that."""
    return _proposal(rt, deal_id).verified_deal


@method(frc42("GetDealActivation"))
def get_deal_activation(rt: Runtime, deal_id: DealID) -> GetDealActivationReturn:
    """Return when a deal was activated, or -1, and -1 for not terminated."""
    state = _state(rt, deal_id)
    if state is None:
        return GetDealActivationReturn(EPOCH_UNDEFINED, EPOCH_UNDEFINED)
    return GetDealActivationReturn(state.sector_start_epoch, state.slash_epoch)


@method(frc42("GetDealSector"))
def get_deal_sector(rt: Runtime, deal_id: DealID) -> U64:
    """Return the number of the sector that a deal is in; abort with 33 where it is in none yet."""
    state = _state(rt, deal_id)
    if state is None:
        raise ActorError(EX_DEAL_NOT_ACTIVATED, f"deal {deal_id} not yet activated")
    return state.sector_number


def _proposal(rt: Runtime, deal_id: int) -> DealProposal:
    rt.accept_any_caller()
    return Ledger(rt.store, rt.load(State)).get_proposal(deal_id)


def _state(rt: Runtime, deal_id: int) -> DealState | None:
    """Return the state of an activated deal, or None for one that is published only."""
    rt.accept_any_caller()
    ledger = Ledger(rt.store, rt.load(State))
    state = ledger.find_state(deal_id)
    if state is None:
        ledger.get_proposal(deal_id)
    elif state.is_slashed:
        # Terminated, though not yet cleaned up: the caller is not to see the difference.
        raise ActorError(EX_DEAL_EXPIRED, f"deal {deal_id} expired")
    return state
