"""Random multisigs on both engines: the same exit codes, answers and state, message by message."""

import pytest
from actor_vm import TwinVm
from multisig_traffic import MultisigTraffic

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
