"""A small network on both engines, epoch after epoch: the same answers and state throughout."""

import pytest
from actor_vm import TwinVm
from network_traffic import NetworkTraffic

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")


def run(seed, epochs, stride=1):
    network = NetworkTraffic(TwinVm(), seed, stride)
    for count in range(epochs):
        network.step()
        if count % 100 == 99:
            network.check()
    return network


def test_engines_agree_on_a_network():
    """Long enough for sectors to be proven, and for their first windows to be missed."""
    network = run(0, 300)
    assert network.ticks == 300
    assert network.miners


@pytest.mark.full
@pytest.mark.parametrize(("seed", "stride"), [(1000, 1), (1001, 30), (1002, 7)])
def test_engines_agree_on_a_network_for_long(seed, stride):
    """Longer than a missing sector is waited for, where epochs pass in strides."""
    network = run(seed, 10_000, stride)
    assert network.power > 0
