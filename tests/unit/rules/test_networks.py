"""The constants of networks."""

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.networks import (
    CALIBNET,
    DEVNET,
    LOTUS_ITEST,
    LOTUS_ITEST_DAILY_FEES,
    MAINNET,
    NETWORKS,
    network_named,
)
from papyrus.rules.versions import NV21, NV22, NV24, NV25, NV28


def test_networks_are_found_by_name():
    assert {network_named(name).name for name in NETWORKS} == set(NETWORKS)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(LocalFault, match="unknown network 'x': known are butterflynet, calibnet"):
        network_named("x")


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_upgrade_heights_rise(network):
    heights = [row.height for row in network.schedule.upgrades]
    assert heights == sorted(set(heights))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_network_ends_at_the_latest_rules(network):
    assert network.rules_at(10**9) == NV28


def test_mainnet_tock_is_ninety_days_after_teep():
    versions = {row.network_version: row.height for row in MAINNET.schedule.upgrades}
    assert versions[26] - versions[25] == 90 * 2880


def test_firehorse_is_the_last_epoch_of_nv27_and_the_first_of_premiums():
    assert MAINNET.rules_at(6_052_800).network_version == 27
    assert MAINNET.rules_at(6_052_801) == NV28
    assert MAINNET.base_fee.premiums_from == 6_052_800


def test_calibnet_runs_its_fixes_as_migrations():
    for height in (1_070_494, 1_108_174, 1_493_854, 2_558_014):
        row = CALIBNET.schedule.migration_at(height)
        assert row is not None
        assert row.network_version == CALIBNET.schedule.version_at(height)


def test_reserve_grows_with_teep_except_on_mainnet():
    assert MAINNET.reserve_at(NV25) == MAINNET.reserve_at(NV24) == TokenAmount.from_fil(300_000_000)
    assert CALIBNET.reserve_at(NV24) == TokenAmount.from_fil(300_000_000)
    assert CALIBNET.reserve_at(NV25) == TokenAmount.from_fil(1_200_000_000)
    assert LOTUS_ITEST_DAILY_FEES.reserve_at(NV28) == TokenAmount.from_fil(1_000_000_000)


def test_lotus_tests_take_mainnets_heights_but_for_the_reserve():
    assert LOTUS_ITEST.base_fee == MAINNET.base_fee
    assert LOTUS_ITEST.vesting == MAINNET.vesting
    assert LOTUS_ITEST.senders_resolved_from == MAINNET.senders_resolved_from
    assert LOTUS_ITEST.reserve_counts_after == -1


def test_upgrades_can_be_replaced():
    network = LOTUS_ITEST.with_upgrades(((10, 22), (-1, 21)))
    assert network.rules_at(0) == NV21
    assert network.rules_at(10) == NV21
    assert network.rules_at(11) == NV22
    assert network.schedule.migration_at(10) is not None


def test_a_genesis_of_ones_own_sets_the_clock():
    genesis = Cid.of(b"\x80")
    network = DEVNET.with_genesis(genesis, 1000)
    assert network.genesis == genesis
    assert network.timestamp_at(5) == 1020
