import pytest

from papyrus.actors.datacap.state import State
from papyrus.actors.datacap.token import Token, TokenState, allowances_shape, balances_shape, empty
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_CONSTRUCTOR

SYSTEM = 0
STORE = MemoryBlockstore()
NOTHING = TokenState(
    0, balances_shape(3).empty_root(STORE), allowances_shape(3).empty_root(STORE), 3
)


def test_begins_with_nothing_under_a_governor(vm):
    assert vm.send(SYSTEM, 71, METHOD_CONSTRUCTOR, Address.from_id(100)).code == ExitCode.OK
    assert vm.one.state(71, State) == State(Address.from_id(100), NOTHING)


def test_keeps_the_governor_as_it_is_named(vm, everyone):
    assert vm.send(SYSTEM, 71, METHOD_CONSTRUCTOR, everyone[1].key).code == ExitCode.OK
    assert vm.one.state(71, State).governor == everyone[1].key


def test_takes_an_id_that_nobody_has(vm):
    assert vm.send(SYSTEM, 71, METHOD_CONSTRUCTOR, Address.from_id(999)).code == ExitCode.OK


def test_refuses_a_governor_that_is_not_there(vm):
    refused = vm.send(SYSTEM, 71, METHOD_CONSTRUCTOR, Address.actor(b"nobody"))
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_runs_once(vm):
    governor = Address.from_id(100)
    assert vm.send(SYSTEM, 7, METHOD_CONSTRUCTOR, governor).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("sender", [1, 100])
def test_is_for_the_system_alone(vm, sender):
    refused = vm.send(sender, 71, METHOD_CONSTRUCTOR, Address.from_id(100))
    assert refused.code == ExitCode.USR_FORBIDDEN


def test_an_empty_token_has_no_supply():
    assert empty(MemoryBlockstore()) == NOTHING


def test_a_token_keeps_the_width_it_was_made_with():
    store = MemoryBlockstore()
    wide = TokenState(
        0, balances_shape(5).empty_root(store), allowances_shape(5).empty_root(store), 5
    )
    token = Token(store, wide, 1)
    for owner in range(20):
        token.mint(owner, TokenAmount(owner + 1))
    state = token.flush()
    assert state.bit_width == 5
    assert dict(balances_shape(5).open(store, state.balances).items()) == {
        owner: owner + 1 for owner in range(20)
    }
