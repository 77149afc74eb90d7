import pytest
from markets import (
    CLIENT,
    OTHER_CLIENT,
    OTHER_OWNER,
    OWNER,
    WORKER,
    add_balance,
    escrow,
    findings_of,
    market,
    proposal,
    published,
    signed,
)

from papyrus.actors.dispatch import frc42
from papyrus.actors.market.params import (
    ADD_BALANCE,
    WITHDRAW_BALANCE,
    GetBalanceReturn,
    WithdrawBalanceParams,
)
from papyrus.actors.market.state import BALANCES
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, decode_bigint
from papyrus.primitives.exit_codes import ExitCode

GET_BALANCE = frc42("GetBalance")
NOBODY = Address.actor(b"nobody")
NO_ACTOR = Address.from_id(999)


def withdraw(vm, sender, owner, amount):
    address = Address.from_id(owner) if isinstance(owner, int) else owner
    params = WithdrawBalanceParams(address, TokenAmount(amount))
    return vm.send(sender.id, STORAGE_MARKET, WITHDRAW_BALANCE, params)


def amount(outcome):
    assert outcome.code == 0, outcome.failure
    return decode_bigint(outcome.value[1:])


@pytest.mark.parametrize("method", [ADD_BALANCE, frc42("AddBalance")])
def test_anyone_adds_to_anyones_balance(vm, method):
    vm.ok(OTHER_CLIENT.id, STORAGE_MARKET, method, CLIENT.key, value=7)
    vm.ok(CLIENT.id, STORAGE_MARKET, method, CLIENT.address, value=5)
    assert escrow(vm, CLIENT.id) == (12, 0)
    assert vm.one.balance(5) == 12
    assert findings_of(vm.one) == []


@pytest.mark.parametrize("params", [CLIENT.address, NOBODY])
def test_adding_nothing_is_refused(vm, params):
    refused = vm.send(CLIENT.id, STORAGE_MARKET, ADD_BALANCE, params)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("address", [NOBODY, NO_ACTOR])
def test_nothing_is_added_for_nobody(vm, address):
    refused = vm.send(CLIENT.id, STORAGE_MARKET, ADD_BALANCE, address, value=1)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_client_withdraws_what_it_asks_for(vm):
    add_balance(vm, CLIENT.id, 100)
    before = vm.one.balance(CLIENT.id)
    assert amount(withdraw(vm, CLIENT, CLIENT.id, 30)) == 30
    assert escrow(vm, CLIENT.id) == (70, 0)
    assert vm.one.balance(CLIENT.id) == before + 30


def test_a_client_withdraws_no_more_than_it_has(vm):
    add_balance(vm, CLIENT.id, 100)
    assert amount(withdraw(vm, CLIENT, CLIENT.key, 101)) == 100
    tables = BALANCES.open(vm.one.machine.store, market(vm.one).escrow_table)
    assert CLIENT.address not in tables
    assert amount(withdraw(vm, CLIENT, CLIENT.id, 1)) == 0


def test_what_is_locked_stays(vm, miner):
    terms = proposal(miner)
    published(vm, signed(terms))
    held, locked = escrow(vm, CLIENT.id)
    assert locked == terms.client_collateral + terms.total_storage_fee
    assert amount(withdraw(vm, CLIENT, CLIENT.id, held)) == held - locked
    assert escrow(vm, CLIENT.id) == (locked, locked)
    assert amount(withdraw(vm, CLIENT, CLIENT.id, 1)) == 0
    assert findings_of(vm.one) == []


@pytest.mark.parametrize("sender", [OWNER, WORKER])
def test_a_miners_funds_go_to_its_owner(vm, miner, sender):
    before = vm.one.balance(OWNER.id)
    assert amount(withdraw(vm, sender, miner, 40)) == 40
    assert vm.one.balance(OWNER.id) == before + 40


def test_a_stranger_withdraws_nothing(vm, miner):
    assert withdraw(vm, OTHER_OWNER, miner, 1).code == ExitCode.USR_FORBIDDEN
    assert withdraw(vm, OWNER, CLIENT.id, 1).code == ExitCode.USR_FORBIDDEN


def test_a_negative_amount_is_refused_first(vm):
    assert withdraw(vm, CLIENT, NOBODY, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert withdraw(vm, CLIENT, CLIENT.id, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("address", [NOBODY, NO_ACTOR])
def test_nobodys_funds_cannot_be_withdrawn(vm, address):
    assert withdraw(vm, CLIENT, address, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_get_balance_tells_what_is_held_and_locked(vm, miner):
    published(vm, signed(proposal(miner)))
    answer = vm.ok(OWNER.id, STORAGE_MARKET, GET_BALANCE, Address.from_id(miner))
    assert GetBalanceReturn.from_cbor(answer) == GetBalanceReturn(
        TokenAmount(10**12), TokenAmount(200)
    )
    answer = vm.ok(OWNER.id, STORAGE_MARKET, GET_BALANCE, NO_ACTOR)
    assert GetBalanceReturn.from_cbor(answer) == GetBalanceReturn(TokenAmount(0), TokenAmount(0))


def test_get_balance_of_nobody_is_refused(vm):
    refused = vm.send(OWNER.id, STORAGE_MARKET, GET_BALANCE, NOBODY)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
