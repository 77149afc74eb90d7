"""The reserve becomes an account that nobody can sign for."""

import pytest
from old_states import HEIGHT, build, code

from papyrus.actors.migrations import migrate
from papyrus.ipld.blockstore import load
from papyrus.primitives.errors import Fatal
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import upgrade
from papyrus.vm.state_tree import StateTree


def run(state) -> StateTree:
    row = upgrade(HEIGHT, 23)
    root = migrate(state.store, state.root, row, state.new_manifest, MigrationFacts())
    return StateTree(state.store, root)


def test_the_reserve_becomes_an_account_of_itself_and_keeps_its_funds():
    state = build(23, sectors=0)
    reserve = run(state).get(90)
    assert reserve.code == code("account", "new")
    assert load(state.store, reserve.head) == bytes.fromhex("8142005a")
    assert reserve.balance == state.actors[90].balance
    assert reserve.nonce == state.actors[90].nonce


def test_every_other_multisig_stays_one():
    state = build(23, sectors=0)
    other = run(state).get(91)
    assert (other.code, other.head) == (code("multisig", "new"), state.actors[91].head)


def test_a_reserve_that_is_no_multisig_stays_as_it_is():
    state = build(23, sectors=0)
    state.add(90, "account", state.put([1]))
    reserve = run(state).get(90)
    assert (reserve.code, reserve.head) == (code("account", "new"), state.put([1]))


def test_a_state_without_a_reserve_is_refused():
    state = build(23, sectors=0)
    del state.actors[90]
    with pytest.raises(Fatal, match="the state has no reserve actor, f090"):
        run(state)
