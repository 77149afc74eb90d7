"""Random messages to what drives a network, on both engines: the same answers and state."""

import pytest
from actor_vm import TwinVm
from driver_traffic import FIRST, CronTraffic, InitTraffic, SystemTraffic
from economy_traffic import PowerTraffic, RewardTraffic

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

TRAFFICS = (InitTraffic, CronTraffic, SystemTraffic, RewardTraffic, PowerTraffic)


def run(traffic, seed, messages):
    running = traffic(TwinVm(FIRST), seed)
    for count in range(messages):
        running.step()
        if count % 100 == 99:
            running.check()
    running.check()
    return running


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("traffic", TRAFFICS)
def test_engines_agree_on_random_messages(traffic, seed):
    run(traffic, seed, 120)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1070))
@pytest.mark.parametrize("traffic", TRAFFICS)
def test_engines_agree_on_many_random_messages(traffic, seed):
    run(traffic, seed, 300)
