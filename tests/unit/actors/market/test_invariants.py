"""What the check of a market finds in states that are wrong in one way each."""

from dataclasses import replace

import pytest
from actor_vm import ActorVm
from markets import (
    CLIENT,
    START,
    active,
    findings_of,
    initial_market,
    put_deals,
    put_market,
    stored,
)

from papyrus.actors.common.findings import Findings
from papyrus.actors.market.invariants import check_state_invariants
from papyrus.actors.market.ledger import Ledger
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount

MINER, OTHER_MINER = 110, 111
DEALS = {
    0: (stored(MINER, 0, verified_deal=True), None),
    1: (stored(MINER, 1), active(7)),
}


@pytest.fixture
def one():
    """Return a machine with a sound market."""
    vm = ActorVm("native", epoch=600)
    put_market(vm)
    put_deals(vm, DEALS, schedule={START: [0, 1]}, allocations={0: 5}, last_cron=599)
    return vm


def changed(one, change):
    """Return what is found after a change to the opened market."""
    ledger = Ledger(one.base, initial_market(one))
    change(ledger)
    balance = one.actors[5].balance
    one.put_actor(5, "storagemarket", ledger.close(), balance=balance)
    return findings_of(one)


def test_a_sound_market_is_summed_up(one):
    findings = Findings()
    state = initial_market(one)
    summary = check_state_invariants(one.base, state, one.actors[5].balance, 600, findings)
    assert findings.sentences == []
    assert (summary.deals, summary.providers) == (2, {MINER})
    assert summary.sector_deals == 1
    assert summary.allocations == {5: 0}
    assert (summary.pending_proposals, summary.deal_states) == (2, 1)
    assert (summary.locked_balances, summary.scheduled_epochs, summary.scheduled_deals) == (2, 1, 2)


def _wrong_totals(ledger):
    for reason in ledger.balances.totals:
        ledger.balances.totals[reason] = TokenAmount(-1)


def _named(terms):
    return replace(terms, client=CLIENT.key, provider=Address.actor(b"robust"))


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (_wrong_totals, "negative total client locked collateral"),
        (lambda m: m.proposals.set(0, _named(DEALS[0][0])), "client address for deal 0 is not"),
        (lambda m: setattr(m, "next_id", 1), "next id, 1, is not greater than highest id"),
        (lambda m: m.allocations.set(9, 9), "pending deal allocation 9 not found"),
        (lambda m: m.states.set(9, active(3)), "no deal proposal for deal state 9"),
        (lambda m: m.states.set(0, active(7)), "deal 0 has pending allocation"),
        (lambda m: m.states.set(1, active(7, since=-1)), "deal 1: state start epoch undefined"),
        (lambda m: m.states.set(1, active(7, updated=499)), "updated before sector start"),
        (lambda m: m.states.set(1, active(7, updated=601)), "updated after current epoch 600"),
        (lambda m: m.states.set(1, active(7, slashed=499)), "slashed before sector start"),
        (lambda m: m.states.set(1, active(7, slashed=601)), "slashed after current epoch 600"),
        (lambda m: m.states.set(1, active(7, slashed=600)), "sector deal 1: is slashed"),
        (lambda m: m.states.set(1, active(8)), "does not match proposal sector 8"),
        (lambda m: m.states.delete(1), "provider sector deal 1: has no state"),
        (lambda m: m.sectors.delete(MINER, 7), "active deal 1 not found in provider sector deals"),
        (lambda m: m.sectors.set(OTHER_MINER, 7, (1,)), "provider 111 does not match"),
        (lambda m: m.sectors.set(MINER, 8, (9,)), "sector deal 9: not found in proposals"),
        (lambda m: m.sectors.set(MINER, 8, (2**64 - 1,)), f"deal {2**64 - 1}: not found in"),
        (lambda m: m.sectors.set(MINER, 7, (1, 1)), "provider 110 has a deal twice in sector 7"),
        (lambda m: m.pending.add(Cid.of(b"")), "not found within proposals"),
        (
            lambda m: m.balances.escrow.add(CLIENT.address, TokenAmount(-1)),
            "greater than escrow amount",
        ),
        (
            lambda m: m.balances.locked.add(CLIENT.address, TokenAmount(-1)),
            "does not sum to provider locked",
        ),
        (
            lambda m: m.balances.escrow.add(CLIENT.address, TokenAmount(1)),
            "greater than actor balance",
        ),
        (
            lambda m: m.balances.escrow.amounts.delete(CLIENT.address),
            "less than sum of proposal collateral",
        ),
        (lambda m: m.schedule.remove(START, 0), "missing deal ops for proposals: 0"),
    ],
)
def test_a_wrong_market_is_found_out(one, change, finding):
    assert any(finding in sentence for sentence in changed(one, change))


@pytest.mark.parametrize(
    "field", ["proposals", "states", "pending_proposals", "escrow_table", "deal_ops_by_epoch"]
)
def test_what_is_no_collection_is_reported(one, field):
    block = b"\x83\x01\x02\x03"
    one.base.put(Cid.of(block), block)
    state = replace(initial_market(one), **{field: Cid.of(block)})
    findings = Findings()
    check_state_invariants(one.base, state, ZERO, 600, findings)
    assert any(sentence.startswith("error iterating") for sentence in findings.sentences)
