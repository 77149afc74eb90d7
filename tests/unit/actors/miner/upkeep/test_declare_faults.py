"""Declaring sectors faulty, and recovered."""

from dataclasses import replace

import pytest
from network import claims_of
from upkeep import (
    MINER_FUNDS,
    NOBODY,
    NOWHERE,
    OWNER,
    SECTOR_SIZE,
    WORKER,
    deadline,
    go_to,
    miner_state,
    next_window,
    partition,
    put_state,
)

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.payments import ApplyRewardParams
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    DeclareFaultsRecoveredParams,
    FaultDeclaration,
    RecoveryDeclaration,
)
from papyrus.actors.miner.state import load_info, with_info
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode


def faults(vm, miner, *declared, sender=WORKER):
    """Declare sectors faulty and return the outcome."""
    params = DeclareFaultsParams(tuple(FaultDeclaration(*each) for each in declared))
    return vm.send(sender.id, miner, numbers.DECLARE_FAULTS, params)


def recoveries(vm, miner, *declared, sender=WORKER, value=0):
    """Declare sectors recovered and return the outcome."""
    params = DeclareFaultsRecoveredParams(tuple(RecoveryDeclaration(*each) for each in declared))
    return vm.send(sender.id, miner, numbers.DECLARE_FAULTS_RECOVERED, params, value)


def some(*sectors):
    """Return sectors as a bitfield."""
    return BitField.from_bits(sectors)


def test_declared_faults_lose_their_power_at_once(vm, miner, proven):
    assert faults(vm, miner, (proven, 0, some(0)), (proven, 1, some(2, 3))).code == ExitCode.OK
    assert claims_of(vm.one)[miner].raw_byte_power == SECTOR_SIZE
    assert list(partition(vm, miner, proven, 1).faults) == [2, 3]
    assert deadline(vm, miner, proven).faulty_power.raw == 3 * SECTOR_SIZE


def test_declared_faults_cost_nothing_until_their_window_ends(vm, miner, proven):
    assert faults(vm, miner, (proven, 0, some(0))).code == ExitCode.OK
    assert vm.one.balance(99) < 10**18


def test_declaring_faults_again_changes_nothing(vm, miner, proven):
    assert faults(vm, miner, (proven, 0, some(0))).code == ExitCode.OK
    before = vm.one.actor(miner).head
    assert faults(vm, miner, (proven, 0, some(0))).code == ExitCode.OK
    assert vm.one.actor(miner).head == before


def test_fault_takes_a_recovery_back(vm, miner, proven):
    faults(vm, miner, (proven, 0, some(0, 1)))
    assert recoveries(vm, miner, (proven, 0, some(0, 1))).code == ExitCode.OK
    assert faults(vm, miner, (proven, 0, some(1))).code == ExitCode.OK
    assert list(partition(vm, miner, proven).recoveries) == [0]


def test_recovery_gives_no_power_yet(vm, miner, proven):
    faults(vm, miner, (proven, 0, some(0)))
    assert recoveries(vm, miner, (proven, 0, some(0))).code == ExitCode.OK
    assert claims_of(vm.one)[miner].raw_byte_power == 3 * SECTOR_SIZE
    assert list(partition(vm, miner, proven).recoveries) == [0]


def test_sectors_that_are_not_faulty_do_not_recover(vm, miner, proven):
    assert recoveries(vm, miner, (proven, 0, some(0, 1))).code == ExitCode.OK
    assert partition(vm, miner, proven).recoveries == NOWHERE


def test_no_declaration_is_one_too(vm, miner, proven):
    assert faults(vm, miner).code == ExitCode.OK
    assert recoveries(vm, miner).code == ExitCode.OK
    assert faults(vm, miner, (proven, 0, NOWHERE)).code == ExitCode.OK


@pytest.mark.parametrize("declare", [faults, recoveries])
def test_declarations_close_before_the_window_opens(vm, miner, proven, declare):
    faults(vm, miner, (proven, 0, some(0)))
    cutoff = next_window(vm, miner, proven).fault_cutoff
    go_to(vm, cutoff - 1)
    assert declare(vm, miner, (proven, 0, some(0))).code == ExitCode.OK
    for epoch in (cutoff, cutoff + 70, cutoff + 129):
        go_to(vm, epoch)
        outcome = declare(vm, miner, (proven, 0, some(0)))
        assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
        assert "late fault or recovery declaration" in outcome.failure


@pytest.mark.parametrize("declare", [faults, recoveries])
def test_only_controllers_declare(vm, miner, proven, declare):
    assert declare(vm, miner, (proven, 0, some(0)), sender=OWNER).code == ExitCode.OK
    outcome = declare(vm, miner, (proven, 0, some(0)), sender=NOBODY)
    assert outcome.code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("declare", [faults, recoveries])
def test_declared_sectors_must_be_there(vm, miner, proven, declare):
    for place, code in {
        (48, 0, some(0)): ExitCode.USR_ILLEGAL_ARGUMENT,
        (2**64 - 1, 0, some(0)): ExitCode.USR_ILLEGAL_ARGUMENT,
        (proven, 2, some(0)): ExitCode.USR_NOT_FOUND,
        (proven, 2**64 - 2, some(0)): ExitCode.USR_NOT_FOUND,
        (proven, 2**64 - 1, some(0)): ExitCode.USR_ILLEGAL_STATE,
        (proven, 0, some(2)): ExitCode.USR_ILLEGAL_ARGUMENT,
        (proven, 0, some(2**64 - 2)): ExitCode.USR_ILLEGAL_ARGUMENT,
    }.items():
        assert declare(vm, miner, place).code == code, place


@pytest.mark.parametrize("declare", [faults, recoveries])
def test_one_message_declares_a_limited_number(vm, miner, proven, declare):
    many = BitField.from_ranges([(0, 25_001)])
    outcome = declare(vm, miner, (proven, 0, many))
    assert "too many sectors 25001" in outcome.failure
    outcome = declare(vm, miner, (proven, 0, BitField.from_ranges([(0, 25_000)])))
    assert "too many" not in outcome.failure
    outcome = declare(vm, miner, *((proven, number, NOWHERE) for number in range(3_001)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "too many partitions 3001" in outcome.failure
    every = (BitField.from_ranges([(0, 2**64 - 2)]),) * 2
    outcome = declare(vm, miner, *((proven, number, each) for number, each in enumerate(every)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("method", [numbers.DECLARE_FAULTS, numbers.DECLARE_FAULTS_RECOVERED])
def test_parameters_must_decode(vm, miner, proven, method):
    for params in (b"\x80", b"\x81\x81\x83\x00\x00\x20", b"\x81\x81\x83\x00\x00\x41\xff"):
        assert vm.send(WORKER.id, miner, method, params).code == ExitCode.USR_SERIALIZATION
    assert vm.send(WORKER.id, miner, method).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert proven


def test_recovery_pays_all_debt_first(vm, miner, proven):
    faults(vm, miner, (proven, 0, some(0)))
    penalty = ApplyRewardParams(ZERO, TokenAmount(2 * MINER_FUNDS))
    vm.ok(2, miner, numbers.APPLY_REWARDS, penalty)
    owed = miner_state(vm, miner).fee_debt
    assert owed > 0
    outcome = recoveries(vm, miner, (proven, 0, some(0)), value=owed - 1)
    assert outcome.code == ExitCode.USR_INSUFFICIENT_FUNDS
    burnt = vm.one.balance(99)
    assert recoveries(vm, miner, (proven, 0, some(0)), value=owed).code == ExitCode.OK
    assert vm.one.balance(99) == burnt + owed
    assert miner_state(vm, miner).fee_debt == 0


def test_suspended_miner_recovers_nothing(vm, miner, proven):
    faults(vm, miner, (proven, 0, some(0)))
    until = vm.one.epoch + 1

    def suspend(store, state):
        info = replace(load_info(store, state), consensus_fault_elapsed=until)
        return with_info(store, state, info)

    put_state(vm, miner, suspend)
    for epoch, code in ((until, ExitCode.USR_FORBIDDEN), (until + 1, ExitCode.OK)):
        go_to(vm, epoch)
        assert recoveries(vm, miner, (proven, 0, some(0))).code == code
