"""Chains that Lotus took across upgrades: the state is migrated there, and stays exact."""

import json

import pytest

from papyrus.actors.migrations import migrate
from papyrus.actors.migrations.verify import verify_migration
from papyrus.chain.upgrades import next_actors
from papyrus.conformance.chain_files import ChainFile, ChainRules
from papyrus.conformance.replay import Means, replay_chain
from papyrus.conformance.report import Status
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.storage.bundles import BundleStore

TRACED = Means(trace=True)


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
    run = replay_chain(path, first=height - 3, last=height + 5, means=TRACED)
    assert failures(run) == []
    assert any(int(case.id) > height for case in run.cases)


@pytest.mark.parametrize(("name", "height"), CROSSINGS[:2])
def test_a_chain_across_an_upgrade_is_exact(shared, name, height):
    folder = shared / "chains" / name
    run = replay_chain(folder / "chain.car.zst")
    assert failures(run) == []
    assert run.total == json.loads((folder / "meta.json").read_text())["tipsets"] > height


@pytest.mark.parametrize(("name", "height"), CROSSINGS)
def test_the_verifier_finds_nothing_wrong_in_a_migrated_state(shared, name, height):
    chain = ChainFile.open(shared / "chains" / name / "chain.car.zst", ChainRules())
    row = chain.network.schedule.migration_at(height)
    bundle = next_actors(BundleStore(), chain.network, row)
    store = LayeredBlockstore(MemoryBlockstore(), chain.car, bundle.store)
    old = next(t.parent_state_root for t in chain.tipsets if t.height > height)
    facts, manifest = chain.network.migrations, bundle.manifest_data
    new = migrate(store, old, row, manifest, facts)
    found = verify_migration(store, old, new, row, manifest, facts)
    assert found.differences == ()
    assert found.balance == TokenAmount.from_fil(2_000_000_000)


@pytest.mark.full
@pytest.mark.parametrize(("name", "height"), CROSSINGS[2:])
def test_a_long_chain_across_two_upgrades_is_exact(shared, name, height):
    run = replay_chain(shared / "chains" / name / "chain.car.zst")
    assert failures(run) == []
    assert run.total > height
