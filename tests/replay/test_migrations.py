"""Chains that Lotus took across upgrades: the state is migrated there, and stays exact."""

import json
from dataclasses import replace

import pytest

from papyrus.conformance.environment import MissingActors, shared_environment
from papyrus.conformance.replay import replay_chain
from papyrus.conformance.report import Status
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.rules.networks import CALIBNET, LOTUS_ITEST
from papyrus.rules.schedule import upgrade
from papyrus.storage.bundles import BundleStore


def crossing(name, height, *versions):
    """Return a chain and the height of its migration, with the bundles that it needs."""
    marks = [pytest.mark.bundle(f"v{version}/testing-fake-proofs") for version in versions]
    return pytest.param(name, height, marks=marks)


CROSSINGS = [
    crossing("migration-nv21-nv22", 10, 12, 13),
    crossing("migration-nv22-nv23", 100, 13, 14),
    crossing("migration-nv24-nv26", 3080, 15, 16),
]


def failures(run):
    return [(case.id, case.reason) for case in run.cases if case.status is not Status.PASSED]


@pytest.mark.parametrize(("name", "height"), CROSSINGS)
def test_the_tipset_of_a_migration_is_exact_to_every_gas_charge(shared, name, height):
    path = shared / "chains" / name / "chain.car.zst"
    run = replay_chain(path, first=height - 3, last=height + 5, trace=True)
    assert failures(run) == []
    assert any(int(case.id) > height for case in run.cases)


@pytest.mark.parametrize(("name", "height"), CROSSINGS[:2])
def test_a_chain_across_an_upgrade_is_exact(shared, name, height):
    folder = shared / "chains" / name
    run = replay_chain(folder / "chain.car.zst")
    assert failures(run) == []
    assert run.total == json.loads((folder / "meta.json").read_text())["tipsets"] > height


@pytest.mark.full
@pytest.mark.parametrize(("name", "height"), CROSSINGS[2:])
def test_a_long_chain_across_two_upgrades_is_exact(shared, name, height):
    run = replay_chain(shared / "chains" / name / "chain.car.zst")
    assert failures(run) == []
    assert run.total > height


def test_actors_that_are_not_here_are_named_with_the_command(tmp_path):
    environment = replace(shared_environment(), bundles=BundleStore(tmp_path))
    migrate = environment.migrations(LOTUS_ITEST, MemoryBlockstore())
    with pytest.raises(MissingActors) as caught:
        migrate(upgrade(7, 22), CALIBNET.genesis)
    assert str(caught.value) == (
        "the upgrade to network version 22 at height 7 needs its actors: the actors v13 of "
        f"testing-fake-proofs (v13.0.0) are not in {tmp_path}: run `papyrus bundle fetch 13 "
        "--network testing-fake-proofs`, or `papyrus bundle import v13.tar.zst` with that file "
        "from Lotus' build/actors"
    )


def test_a_release_that_its_network_replaced_is_asked_for_by_name(tmp_path):
    environment = replace(shared_environment(), bundles=BundleStore(tmp_path))
    row = CALIBNET.schedule.migration_at(1_070_494)
    with pytest.raises(MissingActors, match=r"papyrus bundle fetch v12\.0\.0-rc\.2 --network cal"):
        environment.next_actors(CALIBNET, row)
