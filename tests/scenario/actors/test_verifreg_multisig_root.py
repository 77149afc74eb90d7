"""The root of the verified registry as a multisig, whose signers appoint verifiers together."""

import pytest
from invariants import broken_invariants
from multisigs import approve, pending, propose
from verified import PEOPLE, params_for, put_verified, verifiers

from papyrus.actors.init.params import EXEC, ExecParams, ExecReturn
from papyrus.actors.multisig.params import ApproveReturn, ConstructorParams
from papyrus.actors.singletons import INIT, VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import ADD_VERIFIER
from papyrus.primitives.exit_codes import ExitCode

ROOT = 1000
"""The ID that the next actor is given."""
ALLOWANCE = 1 << 20
ALICE, BOB, CHARLIE, VERIFIER = PEOPLE[:4]


@pytest.fixture
def vm(make_vm):
    """Return a machine whose registry waits for its root; its end must keep the invariants."""
    machine = make_vm(epoch=1)
    machine.each(lambda one: put_verified(one, ROOT))
    yield machine
    machine.each(check_end)


def check_end(one):
    assert broken_invariants(one) == []


def make_root(vm, signers, threshold):
    addresses = tuple(signer.address for signer in signers)
    params = ConstructorParams(addresses, threshold, unlock_duration=0, start_epoch=0)
    exec_params = ExecParams(vm.one.codes["multisig"], params.to_cbor())
    answer = vm.ok(signers[0].id, INIT, EXEC, exec_params)
    assert ExecReturn.from_cbor(answer).id_address.id == ROOT


def propose_verifier(vm):
    params = params_for(VERIFIER.id, ALLOWANCE)
    return propose(vm, ALICE.id, ROOT, VERIFIED_REGISTRY, ADD_VERIFIER, params)


def test_two_signers_appoint_a_verifier(vm):
    make_root(vm, [ALICE, BOB], 2)
    assert not propose_verifier(vm).applied
    assert verifiers(vm) == {}
    answer = approve(vm, BOB.id, ROOT, 0)
    assert answer == ApproveReturn(applied=True, exit_code=ExitCode.OK, returned=b"")
    assert verifiers(vm) == {VERIFIER.id: ALLOWANCE}


def test_three_signers_do_and_two_of_them_do_not(vm):
    make_root(vm, [ALICE, BOB, CHARLIE], 3)
    propose_verifier(vm)
    assert not approve(vm, BOB.id, ROOT, 0).applied
    assert verifiers(vm) == {}
    assert len(pending(vm, ROOT)[0].approved) == 2
    assert approve(vm, CHARLIE.id, ROOT, 0).applied
    assert verifiers(vm) == {VERIFIER.id: ALLOWANCE}
    assert pending(vm, ROOT) == {}
