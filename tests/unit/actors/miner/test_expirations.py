import pytest
from hypothesis import given
from hypothesis import strategies as st
from miner_sectors import SECTOR_SIZE, a_sector, pledge_of

from papyrus.actors.miner.expiration_faults import (
    remove_sectors,
    reschedule_all_as_faults,
    reschedule_as_faults,
    reschedule_recovered,
)
from papyrus.actors.miner.expirations import EXPIRATIONS, ExpirationQueue, ExpirationSet
from papyrus.actors.miner.power import NO_POWER, power_of_sectors
from papyrus.actors.miner.quantization import NO_QUANTIZATION, QuantSpec
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.rules.policy import MAINNET_POLICY

EPOCHS = (2, 3, 7, 8, 11, 13)
SECTORS = [a_sector(number, epoch) for number, epoch in enumerate(EPOCHS, 1)]


def a_queue(quant=NO_QUANTIZATION, sectors=()):
    store = MemoryBlockstore()
    queue = ExpirationQueue(store, EXPIRATIONS.empty_root(store), quant, SECTOR_SIZE)
    queue.add_active_sectors(sectors)
    return queue


@pytest.fixture
def queue():
    """Three entries of two sectors each, at 5, 9 and 13."""
    return a_queue(QuantSpec(4, 1), SECTORS)


def entry(*, on_time=(), early=(), active=(), faulty=()):
    """Return the entry that holds sectors, by the places of the sectors in SECTORS."""

    def at(places):
        return [SECTORS[place - 1] for place in places]

    return ExpirationSet(
        BitField.from_bits(on_time),
        BitField.from_bits(early),
        pledge_of(at(on_time)),
        power_of_sectors(SECTOR_SIZE, at(active)),
        power_of_sectors(SECTOR_SIZE, at(faulty)),
        sum(sector.daily_fee for sector in at([*on_time, *early])),
    )


def test_added_sectors_are_summed_and_popped_in_order():
    queue = a_queue()
    sums = queue.add_active_sectors(SECTORS)
    assert sums.numbers == BitField.from_bits(range(1, 7))
    assert (sums.power, sums.pledge) == (power_of_sectors(SECTOR_SIZE, SECTORS), 6015)
    assert sums.daily_fee == sum(range(3_000, 9_000, 1_000))
    assert queue.pop_until(7) == entry(on_time=[1, 2, 3], active=[1, 2, 3])
    assert queue.pop_until(20) == entry(on_time=[4, 5, 6], active=[4, 5, 6])
    assert len(queue.array) == 0


def test_expirations_are_rounded_up():
    queue = a_queue(QuantSpec(5, 3), SECTORS)
    assert [epoch for epoch, _ in queue.array.items()] == [3, 8, 13]
    assert queue.pop_until(2).is_empty
    assert queue.pop_until(3).on_time_sectors == BitField.from_bits([1, 2])


def test_faulty_sectors_expire_early_unless_they_would_before(queue):
    power = reschedule_as_faults(queue, 6, SECTORS[1:5])
    assert power == power_of_sectors(SECTOR_SIZE, SECTORS[1:5])
    assert dict(queue.array.items()) == {
        5: entry(on_time=[1, 2], active=[1], faulty=[2]),
        9: entry(on_time=[3, 4], early=[5], faulty=[3, 4, 5]),
        13: entry(on_time=[6], active=[6]),
    }


def test_all_sectors_can_be_made_faulty(queue):
    reschedule_all_as_faults(queue, 6)
    assert dict(queue.array.items()) == {
        5: entry(on_time=[1, 2], faulty=[1, 2]),
        9: entry(on_time=[3, 4], early=[5, 6], faulty=[3, 4, 5, 6]),
    }


def test_all_sectors_cannot_be_made_faulty_before_some_expire_early(queue):
    reschedule_as_faults(queue, 12, SECTORS[1:2])
    reschedule_as_faults(queue, 6, SECTORS[5:])
    with pytest.raises(ActorError, match="early expirations to an earlier epoch"):
        reschedule_all_as_faults(queue, 2)


def test_recovery_restores_what_faults_changed(queue):
    before = dict(queue.array.items())
    reschedule_as_faults(queue, 6, SECTORS[1:5])
    assert reschedule_recovered(queue, SECTORS[1:5]) == power_of_sectors(SECTOR_SIZE, SECTORS[1:5])
    assert dict(queue.array.items()) == before


def test_recovery_of_a_sector_that_is_not_there_aborts(queue):
    with pytest.raises(ActorError, match="not found in expiration queue"):
        reschedule_recovered(queue, [a_sector(77, 9)])


def test_sectors_are_replaced():
    queue = a_queue(QuantSpec(4, 1), [SECTORS[place] for place in (0, 1, 3, 5)])
    removed, added = queue.replace_sectors(
        [SECTORS[0], SECTORS[1], SECTORS[3]], [SECTORS[2], SECTORS[4]]
    )
    assert (list(removed.numbers), list(added.numbers)) == ([1, 2, 4], [3, 5])
    assert added.pledge - removed.pledge == 1002 + 1004 - 1000 - 1001 - 1003
    assert dict(queue.array.items()) == {
        9: entry(on_time=[3], active=[3]),
        13: entry(on_time=[5, 6], active=[5, 6]),
    }


def test_sectors_are_removed_whatever_their_state(queue):
    reschedule_as_faults(queue, 6, SECTORS[1:])
    removed, recovering = remove_sectors(
        queue,
        MAINNET_POLICY,
        [SECTORS[0], *SECTORS[3:]],
        BitField.from_bits([4, 5, 6]),
        BitField.from_bits([6]),
    )
    assert removed == entry(on_time=[1, 4], early=[5, 6], active=[1], faulty=[4, 5, 6])
    assert recovering == power_of_sectors(SECTOR_SIZE, SECTORS[5:])
    assert dict(queue.array.items()) == {
        5: entry(on_time=[2], faulty=[2]),
        9: entry(on_time=[3], faulty=[3]),
    }


def test_sector_moved_to_another_epoch_is_found_there(queue):
    queue.add(4, queue.remove_active_sectors(SECTORS[5:]).as_active)
    assert dict(queue.array.items())[5] == entry(on_time=[1, 2, 6], active=[1, 2, 6])
    groups = queue.groups([SECTORS[5], SECTORS[2]])
    assert [(group.epoch, list(group.sums.numbers)) for group in groups] == [(5, [6]), (9, [3])]


def test_active_sector_that_expires_early_is_not_active(queue):
    reschedule_as_faults(queue, 2, SECTORS[5:])
    with pytest.raises(ActorError, match="with an early expiration"):
        queue.remove_active_sectors(SECTORS[5:])


def test_sums_below_zero_abort(queue):
    with pytest.raises(ActorError, match="negative pledge"):
        queue.remove_active_sectors([a_sector(1, 2, pledge=3_000)])


def test_nothing_leaves_the_queue_as_it_is(queue):
    root = queue.flush()
    assert reschedule_as_faults(queue, 6, []) == NO_POWER
    assert reschedule_recovered(queue, []) == NO_POWER
    assert queue.flush() == root


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=30),
    st.integers(1, 40),
    st.integers(0, 60),
    st.data(),
)
def test_faults_and_recoveries_agree_with_a_list_of_epochs(epochs, unit, offset, data):
    quant = QuantSpec(unit, offset)
    sectors = [a_sector(number, epoch) for number, epoch in enumerate(epochs)]
    queue = a_queue(quant, sectors)
    numbers = range(len(sectors))
    faulty = data.draw(st.sets(st.sampled_from(numbers)))
    epoch = data.draw(st.integers(0, 200))
    recovered = data.draw(st.sets(st.sampled_from(sorted(faulty)))) if faulty else set()
    reschedule_as_faults(queue, epoch, [sectors[number] for number in sorted(faulty)])
    reschedule_recovered(queue, [sectors[number] for number in sorted(recovered)])

    fault_epoch = quant.quantize_up(epoch)
    expected = {}
    for number in numbers:
        ends = quant.quantize_up(epochs[number])
        is_early = number in faulty - recovered and ends > fault_epoch
        expected.setdefault(fault_epoch if is_early else ends, []).append((number, is_early))
    found = {
        at: sorted(
            [(number, False) for number in here.on_time_sectors]
            + [(number, True) for number in here.early_sectors]
        )
        for at, here in queue.array.items()
    }
    assert found == expected
    for here in dict(queue.array.items()).values():
        down = here.sectors & BitField.from_bits(faulty - recovered)
        assert here.faulty_power == power_of_sectors(SECTOR_SIZE, [sectors[n] for n in down])
