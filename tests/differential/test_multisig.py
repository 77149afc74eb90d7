"""Multisigs that send to themselves, on both engines, as deep as calls may be."""

import pytest
from actor_vm import TwinVm
from multisigs import proposal, put_multisig
from people import people, put_people

from papyrus.actors.multisig.params import PROPOSE, ProposeReturn
from papyrus.primitives.exit_codes import ExitCode

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")


@pytest.mark.full
def test_engines_agree_where_calls_are_too_deep():
    vm = TwinVm()
    vm.each(lambda one: put_people(one, people(1)))
    vm.each(lambda one: put_multisig(one, 200, [100, 200]))
    message = proposal(100)
    for _ in range(1100):
        message = proposal(200, PROPOSE, message)
    answer = vm.ok(100, 200, PROPOSE, message)
    depth = 0
    while answer:
        told = ProposeReturn.from_cbor(answer)
        depth, answer = depth + 1, told.returned
    # The machine makes no more calls than that within one another.
    assert (depth, told.exit_code) == (1024, ExitCode.USR_ASSERTION_FAILED)
