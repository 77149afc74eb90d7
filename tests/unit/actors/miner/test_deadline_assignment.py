from dataclasses import replace

import pytest
from miner_sectors import a_sector

from papyrus.actors.miner.deadline import new_deadline
from papyrus.actors.miner.deadline_assignment import assign_deadlines
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode

EMPTY = new_deadline(MemoryBlockstore())


def deadlines_of(counts):
    """Return deadlines from (index, live sectors, dead sectors)."""
    return {
        index: replace(EMPTY, live_sectors=live, total_sectors=live + dead)
        for index, live, dead in counts
    }


def assigned(counts, sectors, partition_size=4, max_partitions=100):
    found = assign_deadlines(
        max_partitions,
        partition_size,
        deadlines_of(counts),
        [a_sector(number, 100) for number in range(sectors)],
    )
    return {index: [sector.sector_number for sector in those] for index, those in found.items()}


@pytest.mark.parametrize(
    ("counts", "sectors", "expected"),
    [
        # Whole partitions go around.
        ([(0, 0, 0), (1, 0, 0)], 10, {0: [0, 1, 2, 3, 8, 9], 1: [4, 5, 6, 7]}),
        # A partition with room comes first.
        ([(0, 0, 0), (3, 1, 0)], 5, {0: [3, 4], 3: [0, 1, 2]}),
        # The fewest partitions as if compacted.
        ([(0, 8, 0), (1, 7, 5)], 1, {0: [], 1: [0]}),
        # The fewest partitions as they are.
        ([(0, 4, 4), (1, 4, 0)], 1, {0: [], 1: [0]}),
        # The fullest of the partitions with room, dead sectors counted.
        ([(0, 1, 0), (1, 2, 0)], 1, {0: [], 1: [0]}),
        ([(0, 1, 0), (1, 0, 2)], 1, {0: [], 1: [0]}),
        ([(0, 0, 1), (1, 0, 2)], 1, {0: [], 1: [0]}),
        # The fewest live sectors.
        ([(0, 1, 1), (1, 0, 2)], 1, {0: [], 1: [0]}),
        # The first.
        ([(5, 0, 0), (2, 0, 0)], 1, {2: [0], 5: []}),
    ],
)
def test_sectors_go_where_they_cost_least(counts, sectors, expected):
    assert assigned(counts, sectors) == expected


def test_all_deadlines_can_be_filled_to_the_last_partition():
    found = assigned([(index, 0, 0) for index in range(48)], 1_200, 5, 5)
    assert {len(numbers) for numbers in found.values()} == {25}


@pytest.mark.parametrize(("live", "dead", "sectors"), [(0, 0, 1_201), (1, 1, 1_105)])
def test_no_deadline_takes_more_than_its_partitions(live, dead, sectors):
    with pytest.raises(ActorError) as aborted:
        assigned([(index, live, dead) for index in range(48)], sectors, 5, 5)
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_STATE


def test_without_a_mutable_deadline_it_panics():
    with pytest.raises(ActorError) as aborted:
        assigned([], 1)
    assert aborted.value.exit_code == ExitCode.USR_ASSERTION_FAILED
