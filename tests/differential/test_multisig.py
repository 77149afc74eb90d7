"""Random multisigs on both engines: the same exit codes, answers and state, message by message."""

import pytest
from actor_vm import TwinVm
from multisig_traffic import MultisigTraffic
from multisigs import proposal, put_multisig
from people import people, put_people

from papyrus.actors.multisig.params import PROPOSE, ProposeReturn
from papyrus.primitives.exit_codes import ExitCode

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")


def run(seed, messages):
    traffic = MultisigTraffic(TwinVm(), seed)
    for count in range(messages):
        traffic.step()
        if count % 100 == 99:
            traffic.check()
    traffic.check()
    return traffic


@pytest.mark.parametrize("seed", range(4))
def test_engines_agree_on_random_messages(seed):
    run(seed, 150)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_engines_agree_on_many_random_messages(seed):
    run(seed, 300)


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
