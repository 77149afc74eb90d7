import pytest
from multisigs import proposal, propose, put_multisig

from papyrus.actors.multisig.params import LOCK_BALANCE, PROPOSE, LockBalanceParams
from papyrus.actors.multisig.state import State, amount_locked
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

FURTHEST = 2**63 - 1
START = 500


def lock(vm, start, duration, amount):
    return vm.send(201, 201, LOCK_BALANCE, LockBalanceParams(start, duration, amount)).code


def spend(vm, amount, epoch):
    vm.each(lambda one: one.change(epoch=epoch))
    return vm.send(100, 201, PROPOSE, proposal(103, value=amount)).code


def test_sets_the_lock_once(vm):
    assert lock(vm, -7, 50, 10**30) == ExitCode.OK
    state = vm.one.state(201, State)
    assert (state.start_epoch, state.unlock_duration, state.initial_balance) == (-7, 50, 10**30)
    assert lock(vm, -7, 50, 10**30) == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(("duration", "amount"), [(0, 1), (-1, 1), (1, -1), (-1, -1)])
def test_refuses_a_lock_of_nothing(vm, duration, amount):
    assert lock(vm, 0, duration, amount) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_arguments_are_looked_at_before_the_lock_there_is(vm):
    assert lock(vm, 0, 1, 1) == ExitCode.OK
    assert lock(vm, 0, 0, 1) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_an_amount_of_nothing_can_be_locked(vm):
    assert lock(vm, 0, 1, 0) == ExitCode.OK
    assert lock(vm, 0, 1, 0) == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("epoch", "free"),
    [
        (0, 1),
        (START, 1),
        (START + 1, 10),
        (START + 2, 20),
        (START + 50, 500),
        (START + 98, 980),
        (START + 99, 990),
        (START + 100, 1000),
        (START + 10**6, 1000),
    ],
)
def test_what_is_locked_becomes_free_evenly_and_is_rounded_up(vm, epoch, free):
    # 999 of 1000 attoFIL over a hundred epochs.
    assert lock(vm, START, 100, 999) == ExitCode.OK
    assert spend(vm, free + 1, epoch) == ExitCode.USR_INSUFFICIENT_FUNDS
    assert spend(vm, free, epoch) == ExitCode.OK


def test_a_message_without_value_is_sent_whatever_is_locked(vm):
    assert lock(vm, FURTHEST, FURTHEST, 10**30) == ExitCode.OK
    assert spend(vm, 1, 1000) == ExitCode.USR_INSUFFICIENT_FUNDS
    assert propose(vm, 100, 201, 101, 2).exit_code == ExitCode.OK


def test_an_age_beyond_64_bits_is_an_overflow(vm):
    assert lock(vm, -(2**63), FURTHEST, 1) == ExitCode.OK
    assert spend(vm, 1, 0) == ExitCode.USR_ASSERTION_FAILED
    assert propose(vm, 100, 201, 101, 2).exit_code == ExitCode.OK


def test_what_is_free_counts_from_what_is_there(vm):
    # More is locked than there is: nothing can be spent until enough is free.
    vm.each(lambda one: put_multisig(one, 201, [100], balance=10))
    assert lock(vm, 0, 100, 100) == ExitCode.OK
    assert spend(vm, 1, 90) == ExitCode.USR_INSUFFICIENT_FUNDS
    assert spend(vm, 1, 91) == ExitCode.OK


@pytest.mark.parametrize(
    ("elapsed", "locked"), [(-5, 10), (0, 10), (1, 7), (2, 4), (3, 0), (10**9, 0)]
)
def test_amount_locked_rounds_up(elapsed, locked):
    state = State((), 1, 0, TokenAmount(10), 0, 3, b"")
    assert amount_locked(state, elapsed) == locked
