import pytest

from papyrus.actors.common.collections import ArrayShape
from papyrus.actors.miner.epoch_queue import BitfieldQueue
from papyrus.actors.miner.quantization import NO_QUANTIZATION, QuantSpec
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode


@pytest.fixture
def make_queue():
    def make(quant=NO_QUANTIZATION, entries=()):
        queue = BitfieldQueue(ArrayShape(BitField, 3).open(MemoryBlockstore(), None), quant)
        for epoch, numbers in entries:
            queue.add(epoch, BitField.from_bits(numbers))
        return queue

    return make


def entries_of(queue):
    return {epoch: list(numbers) for epoch, numbers in queue.array.items()}


def test_numbers_at_one_epoch_are_merged(make_queue):
    queue = make_queue(entries=[(42, [1, 3]), (93, [2]), (42, [2, 4])])
    assert entries_of(queue) == {42: [1, 2, 3, 4], 93: [2]}


def test_epochs_are_rounded_up(make_queue):
    queue = make_queue(QuantSpec(5, 3))
    queue.add_many((number, number) for number in (0, 2, 3, 4, 7, 8, 9))
    assert entries_of(queue) == {3: [0, 2, 3], 8: [4, 7, 8], 13: [9]}


def test_nothing_added_makes_no_entry_even_at_a_negative_epoch(make_queue):
    queue = make_queue(entries=[(5, []), (-5, [])])
    assert entries_of(queue) == {}


def test_negative_epoch_is_an_illegal_state(make_queue):
    with pytest.raises(ActorError) as aborted:
        make_queue(entries=[(-5, [1])])
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize(
    ("until", "popped", "left"),
    [
        (0, None, [1, 3, 5, 9]),
        (1, [1, 2], [3, 5, 9]),
        (6, [1, 2, 3, 4], [9]),
        (9, [1, 2, 3, 4, 8], []),
    ],
)
def test_pop_takes_the_entries_up_to_an_epoch(make_queue, until, popped, left):
    queue = make_queue(entries=[(1, [1, 2]), (3, [3]), (5, [2, 4]), (9, [8])])
    found = queue.pop_until(until)
    assert (None if found is None else list(found)) == popped
    assert list(entries_of(queue)) == left


def test_cut_moves_numbers_down_and_drops_what_is_empty(make_queue):
    queue = make_queue(entries=[(1, [0, 1, 2, 3, 4, 99]), (2, [5, 6, 7]), (3, [2, 4])])
    queue.cut(BitField.from_bits([2, 4, 6]))
    assert entries_of(queue) == {1: [0, 1, 2, 96], 2: [3, 4]}
