"""The actors that an upgrade brings."""

import pytest

from papyrus.chain.upgrades import MissingActors, migrations, next_actors
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.rules.networks import CALIBNET, LOTUS_ITEST
from papyrus.rules.schedule import upgrade
from papyrus.storage.bundles import BundleStore


def test_actors_that_are_not_here_are_named_with_the_command(tmp_path):
    migrate = migrations(BundleStore(tmp_path), LOTUS_ITEST, MemoryBlockstore())
    with pytest.raises(MissingActors) as caught:
        migrate(upgrade(7, 22), CALIBNET.genesis)
    assert str(caught.value) == (
        "the upgrade to network version 22 at height 7 needs its actors: the actors v13 of "
        f"testing-fake-proofs (v13.0.0) are not in {tmp_path}: run `papyrus bundle fetch 13 "
        "--network testing-fake-proofs`, or `papyrus bundle import v13.tar.zst` with that file "
        "from Lotus' build/actors"
    )


def test_a_release_that_its_network_replaced_is_asked_for_by_name(tmp_path):
    row = CALIBNET.schedule.migration_at(1_070_494)
    with pytest.raises(MissingActors, match=r"papyrus bundle fetch v12\.0\.0-rc\.2 --network cal"):
        next_actors(BundleStore(tmp_path), CALIBNET, row)
