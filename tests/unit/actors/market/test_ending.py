"""SettleDealPayments, OnMinerSectorsTerminate and CronTick."""

from dataclasses import replace

import pytest
from markets import (
    BURNT,
    CLIENT,
    OTHER_CLIENT,
    START,
    active,
    escrow,
    findings_of,
    initial_market,
    market,
    put_deals,
    settle,
    stored,
    terminate,
)

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.market.bounds import MIN_DURATION
from papyrus.actors.market.ending import MAX_SETTLED_DEALS
from papyrus.actors.market.params import (
    CRON_TICK,
    EX_DEAL_EXPIRED,
    SETTLE_DEAL_PAYMENTS,
    DealSettlementSummary,
    SettleDealPaymentsReturn,
)
from papyrus.actors.market.state import (
    DEAL_OPS,
    PENDING_PROPOSALS,
    PROPOSALS,
    PROVIDER_SECTORS,
    STATES,
)
from papyrus.actors.singletons import CRON, STORAGE_MARKET
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.payloads import encoded

MINER, OTHER_MINER = 110, 111
END = START + MIN_DURATION
PRICE, PROVIDERS, CLIENTS = 10, 200, 100
INTERVAL = 86_400


def put(vm, deals, **fields):
    """Put deals into the state, each scheduled for its start unless told otherwise."""
    schedule = {}
    for deal_id, (terms, _) in deals.items():
        schedule.setdefault(terms.start_epoch, []).append(deal_id)
    vm.each(lambda one: put_deals(one, deals, **{"schedule": schedule, **fields}))


def at(vm, epoch):
    vm.each(lambda one: one.change(epoch=epoch))


def settled(vm, *deal_ids):
    outcome = settle(vm, *deal_ids)
    assert outcome.code == 0, outcome.failure
    return SettleDealPaymentsReturn.from_cbor(outcome.value)


def summary(payment, *, completed=False):
    return DealSettlementSummary(TokenAmount(payment), completed)


def said(outcome):
    return [
        (event.event.entries[0].value[1:].decode(), event.event.entries[1].value[-1])
        for event in outcome.events
    ]


def proposals(vm):
    return sorted(_array(vm, PROPOSALS, "proposals"))


def states(vm):
    return _array(vm, STATES, "states")


def _array(vm, shape, name):
    root = getattr(market(vm.one), name)
    return dict(shape.open(vm.one.machine.store, root).items())


def pending(vm):
    root = market(vm.one).pending_proposals
    return len(list(PENDING_PROPOSALS.open(vm.one.machine.store, root)))


def scheduled(vm):
    schedule = DEAL_OPS.open(vm.one.machine.store, market(vm.one).deal_ops_by_epoch)
    return {epoch: sorted(schedule.get(epoch)) for epoch in schedule.keys()}  # noqa: SIM118 - no dict


def in_sectors(vm, miner=MINER):
    found = PROVIDER_SECTORS.open(vm.one.machine.store, market(vm.one).provider_sectors)
    return dict(found.inner(miner).items())


# SettleDealPayments.


def test_a_deal_is_paid_for_as_epochs_pass(vm):
    put(vm, {0: (stored(MINER), active(7))})
    at(vm, START + 5)
    assert settled(vm, 0) == SettleDealPaymentsReturn(BatchReturn.of([0]), (summary(50),))
    assert escrow(vm, MINER) == (PROVIDERS + 50, PROVIDERS)
    assert states(vm) == {0: active(7, updated=START + 5)}
    assert pending(vm) == 0
    at(vm, START + 7)
    assert settled(vm, 0).settlements == (summary(20),)
    assert settled(vm, 0).settlements == (summary(0),)


def test_a_deal_completes_at_its_end(vm):
    put(vm, {0: (stored(MINER), active(7)), 1: (stored(MINER, 1), active(7))})
    at(vm, END - 1)
    assert settled(vm, 0).settlements == (summary(PRICE * (MIN_DURATION - 1)),)
    at(vm, END)
    outcome = settle(vm, 0)
    answer = SettleDealPaymentsReturn.from_cbor(outcome.value)
    assert answer.settlements == (summary(PRICE, completed=True),)
    assert said(outcome) == [("deal-completed", 0)]
    assert proposals(vm) == [1]
    assert in_sectors(vm) == {7: (1,)}
    at(vm, END + 1000)
    assert settled(vm, 1).settlements == (summary(PRICE * MIN_DURATION, completed=True),)
    assert in_sectors(vm) == {}
    assert escrow(vm, CLIENT.id) == (2 * CLIENTS, 0)
    assert escrow(vm, MINER) == (2 * PRICE * MIN_DURATION + 2 * PROVIDERS, 0)
    assert findings_of(vm.one) == []


def test_a_deal_that_has_not_begun_costs_nothing(vm):
    put(vm, {0: (stored(MINER), active(7)), 1: (stored(MINER, 1), None)})
    at(vm, START - 1)
    assert settled(vm, 0, 1) == SettleDealPaymentsReturn(
        BatchReturn.of([0, 0]), (summary(0), summary(0))
    )
    assert states(vm) == {0: active(7, updated=START - 1)}
    assert pending(vm) == 1


def test_a_deal_whose_data_did_not_come_is_cleaned_up(vm):
    put(vm, {0: (stored(MINER), None), 1: (stored(MINER, 1), active(7))}, allocations={0: 5})
    at(vm, START)
    answer = settled(vm, 0, 1, 2)
    assert answer == SettleDealPaymentsReturn(
        BatchReturn.of([EX_DEAL_EXPIRED, 0, EX_DEAL_EXPIRED]), (summary(0),)
    )
    assert vm.one.balance(BURNT) == PROVIDERS
    assert proposals(vm) == [1]
    assert escrow(vm, CLIENT.id)[1] == escrow(vm, CLIENT.id)[0] - CLIENTS - PRICE * MIN_DURATION
    assert findings_of(vm.one) == []


def test_deals_in_one_sector_end_together(vm):
    put(vm, {number: (stored(MINER, number), active(7)) for number in range(3)})
    at(vm, END)
    outcome = settle(vm, 0, 1, 2)
    assert [deal_id for _, deal_id in said(outcome)] == [0, 1, 2]
    assert in_sectors(vm) == {}


def test_a_deal_that_was_not_pending_cannot_time_out(vm):
    put(vm, {0: (stored(MINER), None)}, pending=[])
    at(vm, START)
    assert settled(vm, 0).results == BatchReturn.of([ExitCode.USR_ILLEGAL_STATE])


def test_a_deal_updated_in_the_future_is_not_settled(vm):
    put(vm, {0: (stored(MINER), active(7, updated=START + 9)), 1: (stored(MINER, 1), active(8))})
    at(vm, START + 8)
    assert settled(vm, 0, 1) == SettleDealPaymentsReturn(
        BatchReturn.of([ExitCode.USR_ILLEGAL_STATE, 0]), (summary(80),)
    )


def test_a_deal_without_a_start_of_its_sector_does_not_complete(vm):
    put(vm, {0: (stored(MINER), active(7, since=-1))})
    at(vm, END)
    assert settled(vm, 0).results == BatchReturn.of([ExitCode.USR_ILLEGAL_STATE])


def test_a_deal_marked_for_termination_stops_all(vm):
    put(vm, {0: (stored(MINER), active(7)), 1: (stored(MINER, 1), active(7, slashed=START))})
    at(vm, START + 1)
    assert settle(vm, 0, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_nothing_is_settled_of_nothing(vm):
    assert settled(vm) == SettleDealPaymentsReturn(BatchReturn.of([]), ())


def test_more_deals_than_an_answer_has_room_for_are_refused_at_once(vm):
    vm = vm.one
    params = encoded(BitField, BitField.from_ranges([(0, MAX_SETTLED_DEALS + 1)]))
    refused = vm.send(CLIENT.id, STORAGE_MARKET, SETTLE_DEAL_PAYMENTS, params)
    assert refused.code == ExitCode.USR_ASSERTION_FAILED


# OnMinerSectorsTerminate.


def test_a_terminated_deal_is_paid_until_then_and_the_provider_slashed(vm):
    put(vm, {0: (stored(MINER), active(7)), 1: (stored(MINER, 1), active(8))})
    at(vm, START + 30)
    outcome = terminate(vm, MINER, 7, 9, epoch=START + 30)
    assert (outcome.code, outcome.value) == (0, b"")
    assert said(outcome) == [("deal-terminated", 0)]
    assert vm.one.balance(BURNT) == PROVIDERS
    assert escrow(vm, MINER) == (PROVIDERS + 300, PROVIDERS)
    held, locked = escrow(vm, CLIENT.id)
    assert held - locked == CLIENTS + PRICE * MIN_DURATION - 300
    assert in_sectors(vm) == {8: (1,)}
    assert (proposals(vm), pending(vm)) == ([1], 1)
    assert findings_of(vm.one) == []


@pytest.mark.parametrize("epoch", [-1, 0, START - 1, START, START + 10, END - 1])
@pytest.mark.parametrize("updated", [-1, START - 5, START + 5])
def test_termination_at_any_time(vm, epoch, updated):
    put(vm, {0: (stored(MINER), active(7, updated=updated))})
    at(vm, START + 20)
    outcome = terminate(vm, MINER, 7, epoch=epoch)
    paid_before = max(START, updated)
    if updated > max(START, epoch):
        # More would be given back than is left.
        assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
        return
    assert outcome.code == 0
    assert escrow(vm, MINER) == (PRICE * max(0, epoch - paid_before), 0)
    assert proposals(vm) == []


def test_what_was_paid_after_the_sector_ended_is_given_back_from_other_deals(vm):
    other = stored(MINER, 1, start_epoch=START + 100)
    put(vm, {0: (stored(MINER), active(7, updated=START + 20)), 1: (other, active(8))})
    at(vm, START + 20)
    assert terminate(vm, MINER, 7, epoch=START + 5).code == 0
    assert escrow(vm, CLIENT.id)[1] == other.client_balance_requirement - 15 * PRICE


@pytest.mark.parametrize("epoch", [END, END + 1])
def test_a_deal_that_has_expired_is_not_slashed(vm, epoch):
    put(vm, {0: (stored(MINER), active(7))})
    at(vm, END)
    assert terminate(vm, MINER, 7, epoch=epoch).code == 0
    assert vm.one.balance(BURNT) == 0
    assert (proposals(vm), in_sectors(vm)) == ([0], {})
    assert findings_of(vm.one) == []


def test_deals_that_are_gone_are_passed_over(vm):
    deals = {0: (stored(MINER), active(7)), 1: (stored(MINER, 1), active(7))}

    def fill(one):
        put_deals(one, deals)
        state = initial_market(one)
        shape = PROPOSALS.open(one.base, state.proposals)
        shape.delete(0)
        one.put_actor(5, "storagemarket", replace(state, proposals=shape.flush()), balance=10**9)

    vm.each(fill)
    at(vm, START)
    assert said(terminate(vm, MINER, 7, epoch=START)) == [("deal-terminated", 1)]


def test_a_sector_of_another_is_not_terminated(vm):
    put(vm, {0: (stored(MINER), active(7))})
    assert terminate(vm, OTHER_MINER, 7, epoch=START).code == 0
    assert proposals(vm) == [0]


def test_a_deal_of_another_in_ones_sector_aborts(vm):
    deals = {0: (stored(MINER), active(7))}

    def fill(one):
        put_deals(one, deals)
        state = initial_market(one)
        sectors = PROVIDER_SECTORS.open(one.base, state.provider_sectors)
        sectors.set(OTHER_MINER, 3, (0,))
        state = replace(state, provider_sectors=sectors.flush())
        one.put_actor(5, "storagemarket", state, balance=10**9)

    vm.each(fill)
    assert terminate(vm, OTHER_MINER, 3, epoch=START).code == ExitCode.USR_ILLEGAL_STATE


def test_a_deal_without_a_state_aborts(vm):
    deals = {0: (stored(MINER), active(7))}

    def fill(one):
        put_deals(one, deals)
        state = initial_market(one)
        states = STATES.open(one.base, state.states)
        states.delete(0)
        state = replace(state, states=states.flush())
        one.put_actor(5, "storagemarket", state, balance=10**9)

    vm.each(fill)
    assert terminate(vm, MINER, 7, epoch=START).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_only_miners_terminate(vm):
    assert terminate(vm, CLIENT.id, 7, epoch=START).code == ExitCode.USR_FORBIDDEN


# CronTick.


def tick(vm):
    return vm.send(CRON, STORAGE_MARKET, CRON_TICK)


def test_cron_cleans_up_what_did_not_come_and_leaves_the_rest(vm):
    deals = {
        0: (stored(MINER, 0), None),
        1: (stored(MINER, 1, OTHER_CLIENT), active(7)),
        2: (stored(MINER, 2, start_epoch=START + 1), None),
    }
    put(vm, deals, allocations={0: 9}, last_cron=START - 1)
    at(vm, START)
    outcome = tick(vm)
    assert (outcome.code, said(outcome)) == (0, [])
    assert vm.one.balance(BURNT) == PROVIDERS
    assert (proposals(vm), pending(vm)) == ([1, 2], 1)
    assert scheduled(vm) == {START + 1: [2]}
    assert market(vm.one).last_cron == START
    assert states(vm) == {1: active(7)}
    assert findings_of(vm.one) == []


def test_cron_catches_up_with_epochs_it_missed(vm):
    deals = {n: (stored(MINER, n, start_epoch=START + n), None) for n in range(5)}
    put(vm, deals, last_cron=START - 10)
    at(vm, START + 3)
    assert tick(vm).code == 0
    assert proposals(vm) == [4]
    assert vm.one.balance(BURNT) == 4 * PROVIDERS


def test_cron_settles_what_was_settled_before_and_looks_again(vm):
    deals = {
        5: (stored(MINER, 5), active(7, updated=START + 1)),
        6: (stored(MINER, 6), active(8, updated=END - 3)),
    }
    put(vm, deals, schedule={START + 4: [5], END: [6]}, last_cron=START + 3)
    at(vm, START + 4)
    assert said(tick(vm)) == []
    assert states(vm)[5] == active(7, updated=START + 4)
    assert scheduled(vm) == {INTERVAL + 5: [5], END: [6]}
    assert escrow(vm, MINER)[0] == 2 * PROVIDERS + 3 * PRICE


def test_cron_completes_what_is_over(vm):
    put(
        vm,
        {6: (stored(MINER, 6), active(8, updated=END - 3))},
        schedule={END + 2: [6]},
        last_cron=END + 1,
    )
    at(vm, END + 2)
    assert said(tick(vm)) == [("deal-completed", 6)]
    assert (proposals(vm), in_sectors(vm), scheduled(vm)) == ([], {}, {})
    assert escrow(vm, CLIENT.id) == (CLIENTS, 0)
    assert findings_of(vm.one) == []


@pytest.mark.parametrize("updated", [START - 50, START + 2])
def test_cron_cleans_up_deals_marked_for_termination(vm, updated):
    slashed = START + 6
    deals = {
        6: (stored(MINER, 6), active(8, updated=updated, slashed=slashed)),
        7: (stored(MINER, 7), active(8, updated=updated)),
    }
    put(vm, deals, schedule={START + 10: [6]}, last_cron=START + 9)
    at(vm, START + 10)
    assert said(tick(vm)) == [("deal-terminated", 6)]
    assert vm.one.balance(BURNT) == PROVIDERS
    assert in_sectors(vm) == {8: (7,)}
    assert escrow(vm, MINER)[0] == PROVIDERS + PRICE * (slashed - max(START, updated))


@pytest.mark.parametrize("slashed", [START + 11, END + 1])
def test_a_deal_slashed_in_the_future_stops_cron(vm, slashed):
    deals = {6: (stored(MINER, 6), active(8, updated=START, slashed=slashed))}
    now = START + 10 if slashed < END else END + 10
    put(vm, deals, schedule={now: [6]}, last_cron=now - 1)
    at(vm, now)
    assert tick(vm).code == ExitCode.USR_ILLEGAL_STATE


def test_a_deal_looked_at_too_early_stops_cron(vm):
    put(vm, {0: (stored(MINER), None)}, schedule={5: [0]}, last_cron=4)
    at(vm, 5)
    assert tick(vm).code == ExitCode.USR_ILLEGAL_STATE


def test_a_new_deal_that_is_not_pending_stops_cron(vm):
    put(vm, {0: (stored(MINER), active(7))}, pending=[], last_cron=START - 1)
    at(vm, START)
    assert tick(vm).code == ExitCode.USR_ILLEGAL_STATE


def test_deals_that_ended_before_their_turn_are_passed_over(vm):
    put(vm, {0: (stored(MINER), None)}, schedule={5: [1, 2, 3]}, last_cron=4)
    at(vm, 5)
    assert tick(vm).code == 0
    assert scheduled(vm) == {}


def test_only_cron_ticks(vm):
    assert vm.send(CLIENT.id, STORAGE_MARKET, CRON_TICK).code == ExitCode.USR_FORBIDDEN
    assert vm.send(CRON, STORAGE_MARKET, CRON_TICK, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT
