"""The circulating supply."""

from dataclasses import replace

import pytest

from papyrus.consensus.supply import circulating_supply
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault, UnsupportedNetworkVersion
from papyrus.rules.networks import LOTUS_ITEST, MAINNET
from papyrus.vm.state_tree import StateTree


def test_supply_sums_its_parts(chain):
    supply = circulating_supply(LOTUS_ITEST, 0, StateTree(chain.store, chain.state))
    assert supply.vested == 6_898_560
    assert supply.mined == 500
    assert supply.burnt == 30
    assert supply.locked == 70
    assert supply.reserve_disbursed == 40
    assert supply.circulating == 6_898_560 + 500 + 40 - 30 - 70


def test_market_collateral_counts_as_locked_before_nv23(chain):
    network = LOTUS_ITEST.with_upgrades([(-1, 22)])
    supply = circulating_supply(network, 0, StateTree(chain.store, chain.state))
    assert supply.locked == 77


def test_reserve_counts_only_above_its_height(chain):
    network = replace(LOTUS_ITEST, reserve_counts_after=5)
    tree = StateTree(chain.store, chain.state)
    assert circulating_supply(network, 5, tree).reserve_disbursed == 0
    assert circulating_supply(network, 6, tree).reserve_disbursed == 40


def test_supply_is_never_negative(chain):
    network = replace(LOTUS_ITEST, teep_reserve=TokenAmount(0))
    supply = circulating_supply(network, 0, StateTree(chain.store, chain.state))
    assert supply.reserve_disbursed < 0
    assert supply.circulating == 0


def test_a_state_without_the_reward_actor_is_refused(chain):
    tree = StateTree(chain.store, chain.state)
    tree.delete(2)
    with pytest.raises(LocalFault, match="no actor 2"):
        circulating_supply(LOTUS_ITEST, 0, tree)


def test_a_state_of_another_shape_is_refused(chain):
    tree = StateTree(chain.store, chain.state)
    tree.set(4, tree.get(4).with_head(put_cbor(chain.store, [])))
    with pytest.raises(LocalFault, match="actor 4 has no amount"):
        circulating_supply(LOTUS_ITEST, 0, tree)


def test_heights_older_than_the_rules_are_refused(chain):
    with pytest.raises(UnsupportedNetworkVersion):
        circulating_supply(MAINNET, 1000, StateTree(chain.store, chain.state))
