"""The power actor learns of the pledge's ramp."""

import pytest
from old_states import HEIGHT, build

from papyrus.actors.migrations import migrate
from papyrus.ipld.blockstore import get_cbor
from papyrus.primitives.errors import Fatal
from papyrus.rules.network import MigrationFacts
from papyrus.rules.networks import CALIBNET, DEVNET, LOTUS_ITEST, MAINNET
from papyrus.rules.schedule import Upgrade
from papyrus.vm.state_tree import StateTree


@pytest.mark.parametrize(
    ("network", "height", "ramp"),
    [
        (MAINNET, 4_461_240, [4_461_240, 1_051_200]),
        (CALIBNET, 2_078_794, [2_078_794, 8_640]),
        (LOTUS_ITEST, 100, [4_461_240, 1_051_200]),
        (DEVNET, 30, [30, 200]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_ramp_stands_between_the_counts_and_the_queue(network, height, ramp):
    state = build(24, sectors=0)
    row = Upgrade(height, 24, migrates=True)
    root = migrate(state.store, state.root, row, state.new_manifest, network.migrations)
    old = get_cbor(state.store, state.actors[4].head)
    new = get_cbor(state.store, StateTree(state.store, root).get(4).head)
    assert new == [*old[:11], *ramp, *old[11:]]


@pytest.mark.parametrize("facts", [MigrationFacts(pledge_ramp_start=0), MigrationFacts(None, 5, 0)])
def test_a_ramp_that_cannot_be_is_refused(facts):
    state = build(24, sectors=0)
    row = Upgrade(HEIGHT, 24, migrates=True)
    with pytest.raises(Fatal, match="the pledge's ramp cannot start at height"):
        migrate(state.store, state.root, row, state.new_manifest, facts)
