import pytest
from tokens import ONE, balances, increase, mint, summary, tokens, transfer, transfer_from

from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.params import (
    TransferFromParams,
    TransferFromReturn,
    TransferParams,
    TransferReturn,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

NOBODY = Address.actor(b"nobody")


@pytest.fixture
def vm(vm):
    """Return a machine in which 101 has ten tokens, and 102 may spend five of them."""
    mint(vm, 101, 10)
    increase(vm, 101, 102, 5 * ONE)
    return vm


def test_goes_to_the_governor(vm, everyone):
    outcome = transfer(vm, 101, everyone[0].key, 4)
    assert TransferReturn.from_cbor(outcome.value) == TransferReturn(tokens(6), tokens(4), b"")
    assert balances(vm) == {100: 4, 101: 6}


def test_comes_from_the_governor(vm):
    transfer(vm, 101, 100, 4)
    assert transfer(vm, 100, 102, 3).code == ExitCode.OK
    assert balances(vm) == {100: 1, 101: 6, 102: 3}


def test_goes_between_others_never(vm):
    assert transfer(vm, 101, 102, 1).code == ExitCode.USR_FORBIDDEN
    assert transfer(vm, 101, 101, 1).code == ExitCode.USR_FORBIDDEN


def test_may_go_from_the_governor_to_itself(vm):
    transfer(vm, 101, 100, 4)
    assert transfer(vm, 100, 100, 4).code == ExitCode.OK
    assert transfer(vm, 100, 100, 5).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert balances(vm) == {100: 4, 101: 6}


def test_needs_tokens(vm):
    assert transfer(vm, 101, 100, 10).code == ExitCode.OK
    assert transfer(vm, 101, 100, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert transfer(vm, 101, 100, 0).code == ExitCode.OK
    assert balances(vm) == {100: 10}


@pytest.mark.parametrize("amount", [-ONE, 1, ONE // 2])
def test_goes_in_whole_tokens(vm, amount):
    params = TransferParams(Address.from_id(100), TokenAmount(amount), b"")
    assert vm.send(101, 70, methods.TRANSFER, params).code == ExitCode.USR_ILLEGAL_ARGUMENT
    params = TransferFromParams(
        Address.from_id(101), Address.from_id(100), TokenAmount(amount), b""
    )
    assert vm.send(102, 70, methods.TRANSFER_FROM, params).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_needs_a_receiver_that_is_there(vm):
    assert transfer(vm, 101, NOBODY, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert transfer_from(vm, 102, 101, NOBODY, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("to", "code"),
    [(999, ExitCode.USR_UNSPECIFIED), (7, ExitCode.USR_UNHANDLED_MESSAGE), (200, ExitCode.OK)],
)
def test_asks_the_receiver(vm, to, code):
    transfer(vm, 101, 100, 4)
    assert transfer(vm, 100, to, 1).code == code


def test_returns_no_word_of_why_the_registry_refuses(vm):
    mint(vm, 101, 4, token=7, sender=6)
    refused = transfer(vm, 101, 6, 1, b"\xff", token=7)
    assert refused.code == ExitCode.USR_SERIALIZATION
    assert refused.value == b""


def test_on_an_allowance_goes_to_the_governor(vm, everyone):
    outcome = transfer_from(vm, 102, everyone[1].key, 100, 2)
    expected = TransferFromReturn(tokens(8), tokens(2), tokens(3), b"")
    assert TransferFromReturn.from_cbor(outcome.value) == expected
    assert balances(vm) == {100: 2, 101: 8}
    assert summary(vm).allowances == {101: {102: tokens(3)}}


def test_on_an_allowance_leaves_none_of_nothing(vm):
    assert transfer_from(vm, 102, 101, 100, 5).code == ExitCode.OK
    assert summary(vm).allowances == {}
    assert transfer_from(vm, 102, 101, 100, 0).code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_on_an_allowance_of_something_may_be_of_nothing(vm):
    assert transfer_from(vm, 102, 101, 100, 0).code == ExitCode.OK


def test_on_an_allowance_goes_nowhere_else(vm):
    assert transfer_from(vm, 102, 101, 102, 1).code == ExitCode.USR_FORBIDDEN
    assert transfer_from(vm, 100, 101, 102, 1).code == ExitCode.USR_FORBIDDEN


def test_on_an_allowance_needs_one(vm):
    assert transfer_from(vm, 102, 101, 100, 6).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert transfer_from(vm, 103, 101, 100, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert transfer_from(vm, 102, NOBODY, 100, 1).code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_on_an_allowance_needs_tokens_too(vm):
    increase(vm, 101, 102, 6 * ONE)
    assert transfer_from(vm, 102, 101, 100, 11).code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_on_an_allowance_is_not_for_the_owner(vm, everyone):
    increase(vm, 101, 101, ONE)
    for name in (everyone[1].key, 101):
        assert transfer_from(vm, 101, name, 100, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT
