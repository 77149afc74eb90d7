"""Sectors with their first activation."""

from dataclasses import replace

import pytest
from old_states import HEIGHT, MINERS, build

from papyrus.actors.migrations import migrate
from papyrus.actors.migrations.nv21 import SectorV11, SectorV12, migrate_sector
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import get_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import upgrade
from papyrus.vm.state_tree import StateTree

KEY = Cid.of(b"key", RAW)
OLD = SectorV11(
    number=7,
    seal_proof=8,
    sealed_cid=KEY,
    deal_ids=(4, 5),
    activation=900,
    expiration=5_000,
    deal_weight=11,
    verified_deal_weight=12,
    initial_pledge=TokenAmount(13),
    expected_day_reward=TokenAmount(14),
    expected_storage_pledge=TokenAmount(15),
    replaced_sector_age=250,
    replaced_day_reward=TokenAmount(16),
    sector_key_cid=KEY,
    simple_qa_power=True,
)
NEW = SectorV12(
    number=7,
    seal_proof=8,
    sealed_cid=KEY,
    deal_ids=(4, 5),
    activation=650,
    expiration=5_000,
    deal_weight=11,
    verified_deal_weight=12,
    initial_pledge=TokenAmount(13),
    expected_day_reward=TokenAmount(14),
    expected_storage_pledge=TokenAmount(15),
    power_base_epoch=900,
    replaced_day_reward=TokenAmount(16),
    sector_key_cid=KEY,
    flags=1,
)


def test_a_sector_with_replaced_content_is_as_old_as_its_first():
    assert migrate_sector(OLD) == NEW


def test_the_age_of_a_sector_that_it_replaced_is_not_its_own():
    """A committed-capacity sector upgraded in the old way is another sector."""
    assert migrate_sector(replace(OLD, sector_key_cid=None)) == replace(
        NEW, sector_key_cid=None, activation=900
    )


@pytest.mark.parametrize(("simple", "flags"), [(True, b"\x01"), (False, b"\x00")])
def test_the_last_byte_of_a_sector_becomes_its_flags(simple, flags):
    old = replace(OLD, simple_qa_power=simple).to_cbor()
    assert old[-1:] == (b"\xf5" if simple else b"\xf4")
    assert migrate_sector(SectorV11.from_cbor(old)).to_cbor()[-1:] == flags


def test_sectors_and_every_snapshot_of_them_change():
    state = build(21, sectors=40)
    row = upgrade(HEIGHT, 21)
    root = migrate(state.store, state.root, row, state.new_manifest, MigrationFacts())
    old = get_cbor(state.store, state.actors[MINERS[0]].head)
    new = get_cbor(state.store, StateTree(state.store, root).get(MINERS[0]).head)
    assert [a == b for a, b in zip(old, new, strict=True)] == [
        place not in {9, 12} for place in range(15)
    ]
    tables = [(old[9], new[9])]
    (before,), (after,) = get_cbor(state.store, old[12]), get_cbor(state.store, new[12])
    for mine, theirs in zip(before, after, strict=True):
        one, other = get_cbor(state.store, mine), get_cbor(state.store, theirs)
        assert one[:8] + one[9:] == other[:8] + other[9:]
        tables.append((one[8], other[8]))
    assert len(set(tables)) == 2
    for mine, theirs in set(tables):
        pairs = zip(Amt(state.store, mine).items(), Amt(state.store, theirs).items(), strict=True)
        for (number, sector), (same, migrated) in pairs:
            assert number == same
            expected = migrate_sector(SectorV11.from_ipld(sector)).to_ipld()
            assert migrated == expected
