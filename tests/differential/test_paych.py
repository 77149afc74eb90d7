"""Random vouchers on both engines: the same exit codes, answers and state, message by message."""

import pytest
from actor_vm import TwinVm
from channel_traffic import ChannelTraffic

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")


def run(seed, messages):
    traffic = ChannelTraffic(TwinVm(), seed)
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
@pytest.mark.parametrize("seed", range(1000, 1150))
def test_engines_agree_on_many_random_messages(seed):
    run(seed, 200)
