"""What a message has paid to look at."""

from papyrus.primitives.address import Address
from papyrus.vm.access import READ, UPDATED, AccessTracker

KEY = Address.actor(b"someone")


def test_preloaded_actors_cost_nothing():
    assert AccessTracker([1, 2]).level(1) == UPDATED


def test_an_update_includes_the_read_and_is_not_lowered_by_one():
    access = AccessTracker([])
    access.record_read(7)
    assert access.level(7) == READ
    access.record_update(7)
    access.record_read(7)
    assert access.level(7) == UPDATED


def test_a_reverted_transaction_forgets_its_accesses_only():
    access = AccessTracker([])
    access.record_read(7)
    access.begin()
    access.record_update(7)
    access.record_read(8)
    access.record_resolved(KEY)
    access.end(revert=True)
    assert (access.level(7), access.level(8), access.is_resolved(KEY)) == (READ, 0, False)


def test_a_kept_transaction_is_undone_with_the_one_around_it():
    access = AccessTracker([])
    access.begin()
    access.begin()
    access.record_update(7)
    access.end(revert=False)
    assert access.level(7) == UPDATED
    access.end(revert=True)
    assert access.level(7) == 0


def test_id_addresses_need_no_resolution():
    assert AccessTracker([]).is_resolved(Address.from_id(100))
