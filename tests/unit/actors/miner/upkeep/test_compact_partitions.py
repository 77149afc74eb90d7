"""Dropping dead sectors, and throwing sector numbers away."""

from dataclasses import replace

import pytest
from upkeep import (
    NOBODY,
    NOWHERE,
    WORKER,
    commit,
    deadline,
    end_window,
    go_to,
    miner_state,
    next_window,
    partition,
    put_state,
    sector,
    store_of,
)

from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    CompactPartitionsParams,
    CompactSectorNumbersParams,
    DeclareFaultsParams,
    FaultDeclaration,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.actors.miner.state import ALLOCATED_SECTORS, load_deadlines, with_deadlines
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY


def some(*sectors):
    """Return numbers as a bitfield."""
    return BitField.from_bits(sectors)


def compact(vm, miner, index, *partitions, sender=WORKER):
    """Remove partitions of a deadline and return the outcome."""
    params = CompactPartitionsParams(index, some(*partitions))
    return vm.send(sender.id, miner, numbers.COMPACT_PARTITIONS, params)


def mask(vm, miner, taken, sender=WORKER):
    """Throw sector numbers away and return the outcome."""
    params = CompactSectorNumbersParams(taken)
    return vm.send(sender.id, miner, numbers.COMPACT_SECTOR_NUMBERS, params)


def terminate(vm, miner, index, number, *sectors):
    """Give sectors of a partition up."""
    declared = TerminationDeclaration(index, number, some(*sectors))
    vm.ok(WORKER.id, miner, numbers.TERMINATE_SECTORS, TerminateSectorsParams((declared,)))


@pytest.fixture
def quiet(vm, miner, proven):
    """Return the deadline, when its last proofs can be disputed no more."""
    go_to(vm, next_window(vm, miner, proven).close - POLICY.proving_period + POLICY.dispute_window)
    return proven


def test_dead_sectors_are_forgotten_and_live_ones_move_together(vm, miner, quiet):
    terminate(vm, miner, quiet, 0, 0)
    terminate(vm, miner, quiet, 1, 3)
    assert compact(vm, miner, quiet, 0, 1).code == ExitCode.OK
    assert list(partition(vm, miner, quiet, 0).sectors) == [1, 2]
    assert partition(vm, miner, quiet, 1) is None
    assert sector(vm, miner, 0) is None
    assert sector(vm, miner, 1) is not None
    assert deadline(vm, miner, quiet).total_sectors == 2


def test_partitions_that_stay_move_up(vm, miner, quiet):
    terminate(vm, miner, quiet, 0, 0, 1)
    assert compact(vm, miner, quiet, 0).code == ExitCode.OK
    assert list(partition(vm, miner, quiet, 0).sectors) == [2, 3]


def test_live_partitions_can_be_made_anew(vm, miner, quiet):
    before = deadline(vm, miner, quiet).daily_fee
    assert compact(vm, miner, quiet, 0, 1).code == ExitCode.OK
    assert list(partition(vm, miner, quiet, 1).sectors) == [2, 3]
    assert deadline(vm, miner, quiet).daily_fee == before


def test_no_partition_changes_nothing(vm, miner, quiet):
    assert compact(vm, miner, quiet).code == ExitCode.OK
    assert compact(vm, miner, quiet - 5).code == ExitCode.OK


@pytest.mark.parametrize("partitions", [(2,), (0, 2), (0, 1, 2), (2**64 - 2,)])
def test_partitions_must_be_there(vm, miner, quiet, partitions):
    assert compact(vm, miner, quiet, *partitions).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("index", [48, 2**64 - 1])
def test_deadline_must_be_there(vm, miner, index):
    assert compact(vm, miner, index, 0).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_limited_number_is_removed_at_once(vm, miner, quiet):
    assert "too many partitions" in compact(vm, miner, quiet, *range(3_001)).failure
    assert "exceeds total" in compact(vm, miner, quiet, *range(3_000)).failure


def test_faulty_partition_stays(vm, miner, quiet):
    declared = DeclareFaultsParams((FaultDeclaration(quiet, 0, some(0)),))
    vm.ok(WORKER.id, miner, numbers.DECLARE_FAULTS, declared)
    outcome = compact(vm, miner, quiet, 0)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "has faults" in outcome.failure
    assert compact(vm, miner, quiet, 1).code == ExitCode.OK


def test_unproven_partition_stays(vm, miner, quiet):
    commit(vm, miner, [4], quiet)
    outcome = compact(vm, miner, quiet, 2)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "has unproven sectors" in outcome.failure


def test_deadline_with_terminations_to_pay_for_stays(world_apart):
    vm, miner = world_apart
    commit(vm, miner, [0, 1], 40)
    end_window(vm, miner, 40)
    go_to(vm, vm.one.epoch + POLICY.dispute_window)

    def change(store, state):
        deadlines = load_deadlines(store, state)
        found = replace(load_deadline(store, deadlines, 40), early_terminations=some(0))
        return with_deadlines(store, state, with_deadline(store, POLICY, deadlines, 40, found))

    put_state(vm, miner, change)
    outcome = compact(vm, miner, 40, 0)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "early terminations" in outcome.failure


def test_deadline_in_dispute_open_or_next_is_left_alone(vm, miner, proven):
    opens = next_window(vm, miner, proven).open
    closed = opens - EPOCHS_IN_DAY + 60
    for epoch, code in (
        (closed, ExitCode.USR_FORBIDDEN),
        (closed + 1799, ExitCode.USR_FORBIDDEN),
        (closed + 1800, ExitCode.OK),
        (opens - 61, ExitCode.OK),
        (opens - 60, ExitCode.USR_FORBIDDEN),
        (opens, ExitCode.USR_FORBIDDEN),
        (opens + 59, ExitCode.USR_FORBIDDEN),
    ):
        go_to(vm, epoch)
        assert compact(vm, miner, proven, 0, 1).code == code


def test_only_controllers_compact(vm, miner, quiet):
    assert compact(vm, miner, quiet, 0, sender=NOBODY).code == ExitCode.USR_FORBIDDEN
    assert mask(vm, miner, some(9), sender=NOBODY).code == ExitCode.USR_FORBIDDEN


# Sector numbers.


def test_masked_numbers_are_taken(vm, miner):
    assert mask(vm, miner, BitField.from_ranges([(2, 100)])).code == ExitCode.OK
    root = miner_state(vm, miner).allocated_sectors
    taken = ALLOCATED_SECTORS.load(store_of(vm), root).numbers
    assert taken == BitField.from_ranges([(0, 100)])
    assert commit(vm, miner, [50], 40).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (NOWHERE, ExitCode.USR_ILLEGAL_ARGUMENT),
        (some(2**63 - 1), ExitCode.OK),
        (some(2**63), ExitCode.USR_ILLEGAL_ARGUMENT),
        (some(1, 2**64 - 2), ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_mask_has_numbers_that_sectors_can_have(vm, miner, taken, code):
    assert mask(vm, miner, taken).code == code


def test_set_of_numbers_must_not_get_too_ragged(vm, miner):
    ragged = BitField.from_bits(range(10, 200_000, 2))
    assert mask(vm, miner, ragged).code == ExitCode.OK
    more = BitField.from_bits(range(200_010, 400_000, 2))
    assert mask(vm, miner, more).code == ExitCode.USR_SERIALIZATION


@pytest.mark.parametrize("params", [b"\x80", b"\x81\x20", b"\x81\x41\xff", b"\x82\x40\x40"])
def test_parameters_must_decode(vm, miner, params):
    for method in (numbers.COMPACT_SECTOR_NUMBERS, numbers.COMPACT_PARTITIONS):
        code = vm.send(WORKER.id, miner, method, params).code
        assert code == ExitCode.USR_SERIALIZATION
        assert vm.send(WORKER.id, miner, method).code == ExitCode.USR_ILLEGAL_ARGUMENT
