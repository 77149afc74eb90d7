import pytest
from multisigs import (
    approve,
    findings_of,
    pending,
    propose,
    put_multisig,
    transaction,
)

from papyrus.actors.multisig.params import (
    APPROVE,
    CHANGE_APPROVALS_THRESHOLD,
    ApproveReturn,
    ChangeApprovalsThresholdParams,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import PENDING, proposal_hash
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.exit_codes import ExitCode

WAITING = ApproveReturn(applied=False, exit_code=0, returned=b"")
SENT = ApproveReturn(applied=True, exit_code=0, returned=b"")


def refused(vm, signer, multisig, number, claimed=b""):
    return vm.send(signer, multisig, APPROVE, TransactionIDParams(number, claimed)).code


def test_the_last_approval_sends(vm):
    propose(vm, 100, 203, 103, value=10)
    assert approve(vm, 102, 203, 0) == SENT
    assert vm.one.balance(203) == 990
    assert pending(vm, 203) == {}


def test_an_approval_before_the_last_is_noted(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 101, 102], 3))
    propose(vm, 101, 204, 103)
    assert approve(vm, 100, 204, 0) == WAITING
    assert pending(vm, 204) == {0: transaction([101, 100], 103)}
    assert approve(vm, 102, 204, 0) == SENT


def test_is_for_signers_alone(vm):
    propose(vm, 100, 202, 103)
    assert refused(vm, 102, 202, 0) == ExitCode.USR_FORBIDDEN


def test_nobody_approves_twice(vm):
    propose(vm, 100, 202, 103)
    assert refused(vm, 100, 202, 0) == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("number", [1, -1, 2**63 - 1, -(2**63)])
def test_there_must_be_such_a_transaction(vm, number):
    propose(vm, 100, 202, 103)
    assert refused(vm, 101, 202, number) == ExitCode.USR_NOT_FOUND


def test_a_sent_transaction_is_gone(vm):
    propose(vm, 100, 203, 103)
    approve(vm, 101, 203, 0)
    assert refused(vm, 102, 203, 0) == ExitCode.USR_NOT_FOUND


def test_the_hash_must_be_that_of_the_proposal(vm):
    propose(vm, 100, 203, 103, 7, b"\x01", 10)
    right = proposal_hash(transaction([100], 103, 7, b"\x01", 10), blake2b_256)
    wrong = proposal_hash(transaction([101], 103, 7, b"\x01", 10), blake2b_256)
    assert refused(vm, 101, 203, 0, wrong) == ExitCode.USR_ILLEGAL_ARGUMENT
    assert refused(vm, 101, 203, 0, right[:31]) == ExitCode.USR_ILLEGAL_ARGUMENT
    # The hash is looked at before whether the caller has approved.
    assert refused(vm, 100, 203, 0, wrong) == ExitCode.USR_ILLEGAL_ARGUMENT
    assert approve(vm, 101, 203, 0, right).applied


def test_the_hash_is_of_the_proposer_whoever_else_has_approved(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 101, 102], 3))
    propose(vm, 101, 204, 103)
    approve(vm, 100, 204, 0)
    right = proposal_hash(transaction([101, 100], 103), blake2b_256)
    assert approve(vm, 102, 204, 0, right) == SENT


def test_what_fails_for_want_of_funds_stays_pending_without_the_approval(vm):
    propose(vm, 100, 202, 103, value=1001)
    assert refused(vm, 101, 202, 0) == ExitCode.USR_INSUFFICIENT_FUNDS
    assert pending(vm, 202) == {0: transaction([100], 103, value=1001)}
    vm.ok(103, 202, 0, value=1)
    assert approve(vm, 101, 202, 0) == SENT


def test_a_message_that_fails_is_spent_all_the_same(vm):
    propose(vm, 100, 202, 999)
    failed = ApproveReturn(applied=True, exit_code=ExitCode.USR_UNSPECIFIED, returned=b"")
    assert approve(vm, 101, 202, 0) == failed
    assert pending(vm, 202) == {}


def test_the_answer_of_the_message_is_in_the_answer(vm, everyone):
    propose(vm, 100, 202, 101, 2)
    assert approve(vm, 101, 202, 0).returned == b"\x58\x31" + bytes(everyone[1].key)


def lower_threshold(vm, multisig, first, second, threshold):
    params = ChangeApprovalsThresholdParams(threshold)
    number = propose(
        vm, first, multisig, multisig, CHANGE_APPROVALS_THRESHOLD, params
    ).transaction_id
    assert approve(vm, second, multisig, number) == SENT


@pytest.mark.parametrize("approver", [100, 102])
def test_enough_approvals_send_without_one_more(vm, approver):
    propose(vm, 100, 203, 103, value=10)
    lower_threshold(vm, 203, 100, 101, 1)
    assert pending(vm, 203) == {0: transaction([100], 103, value=10)}
    vm.each(lambda one: check_none(one, 203))
    assert approve(vm, approver, 203, 0) == SENT
    assert vm.one.balance(203) == 990


def check_none(one, actor_id):
    assert findings_of(one, actor_id) == []


def test_a_transaction_cannot_approve_itself(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 204], 2))
    propose(vm, 100, 204, 204, APPROVE, TransactionIDParams(0, b""))
    assert refused(vm, 100, 204, 0) == ExitCode.USR_FORBIDDEN
    vm.each(lambda one: check_none(one, 204))


def test_a_multisig_signs_for_another(vm):
    vm.each(lambda one: put_multisig(one, 205, [202, 103], 2, balance=50))
    inner = transaction([], 103, value=50)
    propose(vm, 103, 205, inner.to, value=50)
    propose(vm, 100, 202, 205, APPROVE, TransactionIDParams(0, b""))
    answer = approve(vm, 101, 202, 0)
    assert answer == ApproveReturn(applied=True, exit_code=0, returned=SENT.to_cbor())
    assert vm.one.balance(205) == 0


@pytest.mark.parametrize(
    "params",
    [
        b"\x82\x00",
        b"\x82\x00\x60",
        b"\x82\xf6\x40",
        b"\x82\x1b" + b"\xff" * 8 + b"\x40",
        b"\x81\x00",
    ],
)
def test_refuses_malformed_parameters(vm, params):
    assert vm.send(100, 202, APPROVE, params).code == ExitCode.USR_SERIALIZATION


def test_wants_parameters(vm):
    assert vm.send(100, 202, APPROVE).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_negative_value_in_the_state_is_not_sent(vm):
    def fill(one):
        transactions = PENDING.open(one.base, None)
        transactions.set(0, transaction([100], 103, value=-1))
        root = transactions.flush()
        put_multisig(one, 204, [100, 101], 2, pending=root, next_transaction_id=1)

    vm.each(fill)
    assert refused(vm, 101, 204, 0) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_transactions_that_do_not_decode_are_illegal_state(vm):
    vm.each(lambda one: put_multisig(one, 204, [100], pending=put_cbor(one.base, ["no HAMT"])))
    assert refused(vm, 100, 204, 0) == ExitCode.USR_ILLEGAL_STATE
    assert refused(vm, 101, 204, 0) == ExitCode.USR_FORBIDDEN


def test_a_multisig_without_a_state_has_no_signers(vm):
    assert refused(vm, 100, 200, 0) == ExitCode.USR_ILLEGAL_ARGUMENT
