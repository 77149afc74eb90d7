"""Which version rules at which epoch."""

import pytest

from papyrus.primitives.errors import UnsupportedNetworkVersion
from papyrus.rules.schedule import Schedule, fix, upgrade
from papyrus.rules.versions import NV21, NV22, NV26

SCHEDULE = Schedule(21, (upgrade(10, 22), fix(12, 22), upgrade(20, 26)))


@pytest.mark.parametrize(
    ("epoch", "rules"), [(0, NV21), (10, NV21), (11, NV22), (20, NV22), (21, NV26), (10**9, NV26)]
)
def test_an_upgrade_rules_from_the_epoch_after_its_height(epoch, rules):
    assert SCHEDULE.rules_at(epoch) == rules


def test_versions_without_rules_have_a_number_but_no_rules():
    schedule = Schedule(17, (upgrade(5, 19),))
    assert schedule.version_at(6) == 19
    with pytest.raises(UnsupportedNetworkVersion, match="network version 19"):
        schedule.rules_at(6)


def test_migrations_run_where_new_actors_come_and_at_fixes():
    heights = [height for height in range(30) if SCHEDULE.migration_at(height) is not None]
    assert heights == [10, 12]


def test_a_network_that_begins_with_an_upgrade_does_not_migrate_for_it():
    assert not upgrade(-1, 28).migrates


def test_a_fix_keeps_the_version_and_may_bring_a_release_replaced_later():
    assert not upgrade(100, 22).keeps_version
    assert upgrade(100, 22).release is None
    row = fix(200, 22, "v13.0.0-rc.3")
    assert (row.keeps_version, row.migrates, row.release) == (True, True, "v13.0.0-rc.3")


def test_the_migrations_to_a_version_are_its_upgrade_and_its_fixes():
    assert SCHEDULE.migrations_to(22) == (upgrade(10, 22), fix(12, 22))
    assert SCHEDULE.migrations_to(26) == ()
