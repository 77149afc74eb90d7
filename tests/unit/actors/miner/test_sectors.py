from dataclasses import replace

import pytest
from miner_sectors import a_scope, a_sector

from papyrus.actors.miner.power import power_of_sectors
from papyrus.actors.miner.sectors import SECTORS, SectorOnChainInfo, Sectors, select_sectors
from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.tuples import Reading
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode

SECTOR = a_sector(1, 100)


def test_old_sector_without_a_daily_fee_has_none():
    old = SECTOR.to_ipld()[:15]
    found = SectorOnChainInfo.from_cbor(dag_cbor.encode(old), reading=Reading.LENIENT)
    assert found == replace(SECTOR, daily_fee=ZERO)
    assert len(found.to_ipld()) == 16


def old_form(store, numbers):
    """Return the root of sectors as they were before they had a daily fee."""
    array = Amt(store, None, bit_width=5)
    for number in numbers:
        array.set(number, a_sector(number, 100).to_ipld()[:15])
    return array.flush()


@pytest.mark.parametrize("change", ["set", "delete"])
def test_change_writes_the_new_form_of_all_sectors_in_its_node(change):
    store = MemoryBlockstore()
    sectors = Sectors(store, old_form(store, (0, 5, 31, 32, 70)))
    if change == "set":
        sectors.put([a_sector(5, 200)])
    else:
        sectors.delete(BitField.from_bits([5]))
    raw = Amt(store, sectors.flush(), bit_width=5)
    lengths = {number: len(fields) for number, fields in raw.items()}
    assert lengths.pop(5, 16) == 16
    assert lengths == {0: 16, 31: 16, 32: 15, 70: 15}


def test_reading_and_missing_leave_the_old_form():
    store = MemoryBlockstore()
    root = old_form(store, (0, 5, 31))
    array = SECTORS.open(store, root)
    assert array.get(5).daily_fee == 0
    assert not array.delete(6)
    assert array.flush() == root


@pytest.fixture
def sectors():
    return a_scope([a_sector(number, 100) for number in (1, 2, 5, 9)]).sectors


def test_missing_sectors_are_not_found(sectors):
    for attempt in (
        lambda: sectors.must_get(3),
        lambda: sectors.load(BitField.from_bits([1, 3])),
        lambda: sectors.delete(BitField.from_bits([1, 3])),
    ):
        with pytest.raises(ActorError) as aborted:
            attempt()
        assert aborted.value.exit_code == ExitCode.USR_NOT_FOUND


def test_numbers_out_of_range_are_an_illegal_state(sectors):
    for attempt in (
        lambda: sectors.get(2**64 - 1),
        lambda: sectors.put([a_sector(2**63, 100)]),
    ):
        with pytest.raises(ActorError) as aborted:
            attempt()
        assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize(
    ("faults", "challenged"),
    [([], [1, 2, 5, 9]), ([1, 5], [2, 2, 2, 9]), ([1, 2, 5, 9], [])],
)
def test_proof_challenges_a_stand_in_for_faulty_sectors(sectors, faults, challenged):
    found = sectors.load_for_proof(BitField.from_bits([1, 2, 5, 9]), BitField.from_bits(faults))
    assert [sector.sector_number for sector in found] == challenged


def test_selection_requires_all_that_are_asked_for():
    three = [a_sector(number, 100) for number in (4, 2, 7)]
    assert select_sectors(three, BitField.from_bits([7, 4])) == [three[0], three[2]]
    with pytest.raises(ActorError, match="failed to find 1 expected"):
        select_sectors(three, BitField.from_bits([7, 8]))


def test_power_of_sectors_of_one_size_adds_up(sectors):
    both = sectors.load(BitField.from_bits([1, 2]))
    assert power_of_sectors(7, both) == power_of_sectors(7, both[:1]) + power_of_sectors(
        7, both[1:]
    )
