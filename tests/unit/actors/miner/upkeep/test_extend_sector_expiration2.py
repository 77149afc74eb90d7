"""Letting sectors last longer, with and without claims (FIP-0045)."""

from dataclasses import replace

import pytest
from network import claims_of
from upkeep import (
    NOBODY,
    SEALING,
    SECTOR_SIZE,
    SUPPLY,
    WORKER,
    announce,
    deadline,
    end_window,
    ends,
    extend,
    extension,
    go_to,
    partition,
    place,
    prove,
    prove_window,
    put_sector,
    put_state,
    sector,
    wait,
)

from papyrus.actors.miner.deadline import open_partitions
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.expirations import EXPIRATIONS
from papyrus.actors.miner.fees import daily_proof_fee
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    FaultDeclaration,
    SectorClaim,
)
from papyrus.actors.miner.state import load_deadlines, with_deadlines
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY

MORE = 100 * EPOCHS_IN_DAY


def some(*sectors):
    """Return sectors as a bitfield."""
    return BitField.from_bits(sectors)


# Sectors without data.


def test_extended_sector_keeps_its_power_and_pledge(vm, miner, proven):
    before = sector(vm, miner, 0)
    later = before.expiration + MORE
    assert extend(vm, miner, extension(proven, 0, later, 0)).code == ExitCode.OK
    after = replace(before, expiration=later, power_base_epoch=vm.one.epoch)
    assert sector(vm, miner, 0) == after
    assert claims_of(vm.one)[miner].raw_byte_power == 4 * SECTOR_SIZE


def test_sector_expires_when_it_says(vm, miner, proven):
    later = ends(vm, miner, 0) + MORE
    extend(vm, miner, extension(proven, 0, later, 0))
    queue = EXPIRATIONS.open(vm.one.machine.store, partition(vm, miner, proven).expirations)
    on_time = {tuple(each.on_time_sectors): epoch for epoch, each in queue.items()}
    assert on_time[0,] >= later
    assert on_time[1,] < later


def test_several_partitions_are_extended_at_once(vm, miner, proven):
    later = ends(vm, miner, 0) + MORE
    every = extension(proven, 1, later, 2), extension(proven, 0, later + 1, 0, 1)
    assert extend(vm, miner, *every).code == ExitCode.OK
    assert [ends(vm, miner, number) - later for number in (0, 1, 2)] == [1, 1, 0]


def test_same_sector_may_be_named_twice(vm, miner, proven):
    later = ends(vm, miner, 0) + MORE
    twice = extension(proven, 0, later, 0), extension(proven, 0, later + 9, 0)
    assert extend(vm, miner, *twice).code == ExitCode.OK
    assert ends(vm, miner, 0) == later + 9


def test_unproven_sector_is_not_extended(vm, miner, index):
    outcome = extend(vm, miner, extension(index, 0, ends(vm, miner, 0) + MORE, 0))
    assert outcome.code == ExitCode.USR_ILLEGAL_STATE
    assert "refusing to replace inactive sectors" in outcome.failure


def test_faulty_sector_is_not_extended(vm, miner, proven):
    declared = DeclareFaultsParams((FaultDeclaration(proven, 0, some(0)),))
    vm.ok(WORKER.id, miner, numbers.DECLARE_FAULTS, declared)
    outcome = extend(vm, miner, extension(proven, 0, ends(vm, miner, 0) + MORE, 0))
    assert outcome.code == ExitCode.USR_ILLEGAL_STATE


def test_nothing_to_extend_is_fine(vm, miner, proven):
    assert extend(vm, miner).code == ExitCode.OK
    assert extend(vm, miner, extension(proven, 0, -1)).code == ExitCode.OK


def test_only_controllers_extend(vm, miner, proven):
    outcome = extend(vm, miner, extension(proven, 0, 0), sender=NOBODY)
    assert outcome.code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("where", "sectors", "code"),
    [
        ((48, 0), (0,), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((2**64 - 1, 0), (), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((40, 2), (0,), ExitCode.USR_NOT_FOUND),
        ((40, 2**64 - 2), (0,), ExitCode.USR_NOT_FOUND),
        ((40, 2**64 - 1), (0,), ExitCode.USR_ILLEGAL_STATE),
        ((41, 0), (0,), ExitCode.USR_NOT_FOUND),
        ((40, 0), (4,), ExitCode.USR_NOT_FOUND),
        ((40, 0), (2**64 - 2,), ExitCode.USR_NOT_FOUND),
        ((40, 0), (2,), ExitCode.USR_ILLEGAL_STATE),
    ],
)
def test_sectors_must_be_there(vm, miner, proven, where, sectors, code):
    assert proven == 40
    outcome = extend(vm, miner, extension(*where, ends(vm, miner, 0) + MORE, *sectors))
    assert outcome.code == code


def test_life_has_its_bounds(vm, miner, proven):
    last = ends(vm, miner, 0)
    furthest = vm.one.epoch + POLICY.max_sector_expiration_extension
    for expiration, code in (
        (last - 1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (-(2**63), ExitCode.USR_ILLEGAL_ARGUMENT),
        (2**63 - 1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (furthest + 1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (furthest, ExitCode.OK),
        (furthest, ExitCode.OK),
    ):
        assert extend(vm, miner, extension(proven, 0, expiration, 0)).code == code


def test_life_is_limited_by_the_seal_proof(vm, miner, proven):
    """Five years for a proof that does not break, a year and a half for the first of all."""
    activation = sector(vm, miner, 0).activation
    put_sector(vm, miner, 0, seal_proof=0)
    longest = activation + 540 * EPOCHS_IN_DAY
    code = extend(vm, miner, extension(proven, 0, longest + 1, 0)).code
    assert code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert extend(vm, miner, extension(proven, 0, longest, 0)).code == ExitCode.OK
    put_sector(vm, miner, 0, seal_proof=99)
    code = extend(vm, miner, extension(proven, 0, longest, 0)).code
    assert code == ExitCode.USR_ILLEGAL_ARGUMENT
    put_sector(vm, miner, 0, seal_proof=15)


def test_life_must_not_be_short(world_apart):
    """A sector whose life is shorter than any may be by now."""
    vm, miner = world_apart
    index = with_sector(vm, miner, 0)
    found = sector(vm, miner, 0)
    put_sector(vm, miner, 0, activation=found.expiration - 1)
    for expiration in (found.expiration, found.expiration - 2 + POLICY.min_sector_expiration):
        code = extend(vm, miner, extension(index, 0, expiration, 0)).code
        assert code == ExitCode.USR_ILLEGAL_ARGUMENT
    put_sector(vm, miner, 0, activation=found.expiration)
    code = extend(vm, miner, extension(index, 0, found.expiration, 0)).code
    assert code == ExitCode.USR_ILLEGAL_ARGUMENT


def with_sector(vm, miner, number, *, pieces=()):
    """Give a miner one proven sector, and return its deadline."""
    sectors = {number: list(pieces)}
    assert announce(vm, miner, sectors).code == ExitCode.OK
    wait(vm, SEALING)
    assert prove(vm, miner, sectors).code == ExitCode.OK
    index, number = place(vm, miner, number)
    prove_window(vm, miner, index, number)
    end_window(vm, miner, index)
    return index


def test_sector_past_its_end_is_not_extended(vm, miner, proven):
    last = ends(vm, miner, 0)
    go_to(vm, last + 1)
    code = extend(vm, miner, extension(proven, 0, last + MORE, 0)).code
    assert code == ExitCode.USR_FORBIDDEN
    go_to(vm, last)
    # It would have to last for no time at all, which its power is divided by.
    code = extend(vm, miner, extension(proven, 0, last, 0)).code
    assert code == ExitCode.USR_ASSERTION_FAILED
    assert extend(vm, miner, extension(proven, 0, last + MORE, 0)).code == ExitCode.OK


@pytest.mark.parametrize("params", [b"\x80", b"\x81\x81\x80", b"\x81\x81\x84\x00\x00\x00\x80"])
def test_parameters_must_decode(vm, miner, params):
    method = numbers.EXTEND_SECTOR_EXPIRATION_2
    assert vm.send(WORKER.id, miner, method, params).code == ExitCode.USR_SERIALIZATION
    assert vm.send(NOBODY.id, miner, method).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_no_sector_has_the_largest_number(vm, miner, proven):
    """A panic, before anyone asks who is calling."""
    for number, code in (
        (2**64 - 1, ExitCode.USR_ASSERTION_FAILED),
        (2**64 - 2, ExitCode.USR_FORBIDDEN),
    ):
        named = extension(proven, 0, 0, claims=[SectorClaim(number, (), ())])
        assert extend(vm, miner, named, sender=NOBODY).code == code


# Daily fees (FIP-0100).


def test_sector_without_a_fee_pays_one_from_here_on(vm, miner, proven):
    vm.each(lambda one: one.change(circulating_supply=2 * SUPPLY))
    put_without_fee(vm, miner, proven)
    later = ends(vm, miner, 0) + MORE
    before = deadline(vm, miner, proven).daily_fee
    assert extend(vm, miner, extension(proven, 0, later, 0)).code == ExitCode.OK
    fee = daily_proof_fee(POLICY, 2 * SUPPLY, SECTOR_SIZE)
    assert sector(vm, miner, 0).daily_fee == fee > 0
    assert deadline(vm, miner, proven).daily_fee == before + fee


def put_without_fee(vm, miner, index):
    """Have a sector be from before there were fees, and so its deadline and expiration."""
    fee = sector(vm, miner, 0).daily_fee
    put_sector(vm, miner, 0, daily_fee=type(fee)(0))

    def change(store, state):
        deadlines = load_deadlines(store, state)
        found = load_deadline(store, deadlines, index)
        partitions = open_partitions(store, found)
        first = partitions.get(0)
        queue = EXPIRATIONS.open(store, first.expirations)
        for epoch, each in list(queue.items()):
            queue.set(epoch, replace(each, fee_deduction=each.fee_deduction - fee))
        partitions.set(0, replace(first, expirations=queue.flush()))
        daily_fee = found.daily_fee - fee
        found = replace(found, partitions=partitions.flush(), daily_fee=daily_fee)
        deadlines = with_deadline(store, POLICY, deadlines, index, found)
        return with_deadlines(store, state, deadlines)

    put_state(vm, miner, change)
