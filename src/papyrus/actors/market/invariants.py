"""What holds of the market between messages."""

from collections.abc import Callable
from dataclasses import dataclass, field

from papyrus.actors.findings import Findings
from papyrus.actors.market.balances import BalanceTable
from papyrus.actors.market.deals import EPOCH_UNDEFINED, DealProposal, DealState
from papyrus.actors.market.state import (
    BALANCES,
    DEAL_OPS,
    PENDING_ALLOCATIONS,
    PENDING_PROPOSALS,
    PROPOSALS,
    PROVIDER_SECTORS,
    STATES,
    State,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal, and what has become of it if it was activated."""

    proposal: DealProposal
    state: DealState | None


@dataclass(slots=True)
class Summary:
    """What the market says of deals, for checks against other actors."""

    deals: dict[int, Deal] = field(default_factory=dict)
    sector_deals: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    """The deals in sectors, by provider and sector number."""
    allocations: dict[int, int] = field(default_factory=dict)
    """The deals whose allocations are not claimed, by allocation."""
    pending_proposals: int = 0
    deal_states: int = 0
    locked_balances: int = 0
    scheduled_epochs: int = 0
    scheduled_deals: int = 0


class _Check:
    """A check of one state: what it has read so far, and what it has found."""

    def __init__(
        self,
        store: Blockstore,
        state: State,
        balance: TokenAmount,
        epoch: int,
        findings: Findings,
    ) -> None:
        self.store = store
        self.state = state
        self.balance = balance
        self.epoch = epoch
        self.findings = findings
        self.summary = Summary()
        self.proposals: dict[int, DealProposal] = {}
        self.states: dict[int, DealState] = {}


def check_state_invariants(
    store: Blockstore, state: State, balance: TokenAmount, epoch: int, findings: Findings
) -> Summary:
    """Note what is wrong with a market that holds a balance at an epoch, and return its deals."""
    check = _Check(store, state, balance, epoch, findings)
    _check_totals(check)
    for subject, part in _PARTS.items():
        try:
            part(check)
        except DecodeError as error:
            findings.add(f"error iterating {subject}: {error}")
    summary = check.summary
    summary.deals = {
        deal_id: Deal(proposal, check.states.get(deal_id))
        for deal_id, proposal in check.proposals.items()
    }
    return summary


def _check_totals(check: _Check) -> None:
    state = check.state
    for name, total in (
        ("client locked collateral", state.total_client_locked_collateral),
        ("provider locked collateral", state.total_provider_locked_collateral),
        ("client storage fee", state.total_client_storage_fee),
    ):
        check.findings.require(total >= 0, f"negative total {name}: {total}")


def _check_proposals(check: _Check) -> None:
    for deal_id, proposal in PROPOSALS.open(check.store, check.state.proposals).items():
        check.proposals[deal_id] = proposal
        for party in ("client", "provider"):
            check.findings.require(
                getattr(proposal, party).protocol is Protocol.ID,
                f"{party} address for deal {deal_id} is not an ID address",
            )
    highest = max(check.proposals, default=-1)
    check.findings.require(
        check.state.next_id > highest,
        f"next id, {check.state.next_id}, is not greater than highest id in proposals, {highest}",
    )


def _check_allocations(check: _Check) -> None:
    root = check.state.pending_deal_allocation_ids
    for deal_id, allocation in PENDING_ALLOCATIONS.open(check.store, root).items():
        check.findings.require(
            deal_id in check.proposals,
            f"pending deal allocation {deal_id} not found in proposals",
        )
        check.summary.allocations[allocation] = deal_id


def _check_states(check: _Check) -> None:
    with_allocation = set(check.summary.allocations.values())
    for deal_id, state in STATES.open(check.store, check.state.states).items():
        check.states[deal_id] = state
        check.summary.deal_states += 1
        _check_deal_state(state, check.epoch, check.findings.within(f"deal {deal_id}"))
        check.findings.require(
            deal_id in check.proposals, f"no deal proposal for deal state {deal_id}"
        )
        check.findings.require(
            deal_id not in with_allocation, f"deal {deal_id} has pending allocation"
        )


def _check_deal_state(state: DealState, epoch: int, findings: Findings) -> None:
    start = state.sector_start_epoch
    findings.require(start >= 0, f"state start epoch undefined: {state}")
    for what, when in (
        ("last updated", state.last_updated_epoch),
        ("slashed", state.slash_epoch),
    ):
        if when != EPOCH_UNDEFINED:
            findings.require(when >= start, f"state {what} before sector start: {state}")
            findings.require(when <= epoch, f"state {what} after current epoch {epoch}: {state}")


def _check_sectors(check: _Check) -> None:
    roots = PROVIDER_SECTORS.roots.open(check.store, check.state.provider_sectors)
    for provider, root in roots.items():
        sectors = dict(PROVIDER_SECTORS.inner.open(check.store, root).items())
        check.summary.sector_deals[provider] = sectors
        for sector, deal_ids in sectors.items():
            for deal_id in deal_ids:
                _check_sector_deal(check, provider, sector, deal_id)
    # The other way round: a deal that goes on is in its sector. One that has expired may be there
    # or not, until it is settled.
    for deal_id, state in check.states.items():
        proposal = check.proposals.get(deal_id)
        if proposal is None or state.is_slashed or proposal.end_epoch <= check.epoch:
            continue
        of_provider = check.summary.sector_deals.get(proposal.provider.id, {})
        check.findings.require(
            deal_id in of_provider.get(state.sector_number, ()),
            f"active deal {deal_id} not found in provider sector deals",
        )


def _check_sector_deal(check: _Check, provider: int, sector: int, deal_id: int) -> None:
    findings = check.findings.within(f"provider sector deal {deal_id}")
    proposal = check.proposals.get(deal_id)
    if proposal is None:
        findings.add("not found in proposals")
        return
    findings.require(
        proposal.provider == Address.from_id(provider),
        f"provider {provider} does not match proposal provider {proposal.provider}",
    )
    state = check.states.get(deal_id)
    if state is None:
        findings.add("has no state")
        return
    findings.require(
        state.sector_number == sector,
        f"sector {sector} does not match proposal sector {state.sector_number}",
    )
    findings.require(not state.is_slashed, "is slashed")


def _check_pending(check: _Check) -> None:
    known = {Cid.of(proposal.to_cbor()) for proposal in check.proposals.values()}
    for cid in PENDING_PROPOSALS.open(check.store, check.state.pending_proposals):
        check.summary.pending_proposals += 1
        check.findings.require(
            cid in known, f"pending proposal with cid {cid} not found within proposals"
        )


def _check_balances(check: _Check) -> None:
    state, findings = check.state, check.findings
    escrow = BalanceTable(BALANCES.open(check.store, state.escrow_table))
    locked = BalanceTable(BALANCES.open(check.store, state.locked_table))
    for owner, amount in locked.amounts.items():
        check.summary.locked_balances += 1
        held = escrow.get(owner)
        findings.require(
            held >= amount,
            f"locked funds for {owner}, {amount}, greater than escrow amount, {held}",
        )
    total_locked = locked.total()
    findings.require(
        total_locked == state.total_locked,
        f"locked total, {total_locked}, does not sum to provider locked, "
        f"{state.total_provider_locked_collateral}, client locked, "
        f"{state.total_client_locked_collateral}, and client storage fee, "
        f"{state.total_client_storage_fee}",
    )
    total = escrow.total()
    findings.require(
        total <= check.balance,
        f"escrow total, {total}, greater than actor balance, {check.balance}",
    )
    collateral = sum(
        (one.client_collateral + one.provider_collateral for one in check.proposals.values()), ZERO
    )
    findings.require(
        total >= collateral,
        f"escrow total, {total}, less than sum of proposal collateral, {collateral}",
    )


def _check_schedule(check: _Check) -> None:
    schedule = DEAL_OPS.open(check.store, check.state.deal_ops_by_epoch)
    epochs = schedule.keys()
    # The released actors' own check takes a deal that starts in this very epoch for missing once
    # cron has looked at it.
    missing = {
        deal_id
        for deal_id, proposal in check.proposals.items()
        if proposal.start_epoch > check.state.last_cron
    }
    for epoch in epochs:
        check.summary.scheduled_epochs += 1
        for deal_id in schedule.get(epoch) or ():
            check.summary.scheduled_deals += 1
            missing.discard(deal_id)
    check.findings.require(
        not missing, f"missing deal ops for proposals: {', '.join(map(str, sorted(missing)))}"
    )


_PARTS: dict[str, Callable[[_Check], None]] = {
    "proposals": _check_proposals,
    "pending allocations": _check_allocations,
    "deal states": _check_states,
    "provider sector deals": _check_sectors,
    "pending proposals": _check_pending,
    "balances": _check_balances,
    "deal ops": _check_schedule,
}
"""In an order in which what one reads serves the next."""
