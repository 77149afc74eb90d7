import pytest
from tokens import ONE, balances, mint, summary, tokens

from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.actor import INFINITE_ALLOWANCE
from papyrus.actors.datacap.params import MintParams, MintReturn
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

NEW_KEY = Address.secp256k1(b"\x04" + bytes(64))


def test_makes_tokens_and_tells_what_there_is(vm):
    mint(vm, 101, 5)
    outcome = mint(vm, 102, 7)
    assert MintReturn.from_cbor(outcome.value) == MintReturn(tokens(7), tokens(12), b"")
    assert balances(vm) == {101: 5, 102: 7}
    assert summary(vm).supply == tokens(12)


def test_lets_operators_spend_all_there_will_ever_be(vm, everyone):
    assert mint(vm, everyone[1].key, 1, [102, everyone[3].key]).code == ExitCode.OK
    assert summary(vm).allowances == {101: {102: INFINITE_ALLOWANCE, 103: INFINITE_ALLOWANCE}}
    assert INFINITE_ALLOWANCE == 10**39


def test_replaces_an_allowance(vm):
    mint(vm, 101, 1, [102])
    mint(vm, 101, 1, [102])
    assert summary(vm).allowances == {101: {102: INFINITE_ALLOWANCE}}


def test_makes_nothing_when_asked_to(vm):
    assert mint(vm, 101, 0, [102]).code == ExitCode.OK
    assert balances(vm) == {}
    assert summary(vm).allowances == {101: {102: INFINITE_ALLOWANCE}}


def test_is_for_the_governor_alone(vm):
    assert mint(vm, 101, 1, sender=101).code == ExitCode.USR_FORBIDDEN
    assert mint(vm, 101, 1, token=7).code == ExitCode.USR_FORBIDDEN
    assert mint(vm, 101, 1, token=7, sender=6).code == ExitCode.OK


@pytest.mark.parametrize("amount", [-ONE, 1, ONE + 1])
def test_refuses_parts_of_tokens_and_fewer_than_none(vm, amount):
    params = MintParams(Address.from_id(101), TokenAmount(amount), ())
    assert vm.send(100, 70, methods.MINT, params).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_makes_no_account_for_a_new_key(vm):
    assert mint(vm, NEW_KEY, 1).code == ExitCode.USR_NOT_FOUND
    assert vm.one.resolve(NEW_KEY) is None


def test_panics_where_an_operator_is_not_there(vm):
    assert mint(vm, 101, 1, [102, NEW_KEY]).code == ExitCode.USR_ASSERTION_FAILED


def test_misses_an_operator_before_it_looks_at_the_amount(vm):
    params = MintParams(Address.from_id(101), TokenAmount(1), (NEW_KEY,))
    assert vm.send(100, 70, methods.MINT, params).code == ExitCode.USR_NOT_FOUND


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (999, ExitCode.USR_UNSPECIFIED),
        (7, ExitCode.USR_UNHANDLED_MESSAGE),
        (6, ExitCode.USR_FORBIDDEN),
        (200, ExitCode.OK),
    ],
)
def test_asks_the_receiver(vm, to, code):
    assert mint(vm, to, 1).code == code
    assert balances(vm) == ({} if code else {to: 1})


def test_refuses_a_balance_of_more_than_128_bytes(vm):
    most = TokenAmount((2**1016 - 1) // ONE * ONE)
    params = MintParams(Address.from_id(101), most, ())
    assert vm.send(100, 70, methods.MINT, params).code == ExitCode.OK
    assert mint(vm, 101, 1).code == ExitCode.USR_SERIALIZATION


def test_panics_at_a_supply_of_more_than_128_bytes(vm):
    most = TokenAmount((2**1016 - 1) // ONE * ONE)
    params = MintParams(Address.from_id(101), most, ())
    assert vm.send(100, 70, methods.MINT, params).code == ExitCode.OK
    assert mint(vm, 102, 1).code == ExitCode.USR_ASSERTION_FAILED
