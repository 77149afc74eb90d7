"""Deals go on and end: payment on request, termination with the sector, and the market's cron.

A deal that has begun is paid for when anyone asks, by SettleDealPayments; cron looks at it once, at
its start, to see whether its data came in time (FIP-0074). Deals that were settled before cron came
to them it settles itself, once in every interval, as it did with all deals once.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.dispatch import method
from papyrus.actors.market.bounds import first_update_epoch
from papyrus.actors.market.deals import DealProposal, DealState
from papyrus.actors.market.events import COMPLETED, TERMINATED, emit_deal
from papyrus.actors.market.identity import deal_cid
from papyrus.actors.market.ledger import Ledger
from papyrus.actors.market.params import (
    CRON_TICK,
    EX_DEAL_EXPIRED,
    ON_MINER_SECTORS_TERMINATE,
    SETTLE_DEAL_PAYMENTS,
    DealSettlementSummary,
    OnMinerSectorsTerminateParams,
    SettleDealPaymentsReturn,
)
from papyrus.actors.market.settlement import (
    TimedOut,
    TooEarly,
    Update,
    active_state,
    settle,
    terminate,
)
from papyrus.actors.market.state import PROPOSALS, STATES, State
from papyrus.actors.singletons import BURNT_FUNDS, CRON
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_SEND
from papyrus.vm.aborts import assertion_failed, illegal_argument, illegal_state
from papyrus.vm.runtime import Runtime

MAX_SETTLED_DEALS = (1 << 20) // 3
"""What is said of one deal takes three bytes at least, and an answer is one block.

The released actors would do all the work for more deals before they failed.
"""


@dataclass(slots=True)
class _Gone:
    """Deals to be forgotten in their sectors, by provider and sector."""

    deals: dict[int, dict[int, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, deal_id: int, proposal: DealProposal, state: DealState) -> None:
        """Remember a deal."""
        self.deals[proposal.provider.id][state.sector_number].append(deal_id)


@method(SETTLE_DEAL_PAYMENTS)
def settle_deal_payments(rt: Runtime, deal_ids: BitField) -> SettleDealPaymentsReturn:
    """Pay what is due for deals by now, whoever asks, and return what came of each.

    A deal whose data did not come in time fails with 32, as does one that is over, and the
    provider's collateral is burnt.
    """
    rt.accept_any_caller()
    if len(deal_ids) > MAX_SETTLED_DEALS:
        raise assertion_failed(f"the outcomes of {len(deal_ids)} deals fit in no block")
    ledger = Ledger(rt.store, rt.load(State))
    settlement = _Settlement(rt, ledger)
    codes = [settlement.settle(deal_id) for deal_id in deal_ids]
    ledger.remove_sector_deals(settlement.gone.deals)
    rt.save(ledger.close())
    _burn(rt, settlement.slashed)
    return SettleDealPaymentsReturn(BatchReturn.of(codes), tuple(settlement.summaries))


@method(ON_MINER_SECTORS_TERMINATE)
def on_miner_sectors_terminate(rt: Runtime, params: OnMinerSectorsTerminateParams) -> None:
    """End the deals in sectors of the calling miner that are not over yet.

    They are paid for until now, the client gets the rest back, and the provider's collateral is
    burnt (FIP-0074: at once, and not by cron).
    """
    rt.require_caller_type("storageminer")
    state = rt.load(State)
    ledger = Ledger(rt.store, state)
    proposals = PROPOSALS.open(rt.store, state.proposals)
    states = STATES.open(rt.store, state.states)
    slashed = ZERO
    for deal_id in ledger.pop_sector_deals(rt.caller_id, params.sectors):
        proposal = proposals.get(deal_id)
        if proposal is None:
            continue
        if proposal.provider != rt.caller:
            raise illegal_state(
                f"caller {rt.caller} is not the provider {proposal.provider} of deal {deal_id}"
            )
        if proposal.end_epoch <= params.epoch:
            continue
        deal_state = states.get(deal_id)
        if deal_state is None:
            raise illegal_argument(f"no state for deal {deal_id}")
        if not deal_state.ever_updated:
            ledger.pending.discard(deal_cid(rt, proposal))
        slashed += terminate(ledger, proposal, deal_state, params.epoch)
        ledger.remove_completed_deal(deal_id)
        emit_deal(rt, TERMINATED, deal_id, proposal)
    rt.save(ledger.close())
    _burn(rt, slashed)


@method(CRON_TICK)
def cron_tick(rt: Runtime, _: None) -> None:
    """Look at the deals of every epoch since the last tick: clean up those whose data did not come.

    A deal that was settled before is settled again and looked at once more after an interval.
    """
    rt.require_caller(CRON)
    ledger = Ledger(rt.store, rt.load(State))
    tick = _Tick(rt, ledger)
    epochs = range(ledger.last_cron + 1, rt.epoch + 1)
    for epoch in epochs:
        for deal_id in ledger.schedule.get(epoch) or ():
            tick.look_at(deal_id)
    ledger.remove_sector_deals(tick.gone.deals)
    for epoch in epochs:
        ledger.schedule.remove_all(epoch)
    for epoch, deal_ids in sorted(tick.next_looks.items()):
        ledger.schedule.add(epoch, deal_ids)
    ledger.last_cron = rt.epoch
    rt.save(ledger.close())
    _burn(rt, tick.slashed)


class _Settlement:
    """The settlement of deals, one after the other."""

    def __init__(self, rt: Runtime, ledger: Ledger) -> None:
        """Begin with nothing settled."""
        self._rt = rt
        self._ledger = ledger
        self.slashed = ZERO
        self.gone = _Gone()
        self.summaries: list[DealSettlementSummary] = []

    def settle(self, deal_id: int) -> int:
        """Settle a deal and return the exit code of that."""
        rt, ledger = self._rt, self._ledger
        try:
            proposal = ledger.get_proposal(deal_id)
        except ActorError:
            return EX_DEAL_EXPIRED
        cid = deal_cid(rt, proposal)
        try:
            state = active_state(ledger, rt.epoch, deal_id, proposal, cid)
        except ActorError as error:
            return error.exit_code
        if isinstance(state, TooEarly):
            self.summaries.append(DealSettlementSummary(ZERO, completed=False))
            return ExitCode.OK
        if isinstance(state, TimedOut):
            self.slashed += state.slashed
            return EX_DEAL_EXPIRED
        if state.is_slashed:
            raise illegal_argument(
                f"deal {deal_id} is marked for termination and cannot be settled"
            )
        try:
            update = settle(ledger, state, proposal, cid, rt.epoch)
        except ActorError as error:
            return error.exit_code
        if update.over:
            ledger.remove_completed_deal(deal_id)
            self.gone.add(deal_id, proposal, state)
        else:
            ledger.states.set(deal_id, replace(state, last_updated_epoch=rt.epoch))
        self.summaries.append(DealSettlementSummary(update.payment, update.over))
        _announce_end(rt, deal_id, proposal, update)
        return ExitCode.OK


class _Tick:
    """What cron does with the deals of the epochs since it last ran."""

    def __init__(self, rt: Runtime, ledger: Ledger) -> None:
        """Begin with no deal looked at."""
        self._rt = rt
        self._ledger = ledger
        self.slashed = ZERO
        self.gone = _Gone()
        self.next_looks: dict[int, list[int]] = defaultdict(list)

    def look_at(self, deal_id: int) -> None:
        """Do what is due for a deal."""
        rt, ledger = self._rt, self._ledger
        proposal = ledger.find_proposal(deal_id)
        if proposal is None:
            # It ended before its turn.
            return
        cid = deal_cid(rt, proposal)
        state = active_state(ledger, rt.epoch, deal_id, proposal, cid)
        if isinstance(state, TooEarly):
            raise illegal_state(
                f"deal {deal_id} processed before start epoch {proposal.start_epoch}"
            )
        if isinstance(state, TimedOut):
            self.slashed += state.slashed
            return
        if not state.ever_updated:
            if not ledger.pending.discard(cid):
                raise illegal_state("failed to delete pending proposal: does not exist")
            return
        update = settle(ledger, state, proposal, cid, rt.epoch)
        if update.over:
            self.slashed += update.slashed
            ledger.remove_completed_deal(deal_id)
            self.gone.add(deal_id, proposal, state)
        else:
            ledger.states.set(deal_id, replace(state, last_updated_epoch=rt.epoch))
            interval = rt.policy.deal_updates_interval
            next_look = first_update_epoch(deal_id, interval, rt.epoch + 1)
            self.next_looks[next_look].append(deal_id)
        _announce_end(rt, deal_id, proposal, update)


def _announce_end(rt: Runtime, deal_id: int, proposal: DealProposal, update: Update) -> None:
    """Announce that a deal has ended, if it has, and how."""
    if update.over:
        emit_deal(rt, COMPLETED if update.completed else TERMINATED, deal_id, proposal)


def _burn(rt: Runtime, amount: TokenAmount) -> None:
    """Burn funds, if there are any to burn."""
    if amount > 0:
        rt.send(BURNT_FUNDS, METHOD_SEND, value=amount)
