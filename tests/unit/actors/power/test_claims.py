from dataclasses import replace

import pytest

from papyrus.actors.power.claims import Ledger
from papyrus.actors.power.state import empty
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.rules.policy import TESTING_POLICY

MINER = Address.from_id(1000)


@pytest.mark.parametrize(("minimum", "counted"), [(0, 1), (1, 0)])
def test_a_new_miner_counts_where_nothing_is_asked_of_it(minimum, counted):
    store = MemoryBlockstore()
    policy = replace(TESTING_POLICY, minimum_consensus_power=minimum)
    ledger = Ledger(store, empty(store), policy)
    ledger.add_miner(MINER, 10)
    assert ledger.finish().miner_above_minimum_power_count == counted


def test_a_ledger_that_is_emptied_is_that_of_the_beginning():
    store = MemoryBlockstore()
    before = empty(store)
    ledger = Ledger(store, before, TESTING_POLICY)
    ledger.add_miner(MINER, 10)
    ledger.add_power(MINER, 5000, 6000)
    ledger.delete(MINER)
    ledger.delete(MINER)
    ledger.forget_miner()
    assert ledger.finish() == before
