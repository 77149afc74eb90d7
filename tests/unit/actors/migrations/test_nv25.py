"""Miners with live power and fees, contracts with transient storage."""

import pytest
from old_states import CONTRACTS, HEIGHT, MINERS, build

from papyrus.actors.migrations import migrate
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import get_cbor
from papyrus.primitives.amounts import decode_bigint
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import upgrade
from papyrus.vm.state_tree import StateTree


@pytest.fixture(scope="module")
def states():
    """Return the old state, and a function that gives an actor's states before and after."""
    state = build(25)
    row = upgrade(HEIGHT, 25)
    root = migrate(state.store, state.root, row, state.new_manifest, MigrationFacts())
    tree = StateTree(state.store, root)

    def both(actor_id):
        heads = (state.actors[actor_id].head, tree.get(actor_id).head)
        return [get_cbor(state.store, head) for head in heads]

    return state, both


@pytest.mark.parametrize(("miner_id", "funds"), [*zip(MINERS, (0, 1, 2), strict=True)])
def test_vesting_funds_are_parted_into_the_next_and_the_rest(states, miner_id, funds):
    state, both = states
    old, new = both(miner_id)
    (kept,) = get_cbor(state.store, old[3])
    assert len(kept) == funds
    if funds:
        head, tail = new[3]
        assert [head, *get_cbor(state.store, tail)] == kept
    else:
        assert new[3] is None


def test_the_rest_of_a_miner_stays(states):
    old, new = states[1](MINERS[0])
    assert [a for place, a in enumerate(old) if place not in {3, 12}] == [
        a for place, a in enumerate(new) if place not in {3, 12}
    ]


def test_each_deadline_counts_its_live_power_and_owes_no_fee(states):
    state, both = states
    old, new = both(MINERS[0])
    (before,), (after,) = get_cbor(state.store, old[12]), get_cbor(state.store, new[12])
    sums = []
    for mine, theirs in zip(before, after, strict=True):
        one, other = get_cbor(state.store, mine), get_cbor(state.store, theirs)
        assert other[:11] == one
        powers = [value[7] for _, value in Amt(state.store, one[0]).items()]
        raw, quality = (sum(decode_bigint(power[at]) for power in powers) for at in (0, 1))
        assert list(map(decode_bigint, other[11])) == [raw, quality]
        assert other[12] == b""
        sums.append(raw)
    assert len(after) == 48
    assert len(set(sums)) > 10


@pytest.mark.parametrize("contract_id", CONTRACTS)
def test_a_contract_gets_an_empty_place_for_transient_storage(states, contract_id):
    old, new = states[1](contract_id)
    assert new == [*old[:3], None, *old[3:]]
    assert (new[5] is None) == (contract_id == CONTRACTS[0])
