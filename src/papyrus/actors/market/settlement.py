"""What deals cost as epochs pass: payment, completion, time-out and termination, on the ledger.

The fee of a deal is paid epoch by epoch from its start to its end, whenever someone has it settled.
A deal that completes gives both collaterals back. One whose sector ends early is paid until then;
the client gets the rest of the fee and the collateral back, and the provider's collateral is burnt.
So is the collateral of a provider whose sector does not come in time (FIP-0074).
"""

from dataclasses import dataclass

from papyrus.actors.market.balances import LockReason
from papyrus.actors.market.deals import EPOCH_UNDEFINED, DealProposal, DealState
from papyrus.actors.market.ledger import Ledger
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.vm.aborts import illegal_state


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A deal whose data did not come in time; it is gone."""

    slashed: TokenAmount
    """Of the provider's collateral, to be burnt."""


@dataclass(frozen=True, slots=True)
class TooEarly:
    """A deal whose data may still come."""


@dataclass(frozen=True, slots=True)
class Update:
    """What the settlement of a deal came to."""

    slashed: TokenAmount = ZERO
    """Of the provider's collateral, to be burnt."""
    payment: TokenAmount = ZERO
    completed: bool = False
    """Whether it ended as agreed."""
    over: bool = False
    """Whether it ended at all, so that it is to be removed."""


def active_state(
    ledger: Ledger, epoch: int, deal_id: int, proposal: DealProposal, cid: Cid
) -> DealState | TooEarly | TimedOut:
    """Return the state of an activated deal; a deal that can no longer be is cleaned up."""
    state = ledger.find_state(deal_id)
    if state is not None:
        return state
    if epoch < proposal.start_epoch:
        return TooEarly()
    slashed = _time_out(ledger, proposal)
    ledger.remove_proposal(deal_id)
    if not ledger.pending.discard(cid):
        raise illegal_state(f"failed to delete pending deal {deal_id}: cid {cid} does not exist")
    ledger.allocations.delete(deal_id)
    return TimedOut(slashed)


def settle(
    ledger: Ledger, state: DealState, proposal: DealProposal, cid: Cid, epoch: int
) -> Update:
    """Pay what is due for an activated deal and return what that came to."""
    if not state.ever_updated:
        ledger.pending.discard(cid)
    elif state.last_updated_epoch > epoch:
        raise illegal_state(f"deal updated at future epoch {state.last_updated_epoch}")
    if proposal.start_epoch > epoch:
        return Update()

    paid_until = _end_of_payment(state, proposal, epoch)
    paid_from = proposal.start_epoch
    if state.ever_updated:
        paid_from = max(paid_from, state.last_updated_epoch)
    payment = proposal.storage_price_per_epoch * (paid_until - paid_from)
    if payment > 0:
        ledger.balances.pay(proposal.client, proposal.provider, payment)

    if state.is_slashed:
        remaining = _end_early(ledger, proposal, state.slash_epoch)
        # Quirk: what the client gets back is reported as paid.
        return Update(proposal.provider_collateral, remaining + payment, over=True)
    if epoch >= proposal.end_epoch:
        _complete(ledger, proposal, state)
        return Update(payment=payment, completed=True, over=True)
    return Update(payment=payment)


def terminate(ledger: Ledger, proposal: DealProposal, state: DealState, epoch: int) -> TokenAmount:
    """End a deal whose sector ended at an epoch, and return what is to be burnt.

    Quirk: of a deal that was settled after that epoch, the fee for the time between is given back
    although it was paid, out of what the client has locked for other deals; without any it aborts.
    """
    paid_from = max(proposal.start_epoch, state.last_updated_epoch)
    paid_until = min(proposal.end_epoch, epoch)
    payment = proposal.storage_price_per_epoch * max(0, paid_until - paid_from)
    if payment > 0:
        ledger.balances.pay(proposal.client, proposal.provider, payment)
    _end_early(ledger, proposal, epoch)
    return proposal.provider_collateral


def _end_of_payment(state: DealState, proposal: DealProposal, epoch: int) -> int:
    """Return the epoch until which a deal is paid for by now."""
    if not state.is_slashed:
        return min(proposal.end_epoch, epoch)
    if epoch < state.slash_epoch:
        raise illegal_state(f"current epoch less than deal slash epoch {state.slash_epoch}")
    if state.slash_epoch > proposal.end_epoch:
        raise illegal_state(
            f"deal slash epoch {state.slash_epoch} after deal end {proposal.end_epoch}"
        )
    return state.slash_epoch


def _payment_remaining(proposal: DealProposal, epoch: int) -> TokenAmount:
    """Return the fee for the epochs after one."""
    if epoch > proposal.end_epoch:
        raise illegal_state(f"deal slash epoch {epoch} after end epoch {proposal.end_epoch}")
    return proposal.storage_price_per_epoch * (
        proposal.end_epoch - max(epoch, proposal.start_epoch)
    )


def _end_early(ledger: Ledger, proposal: DealProposal, epoch: int) -> TokenAmount:
    """Give the client back what is left, slash the provider, and return what is left."""
    balances = ledger.balances
    remaining = _payment_remaining(proposal, epoch)
    balances.unlock(proposal.client, remaining, LockReason.CLIENT_STORAGE_FEE)
    balances.unlock(proposal.client, proposal.client_collateral, LockReason.CLIENT_COLLATERAL)
    balances.slash(proposal.provider, proposal.provider_collateral, LockReason.PROVIDER_COLLATERAL)
    return remaining


def _time_out(ledger: Ledger, proposal: DealProposal) -> TokenAmount:
    """Give the client everything back, slash the provider, and return what is to be burnt."""
    balances = ledger.balances
    slashed = proposal.provider_collateral
    balances.unlock(proposal.client, proposal.total_storage_fee, LockReason.CLIENT_STORAGE_FEE)
    balances.unlock(proposal.client, proposal.client_collateral, LockReason.CLIENT_COLLATERAL)
    balances.slash(proposal.provider, slashed, LockReason.PROVIDER_COLLATERAL)
    # Quirk: none of the collateral remains to be unlocked, which leaves an entry of zero.
    balances.unlock(proposal.provider, ZERO, LockReason.PROVIDER_COLLATERAL)
    return slashed


def _complete(ledger: Ledger, proposal: DealProposal, state: DealState) -> None:
    """Give both collaterals back."""
    if state.sector_start_epoch == EPOCH_UNDEFINED:
        raise illegal_state("start sector epoch undefined")
    balances = ledger.balances
    balances.unlock(proposal.provider, proposal.provider_collateral, LockReason.PROVIDER_COLLATERAL)
    balances.unlock(proposal.client, proposal.client_collateral, LockReason.CLIENT_COLLATERAL)
