"""A multisig that signs for another."""

from multisigs import approve, pending, proposal, propose, transaction

from papyrus.actors.multisig.params import PROPOSE, ApproveReturn, ProposeReturn
from papyrus.actors.multisig.state import State
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

APPLIED = ApproveReturn(applied=True, exit_code=0, returned=b"")


def fil(amount):
    return TokenAmount.parse(f"{amount} FIL")


def test_an_inner_multisig_proposes_and_a_person_approves(vm, make_accounts, make_multisig):
    alice, bob, charlie, _, recipient = make_accounts(5)
    inner = make_multisig([alice, bob], 2)
    vm.ok(alice, inner, 0, value=fil(100))
    outer = make_multisig([inner, charlie], 2)
    vm.ok(alice, outer, 0, value=fil(1000))
    state = vm.one.state(outer, State)
    assert state.signers == (Address.from_id(inner), Address.from_id(charlie))
    assert state.approvals_threshold == 2

    payment = proposal(recipient, value=fil(50))
    assert not propose(vm, alice, inner, outer, PROPOSE, payment).applied
    answer = approve(vm, bob, inner, 0)
    proposed = ProposeReturn(0, applied=False, exit_code=0, returned=b"")
    assert answer == ApproveReturn(applied=True, exit_code=0, returned=proposed.to_cbor())
    assert pending(vm, outer) == {0: transaction([inner], recipient, value=fil(50))}

    before = vm.one.balance(recipient)
    assert approve(vm, charlie, outer, 0) == APPLIED
    assert vm.one.balance(recipient) == before + fil(50)
    assert pending(vm, outer) == {}


def test_people_need_no_inner_multisig_beside_them(vm, make_accounts, make_multisig):
    alice, bob, charlie, dave, recipient = make_accounts(5)
    inner = make_multisig([alice, bob], 2)
    outer = make_multisig([inner, charlie, dave], 2)
    vm.ok(alice, outer, 0, value=fil(1000))

    before = vm.one.balance(recipient)
    assert not propose(vm, dave, outer, recipient, value=fil(25)).applied
    assert approve(vm, charlie, outer, 0) == APPLIED
    assert vm.one.balance(recipient) == before + fil(25)
