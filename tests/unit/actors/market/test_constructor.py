import pytest
from markets import CLIENT, findings_of, market

from papyrus.actors.market.state import empty
from papyrus.actors.singletons import STORAGE_MARKET, SYSTEM
from papyrus.primitives.exit_codes import ExitCode


@pytest.fixture
def bare(make_vm):
    """Return a machine whose market has no state, and an account."""
    vm = make_vm()
    vm.each(lambda one: one.put_account(CLIENT.id, CLIENT.key))
    return vm


def test_a_new_market_is_empty(bare):
    bare.ok(SYSTEM, STORAGE_MARKET, 1)
    assert market(bare.one) == empty(bare.one.base)
    assert findings_of(bare.one) == []


def test_it_is_made_by_the_system_once(bare):
    assert bare.send(CLIENT.id, STORAGE_MARKET, 1).code == ExitCode.USR_FORBIDDEN
    assert bare.send(SYSTEM, STORAGE_MARKET, 1, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT
    bare.ok(SYSTEM, STORAGE_MARKET, 1)
    assert bare.send(SYSTEM, STORAGE_MARKET, 1).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("method", [8, 10, 1 << 24])
def test_unknown_methods_are_not_handled(vm, method):
    assert vm.send(CLIENT.id, STORAGE_MARKET, method).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_contracts_use_exported_numbers_only(vm):
    vm.each(lambda one: one.put_actor(300, "evm"))
    assert vm.send(300, STORAGE_MARKET, 2, CLIENT.address).code == ExitCode.USR_FORBIDDEN
