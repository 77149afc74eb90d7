"""Random messages that bring sectors and data to miners, on both engines: the same throughout.

Contracts, which are told of data too, run as Wasm on both.
"""

import pytest
from actor_vm import TwinVm
from sealing_traffic import SealingTraffic

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

FIRST = "hybrid:evm=wasm"


def run(seed, steps):
    traffic = SealingTraffic(TwinVm(FIRST), seed)
    for count in range(steps):
        traffic.step()
        if count % 50 == 49:
            traffic.check()
    return traffic


@pytest.mark.parametrize("seed", range(2))
def test_engines_agree_on_random_messages(seed):
    traffic = run(seed, 100)
    assert traffic.sent > 50


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_engines_agree_on_many_random_messages(seed):
    run(seed, 300)
