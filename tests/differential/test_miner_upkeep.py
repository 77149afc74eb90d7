"""Random messages to miners with sectors, on both engines: the same answers and state throughout.

Windows pass by cron, months by jumps; all actors are native on one side.
"""

import pytest
from actor_vm import TwinVm
from upkeep_traffic import UpkeepTraffic

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")


def run(seed, steps, first="native"):
    traffic = UpkeepTraffic(TwinVm(first), seed)
    for count in range(steps):
        traffic.step()
        if count % 50 == 49:
            traffic.check()
    return traffic


@pytest.mark.parametrize("seed", range(2))
def test_engines_agree_on_random_messages(seed):
    traffic = run(seed, 200)
    assert traffic.ticks > 20


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_engines_agree_on_many_random_messages(seed):
    run(seed, 800)
