import pytest
from multisigs import approve, pending, propose, put_multisig, transaction

from papyrus.actors.multisig.params import (
    CANCEL,
    REMOVE_SIGNER,
    RemoveSignerParams,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import PENDING, proposal_hash
from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode


def cancel(vm, signer, multisig, number, claimed=b""):
    return vm.send(signer, multisig, CANCEL, TransactionIDParams(number, claimed))


def test_removes_the_transaction(vm):
    propose(vm, 100, 202, 103)
    propose(vm, 101, 202, 103)
    outcome = cancel(vm, 100, 202, 0)
    assert (outcome.code, outcome.value) == (ExitCode.OK, b"")
    assert pending(vm, 202) == {1: transaction([101], 103)}


def test_is_for_signers_alone(vm):
    propose(vm, 100, 202, 103)
    assert cancel(vm, 102, 202, 0).code == ExitCode.USR_FORBIDDEN


def test_is_for_the_proposer_alone(vm):
    propose(vm, 100, 202, 103)
    assert cancel(vm, 101, 202, 0).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("number", [1, -1, -(2**63)])
def test_there_must_be_such_a_transaction(vm, number):
    propose(vm, 100, 202, 103)
    assert cancel(vm, 100, 202, number).code == ExitCode.USR_NOT_FOUND


def test_the_hash_must_be_that_of_the_proposal(vm):
    propose(vm, 100, 202, 103)
    wrong = proposal_hash(transaction([101], 103), blake2b_256)
    right = proposal_hash(transaction([100], 103), blake2b_256)
    assert cancel(vm, 100, 202, 0, wrong).code == ExitCode.USR_ILLEGAL_STATE
    assert cancel(vm, 101, 202, 0, wrong).code == ExitCode.USR_FORBIDDEN
    assert cancel(vm, 100, 202, 0, right).code == ExitCode.OK


def test_the_next_approver_is_the_proposer_once_the_first_is_removed(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 101, 102], 3))
    propose(vm, 100, 204, 103)
    approve(vm, 101, 204, 0)
    remove = RemoveSignerParams(Address.from_id(100), decrease=True)
    number = propose(vm, 102, 204, 204, REMOVE_SIGNER, remove).transaction_id
    approve(vm, 100, 204, number)
    approve(vm, 101, 204, number)
    assert pending(vm, 204) == {0: transaction([101], 103)}
    assert cancel(vm, 101, 204, 0).code == ExitCode.OK


def test_a_transaction_whose_proposer_is_nobody_can_be_cancelled_by_nobody(vm):
    vm.each(lambda one: plant_unapproved(one, 204))
    assert cancel(vm, 100, 204, 0).code == ExitCode.USR_FORBIDDEN


def plant_unapproved(one, actor_id):
    transactions = PENDING.open(one.base, None)
    transactions.set(0, transaction([], 103))
    put_multisig(one, actor_id, [100], pending=transactions.flush(), next_transaction_id=1)
