"""What a deadline and its partitions refuse, how proofs are kept, and how sectors are replaced."""

from dataclasses import replace

import pytest
from miner_sectors import SECTOR_SIZE, a_scope, a_sector

from papyrus.actors.miner.deadline import (
    WindowedPoSt,
    add_sectors,
    find_partition,
    load_partition,
    new_deadline,
    open_partitions,
    require_valid,
)
from papyrus.actors.miner.deadline_faults import (
    declare_recovered,
    process_deadline_end,
    record_faults,
)
from papyrus.actors.miner.deadline_proofs import (
    load_partitions_for_dispute,
    record_post_proofs,
    record_proven_sectors,
    take_post_proofs,
)
from papyrus.actors.miner.deadline_termination import (
    compact_partitions,
    pop_early_terminations,
    pop_expired_sectors,
    terminate_sectors,
)
from papyrus.actors.miner.params.proving import PoStPartition
from papyrus.actors.miner.partition import add_sectors as add_to_partition
from papyrus.actors.miner.partition import replace_sectors
from papyrus.actors.miner.partition import require_valid as require_valid_partition
from papyrus.actors.miner.power import NO_POWER, PowerPair, power_of_sectors
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.actors.miner.sectors import SECTORS
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.statements import PoStProof
from papyrus.rules.policy import MAINNET_POLICY

NUMBERS = range(1, 10)
SECTORS_OF_ALL = [a_sector(number, 10 * number) for number in NUMBERS]
QUANT = QuantSpec(4, 1)
FAULTY_UNTIL = 40

ILLEGAL_ARGUMENT, NOT_FOUND = ExitCode.USR_ILLEGAL_ARGUMENT, ExitCode.USR_NOT_FOUND
ILLEGAL_STATE = ExitCode.USR_ILLEGAL_STATE


def bits(*numbers):
    return BitField.from_bits(numbers)


def at(partition, *numbers):
    placed = PartitionSectorMap()
    placed.add(partition, bits(*numbers))
    return placed


def code_of(attempt):
    with pytest.raises(ActorError) as aborted:
        attempt()
    return aborted.value.exit_code


@pytest.fixture
def scope():
    return a_scope(SECTORS_OF_ALL, QUANT)


@pytest.fixture
def deadline(scope):
    """Return nine sectors in partitions of four, none proven."""
    found, _, _ = add_sectors(
        scope, new_deadline(scope.store), 4, SECTORS_OF_ALL, proven=False, new_fees=True
    )
    return found


@pytest.fixture
def proven(scope, deadline):
    """Return the same at the next window, all proven in the one before."""
    posts = [PoStPartition(index, bits()) for index in range(3)]
    found, _ = record_proven_sectors(scope, deadline, FAULTY_UNTIL, posts)
    root = SECTORS.empty_root(scope.store)
    found, _, _ = process_deadline_end(scope.store, found, QUANT, FAULTY_UNTIL, root)
    return found


def test_partitions_are_filled_in_order(scope, deadline):
    members = [
        list(partition.sectors) for _, partition in open_partitions(scope.store, deadline).items()
    ]
    assert members == [[1, 2, 3, 4], [5, 6, 7, 8], [9]]
    assert (deadline.live_sectors, deadline.total_sectors) == (9, 9)
    assert deadline.daily_fee == sum(sector.daily_fee for sector in SECTORS_OF_ALL)


def test_sector_cannot_be_added_twice(scope, deadline):
    partition = load_partition(scope.store, deadline, 0)
    assert code_of(lambda: add_to_partition(scope, partition, SECTORS_OF_ALL[:1], proven=True)) == (
        ILLEGAL_STATE
    )


def test_partition_that_is_not_there_is_not_found(scope, deadline):
    elsewhere = at(3, 1)
    assert [
        code_of(attempt)
        for attempt in (
            lambda: load_partition(scope.store, deadline, 3),
            lambda: record_faults(scope, deadline, FAULTY_UNTIL, elsewhere),
            lambda: declare_recovered(scope, deadline, elsewhere),
            lambda: terminate_sectors(scope, MAINNET_POLICY, deadline, 5, elsewhere),
            lambda: record_proven_sectors(
                scope, deadline, FAULTY_UNTIL, [PoStPartition(3, bits())]
            ),
        )
    ] == [NOT_FOUND] * 5


def test_index_that_no_partition_can_have_is_an_illegal_state(scope, deadline):
    partitions = open_partitions(scope.store, deadline)
    assert code_of(lambda: find_partition(partitions, 2**64 - 1)) == ILLEGAL_STATE
    beyond = at(2**64 - 1, 1)
    assert code_of(lambda: record_faults(scope, deadline, 40, beyond)) == ILLEGAL_STATE


def test_sectors_of_another_partition_are_an_illegal_argument(scope, deadline):
    foreign = at(1, 1)
    assert [
        code_of(attempt)
        for attempt in (
            lambda: record_faults(scope, deadline, FAULTY_UNTIL, foreign),
            lambda: declare_recovered(scope, deadline, foreign),
            lambda: terminate_sectors(scope, MAINNET_POLICY, deadline, 5, foreign),
            lambda: record_proven_sectors(
                scope, deadline, FAULTY_UNTIL, [PoStPartition(1, bits(1))]
            ),
        )
    ] == [ILLEGAL_ARGUMENT] * 4


@pytest.mark.parametrize("indices", [[0, 0], [1], [2**64 - 1]])
def test_partitions_are_proven_once(scope, deadline, indices):
    after, _ = record_proven_sectors(scope, deadline, FAULTY_UNTIL, [PoStPartition(1, bits())])
    posts = [PoStPartition(index, bits()) for index in indices]
    assert code_of(lambda: record_proven_sectors(scope, after, FAULTY_UNTIL, posts)) == (
        ILLEGAL_ARGUMENT
    )


def test_proof_without_sectors_left_out(scope, deadline):
    after, result = record_proven_sectors(scope, deadline, FAULTY_UNTIL, [PoStPartition(0, bits())])
    assert result.power_delta == power_of_sectors(SECTOR_SIZE, SECTORS_OF_ALL[:4])
    assert result.recovered_power == result.new_faulty_power == NO_POWER
    assert list(after.partitions_posted) == [0]


def test_sector_that_was_to_recover_and_is_left_out_stays_faulty(scope, proven):
    down, _ = record_faults(scope, proven, FAULTY_UNTIL, at(0, 1, 2))
    recovering = declare_recovered(scope, down, at(0, 1, 2))
    after, result = record_proven_sectors(
        scope, recovering, FAULTY_UNTIL, [PoStPartition(0, bits(2, 3))]
    )
    one, two, three = (power_of_sectors(SECTOR_SIZE, [sector]) for sector in SECTORS_OF_ALL[:3])
    assert result.recovered_power == one
    assert result.retracted_recovery_power == two
    assert result.new_faulty_power == three
    assert result.power_delta == one - three
    assert after.faulty_power == two + three
    assert list(load_partition(scope.store, after, 0).faults) == [2, 3]


def test_proofs_can_be_taken_once_from_the_snapshot(scope, proven):
    proofs = (PoStProof(13, b"proof"),)
    posted = record_post_proofs(scope.store, proven, bits(0, 2), proofs)
    assert code_of(lambda: take_post_proofs(scope.store, posted, 0)) == ILLEGAL_ARGUMENT
    root = scope.sectors.flush()
    ended, _, _ = process_deadline_end(scope.store, posted, QUANT, FAULTY_UNTIL, root)
    assert ended.sectors_snapshot == root
    assert ended.optimistic_post_submissions == proven.optimistic_post_submissions
    after, post = take_post_proofs(scope.store, ended, 0)
    assert post == WindowedPoSt(bits(0, 2), proofs)
    assert code_of(lambda: take_post_proofs(scope.store, after, 0)) == ILLEGAL_ARGUMENT
    assert code_of(lambda: take_post_proofs(scope.store, ended, 2**64 - 1)) == ILLEGAL_STATE


def test_window_without_proofs_keeps_no_snapshot_of_sectors(scope, proven):
    assert proven.sectors_snapshot == SECTORS.empty_root(scope.store)


def test_dispute_is_about_what_was_active_at_the_end_of_the_window(scope, proven):
    down, _ = record_faults(scope, proven, FAULTY_UNTIL, at(0, 1))
    ended, _, _ = process_deadline_end(
        scope.store,
        replace(down, partitions_posted=bits(0, 1, 2)),
        QUANT,
        FAULTY_UNTIL,
        scope.sectors.flush(),
    )
    later, _ = record_faults(scope, ended, FAULTY_UNTIL, at(0, 2))
    info = load_partitions_for_dispute(scope.store, later, bits(0, 2))
    assert list(info.all_sectors) == [1, 2, 3, 4, 9]
    assert list(info.ignored_sectors) == [1]
    active = {index: list(numbers) for index, numbers in info.disputed_sectors.items()}
    assert active == {0: [2, 3, 4], 2: [9]}
    disputed = [SECTORS_OF_ALL[number - 1] for number in (2, 3, 4, 9)]
    assert info.disputed_power == power_of_sectors(SECTOR_SIZE, disputed)
    assert code_of(lambda: load_partitions_for_dispute(scope.store, later, bits(7))) == (
        ILLEGAL_STATE
    )


def test_sectors_are_replaced_by_themselves_with_another_life(scope, proven):
    partition = load_partition(scope.store, proven, 0)
    old = SECTORS_OF_ALL[:1]
    new = [a_sector(1, 200, pledge=5_000, daily_fee=7)]
    after, change = replace_sectors(scope, partition, old, new)
    assert after.sectors == partition.sectors
    assert change.pledge == 5_000 - old[0].initial_pledge
    assert change.daily_fee == 7 - old[0].daily_fee
    assert after.live_power - partition.live_power == change.power
    assert change.power == power_of_sectors(SECTOR_SIZE, new) - power_of_sectors(SECTOR_SIZE, old)


def test_unproven_sectors_are_not_replaced(scope, deadline):
    partition = load_partition(scope.store, deadline, 0)
    one = SECTORS_OF_ALL[:1]
    assert code_of(lambda: replace_sectors(scope, partition, one, one)) == ILLEGAL_STATE


def test_unproven_sectors_cannot_expire(scope, deadline):
    assert code_of(lambda: pop_expired_sectors(scope.store, deadline, 50, QUANT)) == ILLEGAL_STATE


def test_recovering_sectors_cannot_expire(scope, proven):
    down, _ = record_faults(scope, proven, FAULTY_UNTIL, at(0, 1))
    recovering = declare_recovered(scope, down, at(0, 1))
    assert code_of(lambda: pop_expired_sectors(scope.store, recovering, 50, QUANT)) == (
        ILLEGAL_STATE
    )


def test_nothing_expires_before_its_time(scope, proven):
    after, expired = pop_expired_sectors(scope.store, proven, 12, QUANT)
    assert (after, expired.is_empty) == (proven, True)


def test_early_terminations_of_partitions_that_are_gone_are_forgotten(scope, proven):
    haunted = replace(proven, early_terminations=bits(7))
    after, result, more = pop_early_terminations(scope.store, haunted, 5, 5)
    assert (after, result.is_empty, more) == (proven, True, False)


@pytest.mark.parametrize("removed", [[3], [0, 1, 2, 3], [2**40]])
def test_partitions_to_compact_must_be_there(scope, proven, removed):
    assert code_of(lambda: compact_partitions(scope, proven, 4, bits(*removed))) == (
        ILLEGAL_ARGUMENT
    )


def test_partitions_with_anything_pending_are_not_compacted(scope, deadline, proven):
    down, _ = record_faults(scope, proven, FAULTY_UNTIL, at(0, 1))
    ending, _ = terminate_sectors(scope, MAINNET_POLICY, proven, 5, at(1, 5))
    for unfit in (deadline, down, ending):
        found = code_of(lambda unfit=unfit: compact_partitions(scope, unfit, 4, bits(0)))
        assert found == ILLEGAL_ARGUMENT


def test_compaction_moves_live_sectors_and_returns_dead_ones(scope, proven):
    ending, _ = terminate_sectors(scope, MAINNET_POLICY, proven, 5, at(0, 2, 3))
    paid, _, _ = pop_early_terminations(scope.store, ending, 5, 5)
    after, dead = compact_partitions(scope, paid, 4, bits(0))
    members = [
        list(partition.sectors) for _, partition in open_partitions(scope.store, after).items()
    ]
    assert (list(dead), members) == ([2, 3], [[5, 6, 7, 8], [1, 4, 9]])
    assert (after.live_sectors, after.total_sectors) == (7, 7)
    assert compact_partitions(scope, after, 4, bits()) == (after, bits())


@pytest.mark.parametrize(
    "wrong",
    [{"live_sectors": 10}, {"faulty_power": PowerPair(-1, 0)}, {"faulty_power": PowerPair(0, -1)}],
)
def test_sums_of_a_deadline_that_cannot_be_abort(deadline, wrong):
    require_valid(deadline)
    assert code_of(lambda: require_valid(replace(deadline, **wrong))) == ILLEGAL_STATE


MUCH = PowerPair(1 << 60, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"live_power": PowerPair(-1, 0)},
        {"unproven_power": PowerPair(0, -1)},
        {"faulty_power": MUCH},
        {"unproven_power": MUCH},
        {"recovering_power": PowerPair(1, 0)},
        {"terminated": bits(1)},
        {"faults": bits(9)},
        {"recoveries": bits(1)},
    ],
)
def test_sets_and_sums_of_a_partition_that_cannot_be_abort(scope, deadline, wrong):
    partition = load_partition(scope.store, deadline, 0)
    require_valid_partition(partition)
    assert code_of(lambda: require_valid_partition(replace(partition, **wrong))) == ILLEGAL_STATE
