"""The rules of each network version."""

import pytest

from papyrus.primitives.errors import UnsupportedNetworkVersion
from papyrus.rules.gas_prices import HYGGE, TEEP, WATERMELON
from papyrus.rules.versions import NV18, NV22, NV23, NV24, NV25, SUPPORTED, KernelAbi, rules_for


def test_every_supported_version_is_found_by_its_number():
    assert [rules_for(rules.network_version) for rules in SUPPORTED] == list(SUPPORTED)


@pytest.mark.parametrize("version", [0, 17, 19, 20, 29])
def test_other_versions_are_refused_by_name(version):
    with pytest.raises(UnsupportedNetworkVersion, match=f"network version {version} is not"):
        rules_for(version)


@pytest.mark.parametrize(
    ("version", "prices"),
    [(18, HYGGE), (21, WATERMELON), (24, WATERMELON), (25, TEEP), (28, TEEP)],
)
def test_price_list_follows_the_version(version, prices):
    assert rules_for(version).prices == prices


@pytest.mark.parametrize(
    ("version", "actors"),
    [(18, 10), (21, 12), (22, 13), (23, 14), (24, 15), (25, 16), (26, 16), (27, 17), (28, 18)],
)
def test_actors_follow_the_version(version, actors):
    assert rules_for(version).actors_version == actors


def test_only_nv18_speaks_the_older_kernel_interface():
    older = [rules for rules in SUPPORTED if rules.kernel is KernelAbi.FVM3]
    assert older == [NV18]


def test_market_collateral_stops_counting_at_nv23():
    assert NV22.market_collateral_is_locked
    assert not NV23.market_collateral_is_locked


def test_reserve_is_enlarged_from_nv25():
    assert not NV24.uses_teep_reserve
    assert NV25.uses_teep_reserve
