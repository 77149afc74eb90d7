import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.rules.networks import CALIBNET, MAINNET, Network
from papyrus.rules.versions import SUPPORTED, rules_for
from papyrus.storage.bundle_manifests import PINNED_BUNDLES, pinned, pinned_by_manifest


def test_every_supported_network_version_has_its_mainnet_actors() -> None:
    for rules in SUPPORTED:
        assert pinned(rules.actors_version, "mainnet").version == rules.actors_version


def test_rows_are_as_released() -> None:
    assert len(PINNED_BUNDLES) == 93
    row = pinned(10, "mainnet")
    assert str(row.manifest) == "bafy2bzacecsuyf7mmvrhkx2evng5gnz5canlnz2fdlzu2lvcgptiq2pzuovos"
    assert row.release == "v10.0.0"


def test_current_bundle_is_one_for_each_version_and_network() -> None:
    current = [(row.version, row.network) for row in PINNED_BUNDLES if not row.superseded]
    assert len(set(current)) == len(current)


def test_replaced_bundle_is_not_in_force() -> None:
    releases = {
        row.release: row.superseded
        for row in PINNED_BUNDLES
        if (row.version, row.network) == (16, "calibrationnet")
    }
    assert releases == {"v16.0.1": False, "v16.0.0": True}
    assert pinned(16, "calibrationnet").release == "v16.0.1"


def test_one_manifest_may_serve_two_versions() -> None:
    found = pinned_by_manifest(pinned(18, "mainnet").manifest)
    assert [row.version for row in found] == [18, 19]
    assert pinned_by_manifest(Cid.of(b"\x80")) == ()


@pytest.mark.parametrize(("version", "network"), [(7, "mainnet"), (18, "nowhere")])
def test_unknown_bundle_is_told_with_what_there_is(version: int, network: str) -> None:
    with pytest.raises(LocalFault, match=r"Papyrus knows v8 to v19 for .*mainnet"):
        pinned(version, network)


@pytest.mark.parametrize("network", [MAINNET, CALIBNET], ids=lambda network: network.name)
def test_every_migration_of_a_public_network_has_its_bundle(network: Network) -> None:
    for row in network.schedule.upgrades:
        if row.migrates and row.network_version >= 21:
            version = rules_for(row.network_version).actors_version
            bundle = pinned(version, network.actors_bundle, row.release)
            assert bundle.superseded == (row.release is not None)


def test_a_release_that_never_was_is_not_found() -> None:
    with pytest.raises(LocalFault, match=r"no official bundle of actors v12 for mainnet"):
        pinned(12, "mainnet", "v12.0.0-rc.1")
