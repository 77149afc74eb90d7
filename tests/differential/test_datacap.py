"""Random messages to tokens on both engines: the same answers and state, message by message.

Miners and contracts, which tokens may be sent to, run as Wasm on both.
"""

import pytest
from actor_vm import TwinVm
from datacap_traffic import DatacapTraffic

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

FIRST = "hybrid:storageminer=wasm,evm=wasm"


def run(seed, messages):
    traffic = DatacapTraffic(TwinVm(FIRST), seed)
    for count in range(messages):
        traffic.step()
        if count % 50 == 49:
            traffic.check()
    return traffic


@pytest.mark.parametrize("seed", range(4))
def test_engines_agree_on_random_messages(seed):
    run(seed, 150)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1070))
def test_engines_agree_on_many_random_messages(seed):
    run(seed, 300)
