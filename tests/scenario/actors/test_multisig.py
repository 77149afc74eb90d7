"""Multisigs that spend, and that change themselves."""

import pytest
from multisigs import approve, pending, proposal, propose, transaction

from papyrus.actors.multisig.params import (
    ADD_SIGNER,
    APPROVE,
    REMOVE_SIGNER,
    SWAP_SIGNER,
    AddSignerParams,
    ApproveReturn,
    RemoveSignerParams,
    SwapSignerParams,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import State, proposal_hash
from papyrus.actors.singletons import SYSTEM
from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

APPLIED = ApproveReturn(applied=True, exit_code=0, returned=b"")


def signers(vm, multisig):
    return [signer.id for signer in vm.one.state(multisig, State).signers]


def swap(removed, added):
    return SwapSignerParams(Address.from_id(removed), Address.from_id(added))


def test_an_approval_names_the_proposal_by_its_hash(vm, make_accounts, make_multisig):
    alice, bob, charlie = make_accounts(3)
    multisig = make_multisig([alice, bob, charlie], 2)
    amount = TokenAmount(3 * 10**9)
    message = proposal(SYSTEM, value=amount)
    vm.ok(alice, multisig, 2, message, value=amount)

    wrong = proposal_hash(transaction([alice], SYSTEM, value=amount - 1), blake2b_256)
    refused = vm.send(bob, multisig, APPROVE, TransactionIDParams(0, wrong))
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert vm.one.balance(SYSTEM.id) == 0

    right = proposal_hash(transaction([alice], SYSTEM, value=amount), blake2b_256)
    assert approve(vm, bob, multisig, 0, right) == APPLIED
    assert vm.one.balance(SYSTEM.id) == amount


@pytest.mark.parametrize(
    ("threshold", "count", "removed"),
    [
        pytest.param(2, 3, 0, id="2 of 3, the proposer"),
        pytest.param(2, 3, 1, id="2 of 3, the approver"),
        pytest.param(2, 2, 0, id="2 of 2, the proposer"),
        pytest.param(1, 2, 0, id="1 of 2"),
    ],
)
def test_signers_remove_one_of_themselves(
    vm, make_accounts, make_multisig, threshold, count, removed
):
    people = make_accounts(count)
    multisig = make_multisig(people, threshold)
    leaving = Address.from_id(people[removed])
    params = RemoveSignerParams(leaving, decrease=threshold == count)
    first = propose(vm, people[0], multisig, multisig, REMOVE_SIGNER, params)
    assert first.transaction_id == 0
    for approver in people[1:threshold]:
        assert approve(vm, approver, multisig, 0) == APPLIED

    if count > threshold:
        late = vm.send(people[threshold], multisig, APPROVE, TransactionIDParams(0, b""))
        assert late.code == ExitCode.USR_NOT_FOUND
    assert pending(vm, multisig) == {}
    assert signers(vm, multisig) == [one for one in people if one != leaving.id]


def test_one_of_two_swaps_herself_for_another(vm, make_accounts, make_multisig):
    alice, bob, chuck = make_accounts(3)
    multisig = make_multisig([alice, bob], 1)
    assert propose(vm, alice, multisig, multisig, SWAP_SIGNER, swap(alice, chuck)).exit_code == 0
    assert signers(vm, multisig) == [bob, chuck]


def test_two_of_three_swap_the_proposer_and_then_the_approver(vm, make_accounts, make_multisig):
    alice, bob, chuck, dinesh = make_accounts(4)
    multisig = make_multisig([alice, bob, chuck], 2)

    propose(vm, alice, multisig, multisig, SWAP_SIGNER, swap(alice, dinesh))
    assert approve(vm, bob, multisig, 0) == APPLIED
    assert signers(vm, multisig) == [bob, chuck, dinesh]

    propose(vm, bob, multisig, multisig, SWAP_SIGNER, swap(dinesh, alice))
    assert approve(vm, dinesh, multisig, 1) == APPLIED
    assert signers(vm, multisig) == [bob, chuck, alice]


def test_a_transaction_cannot_approve_itself_while_it_is_sent(vm, make_accounts, make_multisig):
    alice, bob = make_accounts(2)
    multisig = make_multisig([alice, bob], 1)
    add = AddSignerParams(Address.from_id(multisig), increase=True)
    assert propose(vm, alice, multisig, multisig, ADD_SIGNER, add).exit_code == ExitCode.OK
    vm.ok(alice, multisig, 0, value=TokenAmount.parse("100 FIL"))

    itself = TransactionIDParams(1, b"")
    assert not propose(vm, alice, multisig, multisig, APPROVE, itself).applied
    assert pending(vm, multisig) == {1: transaction([alice], multisig, APPROVE, itself)}

    answer = approve(vm, bob, multisig, 1)
    assert answer == ApproveReturn(applied=True, exit_code=ExitCode.USR_NOT_FOUND, returned=b"")
    assert pending(vm, multisig) == {}
