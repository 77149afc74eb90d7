"""Methods that a multisig calls of itself: signers and threshold."""

import pytest
from multisigs import approve, findings_of, pending, propose, put_multisig, transaction

from papyrus.actors.multisig.params import (
    ADD_SIGNER,
    CHANGE_APPROVALS_THRESHOLD,
    LOCK_BALANCE,
    REMOVE_SIGNER,
    SWAP_SIGNER,
    AddSignerParams,
    ChangeApprovalsThresholdParams,
    LockBalanceParams,
    RemoveSignerParams,
    SwapSignerParams,
)
from papyrus.actors.multisig.state import State
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

NOBODY = Address.actor(b"nobody")
NEW_KEY = Address.secp256k1(b"\x04" + bytes(64))


def ids(*numbers):
    return tuple(map(Address.from_id, numbers))


def governance(vm, multisig):
    state = vm.one.state(multisig, State)
    return [signer.id for signer in state.signers], state.approvals_threshold


def itself(vm, multisig, method, params):
    """Let a multisig call itself, as a sender, and return the exit code."""
    code = vm.send(multisig, multisig, method, params).code
    vm.each(lambda one: check_invariants(one, multisig))
    return code


def check_invariants(one, multisig):
    assert findings_of(one, multisig) == []


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (ADD_SIGNER, AddSignerParams(Address.from_id(103), increase=False)),
        (REMOVE_SIGNER, RemoveSignerParams(Address.from_id(101), decrease=True)),
        (SWAP_SIGNER, SwapSignerParams(*ids(100, 103))),
        (CHANGE_APPROVALS_THRESHOLD, ChangeApprovalsThresholdParams(1)),
        (LOCK_BALANCE, LockBalanceParams(0, 1, 0)),
    ],
)
def test_are_for_the_multisig_itself_alone(vm, method, params):
    assert vm.send(100, 202, method, params).code == ExitCode.USR_FORBIDDEN
    assert vm.send(100, 202, method, b"\x80").code == ExitCode.USR_SERIALIZATION
    assert vm.send(100, 202, method).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert propose(vm, 100, 201, 201, method, params).applied


@pytest.mark.parametrize(("increase", "threshold"), [(False, 2), (True, 3)])
def test_add_signer_appends(vm, increase, threshold):
    params = AddSignerParams(Address.from_id(103), increase)
    assert itself(vm, 202, ADD_SIGNER, params) == ExitCode.OK
    assert governance(vm, 202) == ([100, 101, 103], threshold)


def test_add_signer_makes_an_account_for_a_new_key(vm):
    assert itself(vm, 202, ADD_SIGNER, AddSignerParams(NEW_KEY, increase=False)) == ExitCode.OK
    assert governance(vm, 202) == ([100, 101, 1000], 2)


@pytest.mark.parametrize(
    ("multisig", "signer", "code"),
    [
        (202, Address.from_id(101), ExitCode.USR_FORBIDDEN),
        (202, Address.from_id(999), ExitCode.USR_NOT_FOUND),
        (202, NOBODY, ExitCode.USR_UNSPECIFIED),
        (256, Address.from_id(99), ExitCode.USR_FORBIDDEN),
    ],
)
def test_add_signer_refuses(vm, multisig, signer, code):
    assert itself(vm, multisig, ADD_SIGNER, AddSignerParams(signer, increase=False)) == code


@pytest.mark.parametrize("increase", [False, True])
def test_a_multisig_may_sign_for_itself(vm, increase):
    params = AddSignerParams(Address.from_id(201), increase)
    assert itself(vm, 201, ADD_SIGNER, params) == ExitCode.OK
    assert governance(vm, 201) == ([100, 201], 1 + increase)


def test_remove_signer_without_lowering_the_threshold(vm):
    params = RemoveSignerParams(Address.from_id(100), decrease=False)
    assert itself(vm, 203, REMOVE_SIGNER, params) == ExitCode.OK
    assert governance(vm, 203) == ([101, 102], 2)
    params = RemoveSignerParams(Address.from_id(102), decrease=False)
    assert itself(vm, 203, REMOVE_SIGNER, params) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_remove_signer_and_lower_the_threshold(vm):
    params = RemoveSignerParams(Address.from_id(101), decrease=True)
    assert itself(vm, 202, REMOVE_SIGNER, params) == ExitCode.OK
    assert governance(vm, 202) == ([100], 1)


def test_remove_signer_does_not_lower_a_threshold_of_one(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 101]))
    params = RemoveSignerParams(Address.from_id(101), decrease=True)
    assert itself(vm, 204, REMOVE_SIGNER, params) == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("multisig", "signer", "code"),
    [
        (201, Address.from_id(100), ExitCode.USR_FORBIDDEN),
        (202, Address.from_id(102), ExitCode.USR_FORBIDDEN),
        (202, Address.from_id(999), ExitCode.USR_FORBIDDEN),
        (202, NEW_KEY, ExitCode.USR_FORBIDDEN),
        (202, NOBODY, ExitCode.USR_UNSPECIFIED),
    ],
)
def test_remove_signer_refuses(vm, multisig, signer, code):
    assert itself(vm, multisig, REMOVE_SIGNER, RemoveSignerParams(signer, decrease=True)) == code


def test_remove_signer_takes_their_approvals_along(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 101, 102], 3))
    propose(vm, 100, 204, 103, value=1)
    propose(vm, 101, 204, 103, value=2)
    approve(vm, 100, 204, 1)
    propose(vm, 102, 204, 103, value=3)
    params = RemoveSignerParams(Address.from_id(100), decrease=True)
    assert itself(vm, 204, REMOVE_SIGNER, params) == ExitCode.OK
    assert pending(vm, 204) == {
        1: transaction([101], 103, value=2),
        2: transaction([102], 103, value=3),
    }


def test_a_removed_signer_may_still_be_who_asked_for_it(vm):
    params = RemoveSignerParams(Address.from_id(101), decrease=True)
    propose(vm, 100, 202, 202, REMOVE_SIGNER, params)
    assert approve(vm, 101, 202, 0).exit_code == ExitCode.OK
    assert governance(vm, 202) == ([100], 1)


def test_swap_signer_puts_the_new_one_last(vm):
    propose(vm, 100, 203, 103, value=1)
    propose(vm, 102, 203, 103, value=2)
    assert itself(vm, 203, SWAP_SIGNER, SwapSignerParams(*ids(100, 103))) == ExitCode.OK
    assert governance(vm, 203) == ([101, 102, 103], 2)
    assert pending(vm, 203) == {1: transaction([102], 103, value=2)}


def test_swap_signer_works_for_a_single_signer(vm):
    params = SwapSignerParams(Address.from_id(100), NEW_KEY)
    assert itself(vm, 201, SWAP_SIGNER, params) == ExitCode.OK
    assert governance(vm, 201) == ([1000], 1)


@pytest.mark.parametrize(
    ("removed", "added", "code"),
    [
        (*ids(102, 103), ExitCode.USR_FORBIDDEN),
        (*ids(999, 103), ExitCode.USR_FORBIDDEN),
        (*ids(102, 101), ExitCode.USR_FORBIDDEN),
        (*ids(100, 101), ExitCode.USR_ILLEGAL_ARGUMENT),
        (*ids(100, 100), ExitCode.USR_ILLEGAL_ARGUMENT),
        (*ids(100, 999), ExitCode.USR_NOT_FOUND),
        (*ids(102, 999), ExitCode.USR_NOT_FOUND),
        (Address.from_id(100), NOBODY, ExitCode.USR_UNSPECIFIED),
        (NOBODY, Address.from_id(999), ExitCode.USR_UNSPECIFIED),
    ],
)
def test_swap_signer_refuses(vm, removed, added, code):
    assert itself(vm, 202, SWAP_SIGNER, SwapSignerParams(removed, added)) == code


@pytest.mark.parametrize(
    ("threshold", "code"),
    [
        (1, ExitCode.OK),
        (2, ExitCode.OK),
        (3, ExitCode.OK),
        (0, ExitCode.USR_ILLEGAL_ARGUMENT),
        (4, ExitCode.USR_ILLEGAL_ARGUMENT),
        (2**64 - 1, ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_change_threshold_to_one_up_to_all(vm, threshold, code):
    params = ChangeApprovalsThresholdParams(threshold)
    assert itself(vm, 203, CHANGE_APPROVALS_THRESHOLD, params) == code
    expected = threshold if code == ExitCode.OK else 2
    assert governance(vm, 203) == ([100, 101, 102], expected)
