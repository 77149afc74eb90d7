"""Beacon rounds."""

from papyrus.rules.beacons import DRAND_MAINNET, LOTUS_MOCK, QUICKNET
from papyrus.rules.networks import MAINNET


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
