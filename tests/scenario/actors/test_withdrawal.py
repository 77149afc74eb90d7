"""Funds put into the market's escrow, or into a miner, and withdrawn again."""

import pytest
from owners import amount, withdraw
from upkeep import CLIENT, OWNER, WORKER, new_miner

from papyrus.actors.market import params as market
from papyrus.actors.market.params import WithdrawBalanceParams
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

FIL = 10**18


@pytest.mark.parametrize(("put", "paid"), [(3, 3), (2, 2), (0, 0)])
def test_what_is_in_escrow_is_withdrawn(network, put, paid):
    vm = network
    before = vm.one.balance(CLIENT.id)
    if put:
        method = market.ADD_BALANCE
        vm.ok(CLIENT.id, STORAGE_MARKET, method, CLIENT.address, value=put * FIL)
    assert vm.one.balance(CLIENT.id) == before - put * FIL
    params = WithdrawBalanceParams(CLIENT.address, TokenAmount(3 * FIL))
    answer = vm.ok(CLIENT.id, STORAGE_MARKET, market.WITHDRAW_BALANCE, params)
    assert amount(answer) == paid * FIL
    assert vm.one.balance(CLIENT.id) == before


@pytest.mark.parametrize(("put", "paid"), [(3, 3), (2, 2), (0, 0)])
def test_what_a_miner_need_not_keep_is_withdrawn(network, put, paid):
    vm = network
    miner = empty_miner(vm)
    before = vm.one.balance(OWNER.id)
    if put:
        vm.ok(OWNER.id, miner, 0, value=put * FIL)
    outcome = withdraw(vm, OWNER, miner, 3 * FIL)
    assert amount(outcome.value) == paid * FIL
    assert vm.one.balance(OWNER.id) == before


def test_a_worker_withdraws_nothing(network):
    vm = network
    miner = empty_miner(vm)
    assert withdraw(vm, WORKER, miner, FIL).code == ExitCode.USR_FORBIDDEN


def empty_miner(vm):
    """Return a miner from which all but what is locked has been withdrawn."""
    miner = new_miner(vm)
    assert withdraw(vm, OWNER, miner, 10**27).code == ExitCode.OK
    assert vm.one.balance(miner) > 0
    return miner
