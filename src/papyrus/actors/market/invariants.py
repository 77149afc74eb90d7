"""What holds of the market between messages.

A network has more deals than fit in memory. Proposals and states are read side by side, in the
order of their IDs, and only of deals that have not begun anything is kept. The deals in sectors are
looked up provider by provider; that no deal is missing there follows from their number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from papyrus.actors.common.collections import Array
from papyrus.actors.common.findings import Findings
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

V = TypeVar("V")
W = TypeVar("W")


@dataclass(slots=True)
class Summary:
    """What the market says of deals, for checks against other actors."""

    deals: int = 0
    deal_states: int = 0
    """How many of them were activated."""
    providers: set[int] = field(default_factory=set)
    """Whose deals those are."""
    allocations: dict[int, int] = field(default_factory=dict)
    """The deals whose allocations are not claimed, by allocation."""
    sector_deals: int = 0
    pending_proposals: int = 0
    locked_balances: int = 0
    scheduled_epochs: int = 0
    scheduled_deals: int = 0


class _Check:
    """A check of one state: what it keeps of what it has read, and what it has found."""

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
        self.pending: set[Cid] = set()
        """The pending proposals that no deal has yet been found for."""
        self.with_allocation: set[int] = set()
        self.waiting: set[int] = set()
        """The deals that cron has still to look at for the first time."""
        self.active = 0
        """How many deals must be in a sector."""
        self.collateral = ZERO


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
    return check.summary


def _check_totals(check: _Check) -> None:
    state = check.state
    for name, total in (
        ("client locked collateral", state.total_client_locked_collateral),
        ("provider locked collateral", state.total_provider_locked_collateral),
        ("client storage fee", state.total_client_storage_fee),
    ):
        check.findings.require(total >= 0, f"negative total {name}: {total}")


def _read_pending(check: _Check) -> None:
    check.pending = set(PENDING_PROPOSALS.open(check.store, check.state.pending_proposals))
    check.summary.pending_proposals = len(check.pending)


def _read_allocations(check: _Check) -> None:
    root = check.state.pending_deal_allocation_ids
    for deal_id, allocation in PENDING_ALLOCATIONS.open(check.store, root).items():
        check.with_allocation.add(deal_id)
        check.summary.allocations[allocation] = deal_id


def _check_deals(check: _Check) -> None:
    highest = -1
    without_deal = set(check.with_allocation)
    for deal_id, proposal, state in _deals(check):
        if proposal is not None:
            highest = deal_id
            without_deal.discard(deal_id)
            _check_proposal(check, deal_id, proposal)
        if state is not None:
            _check_state(check, deal_id, proposal, state)
    for deal_id in sorted(without_deal):
        check.findings.add(f"pending deal allocation {deal_id} not found in proposals")
    for cid in sorted(check.pending):
        check.findings.add(f"pending proposal with cid {cid} not found within proposals")
    check.findings.require(
        check.state.next_id > highest,
        f"next id, {check.state.next_id}, is not greater than highest id in proposals, {highest}",
    )


def _deals(check: _Check) -> Iterator[tuple[int, DealProposal | None, DealState | None]]:
    """Yield each deal with its state, either of which may be missing."""
    return _joined(
        PROPOSALS.open(check.store, check.state.proposals).items(),
        STATES.open(check.store, check.state.states).items(),
    )


def _joined(
    left: Iterator[tuple[int, V]], right: Iterator[tuple[int, W]]
) -> Iterator[tuple[int, V | None, W | None]]:
    """Yield the values of two arrays by index, in order."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            if one is not None:
                yield one[0], one[1], None
            one = next(left, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(right, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(left, None), next(right, None)


def _check_proposal(check: _Check, deal_id: int, proposal: DealProposal) -> None:
    check.summary.deals += 1
    for party in ("client", "provider"):
        check.findings.require(
            getattr(proposal, party).protocol is Protocol.ID,
            f"{party} address for deal {deal_id} is not an ID address",
        )
    if check.pending:
        check.pending.discard(Cid.of(proposal.to_cbor()))
    # The released actors' own check takes a deal that starts in this very epoch for missing once
    # cron has looked at it.
    if proposal.start_epoch > check.state.last_cron:
        check.waiting.add(deal_id)
    check.collateral += proposal.client_collateral + proposal.provider_collateral


def _check_state(
    check: _Check, deal_id: int, proposal: DealProposal | None, state: DealState
) -> None:
    check.summary.deal_states += 1
    _check_deal_state(state, check.epoch, check.findings.within(f"deal {deal_id}"))
    check.findings.require(
        deal_id not in check.with_allocation, f"deal {deal_id} has pending allocation"
    )
    if proposal is None:
        check.findings.add(f"no deal proposal for deal state {deal_id}")
        return
    if proposal.provider.protocol is Protocol.ID:
        check.summary.providers.add(proposal.provider.id)
    check.active += _is_active(proposal, state, check.epoch)


def _is_active(proposal: DealProposal, state: DealState, epoch: int) -> bool:
    """Return whether a deal goes on: one that has expired is in its sector until it is settled."""
    return not state.is_slashed and proposal.end_epoch > epoch


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
    active = 0
    for provider, root in roots.items():
        # Opened anew for each provider, since what was looked up is kept.
        proposals = PROPOSALS.open(check.store, check.state.proposals)
        states = STATES.open(check.store, check.state.states)
        for sector, deal_ids in PROVIDER_SECTORS.inner.open(check.store, root).items():
            check.summary.sector_deals += len(deal_ids)
            check.findings.require(
                len(set(deal_ids)) == len(deal_ids),
                f"provider {provider} has a deal twice in sector {sector}: {deal_ids}",
            )
            for deal_id in set(deal_ids):
                deal = _at(proposals, deal_id), _at(states, deal_id)
                place = check.findings.within(f"provider sector deal {deal_id}")
                active += _check_sector_deal(check, provider, sector, deal, place)
    if active != check.active:
        _name_lost_deals(check)


def _at(array: Array[V], index: int) -> V | None:
    try:
        return array.get(index)
    except IndexError:
        return None


def _check_sector_deal(
    check: _Check,
    provider: int,
    sector: int,
    deal: tuple[DealProposal | None, DealState | None],
    findings: Findings,
) -> bool:
    """Note what is wrong with a deal in a sector; return whether it is one that must be there."""
    proposal, state = deal
    if proposal is None:
        findings.add("not found in proposals")
        return False
    owns = proposal.provider == Address.from_id(provider)
    findings.require(
        owns, f"provider {provider} does not match proposal provider {proposal.provider}"
    )
    if state is None:
        findings.add("has no state")
        return False
    holds = state.sector_number == sector
    findings.require(holds, f"sector {sector} does not match proposal sector {state.sector_number}")
    findings.require(not state.is_slashed, "is slashed")
    return owns and holds and _is_active(proposal, state, check.epoch)


def _name_lost_deals(check: _Check) -> None:
    """Note which deals are in no sector though they go on."""
    roots = PROVIDER_SECTORS.roots.open(check.store, check.state.provider_sectors)
    for deal_id, proposal, state in _deals(check):
        if proposal is None or state is None or not _is_active(proposal, state, check.epoch):
            continue
        is_known = proposal.provider.protocol is Protocol.ID
        root = roots.get(proposal.provider.id) if is_known else None
        sectors = PROVIDER_SECTORS.inner.open(check.store, root)
        check.findings.require(
            deal_id in (sectors.get(state.sector_number) or ()),
            f"active deal {deal_id} not found in provider sector deals",
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
    findings.require(
        total >= check.collateral,
        f"escrow total, {total}, less than sum of proposal collateral, {check.collateral}",
    )


def _check_schedule(check: _Check) -> None:
    schedule = DEAL_OPS.open(check.store, check.state.deal_ops_by_epoch)
    epochs = schedule.keys()
    missing = check.waiting
    for epoch in epochs:
        check.summary.scheduled_epochs += 1
        for deal_id in schedule.get(epoch) or ():
            check.summary.scheduled_deals += 1
            missing.discard(deal_id)
    check.findings.require(
        not missing, f"missing deal ops for proposals: {', '.join(map(str, sorted(missing)))}"
    )


_PARTS: dict[str, Callable[[_Check], None]] = {
    "pending proposals": _read_pending,
    "pending allocations": _read_allocations,
    "deals": _check_deals,
    "provider sector deals": _check_sectors,
    "balances": _check_balances,
    "deal ops": _check_schedule,
}
"""In an order in which what one reads serves the next."""
