import pytest
from tokens import ONE, balances, burn, burn_from, increase, mint, summary, tokens

from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.params import BurnFromReturn, BurnParams, BurnReturn
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode


@pytest.fixture
def vm(vm):
    """Return a machine in which 101 has ten tokens, and 102 may spend five of them."""
    mint(vm, 101, 10)
    increase(vm, 101, 102, 5 * ONE)
    return vm


def test_takes_tokens_out_of_the_world(vm):
    assert BurnReturn.from_cbor(burn(vm, 101, 3).value) == BurnReturn(tokens(7))
    assert balances(vm) == {101: 7}
    assert summary(vm).supply == tokens(7)


def test_needs_tokens(vm):
    assert burn(vm, 101, 11).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert burn(vm, 103, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert burn(vm, 103, 0).code == ExitCode.OK
    assert burn(vm, 101, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT
    params = BurnParams(TokenAmount(ONE // 2))
    assert vm.send(101, 70, methods.BURN, params).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_on_an_allowance_uses_it_up(vm, everyone):
    outcome = burn_from(vm, 102, everyone[1].key, 2)
    assert BurnFromReturn.from_cbor(outcome.value) == BurnFromReturn(tokens(8), tokens(3))
    assert summary(vm).allowances == {101: {102: tokens(3)}}
    assert summary(vm).supply == tokens(8)


def test_on_an_allowance_needs_one_and_tokens(vm):
    nobody = Address.actor(b"nobody")
    assert burn_from(vm, 102, 101, 6).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert burn_from(vm, 103, 101, 0).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert burn_from(vm, 102, nobody, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert burn_from(vm, 102, nobody, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert burn_from(vm, 102, 101, 0).code == ExitCode.OK
    burn(vm, 101, 10)
    assert burn_from(vm, 102, 101, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_on_an_allowance_is_not_for_the_owner(vm, everyone):
    for name in (everyone[1].key, 101):
        assert burn_from(vm, 101, name, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT
