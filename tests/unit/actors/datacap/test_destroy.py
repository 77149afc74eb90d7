from tokens import balances, destroy, mint, summary, tokens

from papyrus.actors.datacap.params import BurnReturn
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode


def test_takes_tokens_from_anyone(vm, everyone):
    mint(vm, 101, 5)
    outcome = destroy(vm, everyone[1].key, 2)
    assert BurnReturn.from_cbor(outcome.value) == BurnReturn(tokens(3))
    assert balances(vm) == {101: 3}
    assert summary(vm).supply == tokens(3)


def test_leaves_no_balance_of_nothing(vm):
    mint(vm, 101, 5)
    assert destroy(vm, 101, 5).code == ExitCode.OK
    assert balances(vm) == {}


def test_is_for_the_governor_alone(vm):
    mint(vm, 101, 5)
    assert destroy(vm, 101, 1, sender=101).code == ExitCode.USR_FORBIDDEN


def test_refuses_what_cannot_be_destroyed(vm):
    mint(vm, 101, 5)
    assert destroy(vm, 101, 6).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert destroy(vm, 102, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert destroy(vm, 101, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert destroy(vm, Address.actor(b"nobody"), 1).code == ExitCode.USR_NOT_FOUND
