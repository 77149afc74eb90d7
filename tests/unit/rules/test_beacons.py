"""Beacon rounds."""

from papyrus.rules.beacons import DRAND_MAINNET, LOTUS_MOCK, QUICKNET, Drand, LocalBeacon
from papyrus.rules.networks import DEVNET, MAINNET


def test_a_block_carries_rounds_up_to_an_epoch_before_it():
    at = QUICKNET.genesis_time + 30
    assert QUICKNET.round_at(1, at, 30) == 11
    assert QUICKNET.round_at(1, at + 2, 30) == 11
    assert QUICKNET.round_at(1, at + 3, 30) == 12


def test_an_epoch_before_the_beacon_has_its_first_round():
    assert DRAND_MAINNET.round_at(0, 0, 30) == 1


def test_mock_rounds_follow_epochs():
    assert LOTUS_MOCK.round_at(7, 12345, 30) == 107


def test_mainnet_follows_quicknet_from_the_phoenix_height():
    assert MAINNET.beacon_at(3_855_479) == DRAND_MAINNET
    assert MAINNET.beacon_at(3_855_480) == QUICKNET
    assert not QUICKNET.is_chained


def test_mainnet_rounds_grow_by_ten_an_epoch_on_quicknet():
    first = MAINNET.beacon_round_at(4_000_000)
    assert MAINNET.beacon_round_at(4_000_001) == first + 10


def test_a_local_beacon_has_the_round_of_each_epochs_number():
    network = DEVNET.with_local_beacon(bytes(96)).with_genesis(MAINNET.genesis, 1_700_000_000)
    assert network.beacon_at(5) == LocalBeacon(bytes(96))
    assert [network.beacon_round_at(epoch) for epoch in (-1, 0, 1, 2, 1000)] == [0, 0, 1, 2, 1000]


def test_a_local_beacon_is_a_drand_chain_that_began_with_the_network():
    start, delay = 1_700_000_000, 4
    chain = Drand("devnet", bytes(32), bytes(96), delay, start, is_chained=False)
    local = LocalBeacon(bytes(96))
    for epoch in (1, 2, 77):
        assert local.round_at(epoch, start, delay) == chain.round_at(epoch, start, delay)
    assert not local.is_chained
