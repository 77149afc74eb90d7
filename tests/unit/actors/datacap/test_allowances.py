import pytest
from tokens import decrease, increase, revoke, summary

from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.params import GetAllowanceParams
from papyrus.ipld.dag_cbor import decode
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, decode_bigint
from papyrus.primitives.exit_codes import ExitCode

NOBODY = Address.actor(b"nobody")


def amount_in(outcome):
    assert outcome.code == ExitCode.OK, outcome.failure
    return decode_bigint(decode(outcome.value))


def allowance(vm, owner, operator):
    params = GetAllowanceParams(owner, operator)
    return amount_in(vm.send(103, 70, methods.ALLOWANCE, params))


def test_grow_and_shrink_by_any_amount(vm, everyone):
    assert amount_in(increase(vm, 101, everyone[2].key, 7)) == 7
    assert amount_in(increase(vm, 101, 102, 1)) == 8
    assert amount_in(decrease(vm, 101, 102, 3)) == 5
    assert amount_in(increase(vm, 101, 102, 0)) == 5
    assert allowance(vm, everyone[1].key, everyone[2].address) == 5
    assert summary(vm).allowances == {101: {102: 5}}


def test_never_shrink_below_nothing(vm):
    increase(vm, 101, 102, 7)
    increase(vm, 101, 103, 1)
    assert amount_in(decrease(vm, 101, 102, 8)) == 0
    assert summary(vm).allowances == {101: {103: 1}}
    assert amount_in(decrease(vm, 101, 103, 1)) == 0
    assert summary(vm).allowances == {}
    assert amount_in(decrease(vm, 101, 102, 8)) == 0


def test_can_be_revoked(vm):
    increase(vm, 101, 102, 7)
    increase(vm, 101, 103, 1)
    assert amount_in(revoke(vm, 101, 102)) == 7
    assert amount_in(revoke(vm, 101, 102)) == 0
    assert amount_in(revoke(vm, 101, 103)) == 1
    assert summary(vm).allowances == {}
    assert amount_in(revoke(vm, 101, 103)) == 0


def test_do_not_change_by_less_than_nothing(vm):
    assert increase(vm, 101, 102, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert decrease(vm, 101, 102, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_of_whom_is_not_there_are_nothing_and_cannot_change(vm, everyone):
    assert amount_in(revoke(vm, 101, NOBODY)) == 0
    assert allowance(vm, NOBODY, everyone[1].key) == 0
    assert allowance(vm, everyone[1].key, NOBODY) == 0
    assert increase(vm, 101, NOBODY, 1).code == ExitCode.USR_NOT_FOUND
    assert decrease(vm, 101, NOBODY, 1).code == ExitCode.USR_NOT_FOUND
    assert increase(vm, 101, NOBODY, -1).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_have_at_most_128_bytes(vm):
    assert amount_in(increase(vm, 101, 102, 2**1016 - 1)) == TokenAmount(2**1016 - 1)
    assert increase(vm, 101, 102, 1).code == ExitCode.USR_SERIALIZATION


@pytest.mark.parametrize("sender", [101, 6])
def test_may_be_had_of_oneself(vm, sender):
    assert amount_in(increase(vm, sender, sender, 1)) == 1
