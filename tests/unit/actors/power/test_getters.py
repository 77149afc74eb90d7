import pytest
from network import CRON, POWER, SYSTEM, TICK, put_power, set_claim

from papyrus.actors.power.params import (
    CURRENT_TOTAL_POWER,
    MINER_CONSENSUS_COUNT,
    MINER_COUNT,
    MINER_POWER,
    MINER_RAW_POWER,
    NETWORK_RAW_POWER,
    CurrentTotalPowerReturn,
    MinerPowerReturn,
    MinerRawPowerReturn,
)
from papyrus.actors.power.state import Claim, State
from papyrus.ipld import dag_cbor
from papyrus.primitives.amounts import encode_bigint
from papyrus.primitives.exit_codes import ExitCode

CALLERS = [100, 110, 201]
"""An account, a contract and a miner."""
NUMBER_203 = b"\x18\xcb"


def raw_power(vm, miner):
    return MinerRawPowerReturn.from_cbor(vm.ok(100, POWER, MINER_RAW_POWER, dag_cbor.encode(miner)))


def test_the_total_is_that_of_the_end_of_the_last_epoch(vm, minimum):
    empty = CurrentTotalPowerReturn.from_cbor(vm.ok(100, POWER, CURRENT_TOTAL_POWER))
    assert (empty.raw_byte_power, empty.quality_adjusted_power) == (0, 0)
    vm.each(lambda one: put_power(one, ramp_start_epoch=-5, ramp_duration_epochs=6))
    vm.ok(SYSTEM, CRON, TICK)
    found = CurrentTotalPowerReturn.from_cbor(vm.ok(100, POWER, CURRENT_TOTAL_POWER))
    assert found.raw_byte_power == 2 * minimum + 12
    assert found.quality_adjusted_power == 11 * minimum + 57
    state = vm.one.state(POWER, State)
    assert found.quality_adjusted_power_smoothed == (
        state.this_epoch_quality_adjusted_power_smoothed
    )
    assert vm.ok(100, POWER, NETWORK_RAW_POWER) == dag_cbor.encode(
        encode_bigint(found.raw_byte_power)
    )


def test_the_ramp_is_told(vm):
    vm.each(lambda one: put_power(one, ramp_start_epoch=-5, ramp_duration_epochs=6))
    found = CurrentTotalPowerReturn.from_cbor(vm.ok(100, POWER, CURRENT_TOTAL_POWER))
    assert (found.ramp_start_epoch, found.ramp_duration_epochs) == (-5, 6)


@pytest.mark.parametrize("caller", CALLERS)
def test_anyone_may_ask_by_name(vm, minimum, caller):
    assert vm.ok(caller, POWER, MINER_COUNT) == b"\x05"
    assert vm.ok(caller, POWER, MINER_CONSENSUS_COUNT) == b"\x02"
    assert vm.ok(caller, POWER, NETWORK_RAW_POWER) == b"\x40"
    power = MinerPowerReturn.from_cbor(vm.ok(caller, POWER, MINER_POWER, b"\x18\xc9"))
    assert power == MinerPowerReturn(minimum, 10 * minimum)


def test_contracts_may_not_ask_by_number(vm):
    assert vm.send(110, POWER, CURRENT_TOTAL_POWER).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(("above", "small_count"), [(2, True), (4, False)])
def test_small_miners_meet_the_minimum_while_there_are_few_large_ones(
    vm, minimum, above, small_count
):
    vm.each(lambda one: put_power(one, miner_above_minimum_power_count=above))
    assert raw_power(vm, 201) == MinerRawPowerReturn(minimum, True)
    assert raw_power(vm, 202) == MinerRawPowerReturn(5, small_count)
    assert raw_power(vm, 203) == MinerRawPowerReturn(0, False)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        (MINER_RAW_POWER, b"\x18\x64", ExitCode.USR_ILLEGAL_ARGUMENT),
        (MINER_POWER, b"\x18\x64", ExitCode.USR_NOT_FOUND),
        (MINER_RAW_POWER, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (MINER_POWER, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (MINER_RAW_POWER, b"\x81\x00", ExitCode.USR_SERIALIZATION),
        (MINER_POWER, b"\x20", ExitCode.USR_SERIALIZATION),
        (MINER_POWER, b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", ExitCode.USR_NOT_FOUND),
        (MINER_RAW_POWER, b"\x19\x00\xcb", ExitCode.OK),
        (CURRENT_TOTAL_POWER, b"\x80", ExitCode.USR_ILLEGAL_ARGUMENT),
        (MINER_COUNT, b"\x80", ExitCode.USR_ILLEGAL_ARGUMENT),
        (MINER_CONSENSUS_COUNT, b"\x80", ExitCode.USR_ILLEGAL_ARGUMENT),
        (NETWORK_RAW_POWER, b"\x80", ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_params_are_checked(vm, method, params, code):
    assert vm.send(100, POWER, method, params).code == code


def test_a_claim_of_an_unknown_proof_has_no_minimum(vm):
    vm.each(lambda one: set_claim(one, 203, Claim(5, 1, 1)))
    refused = vm.send(100, POWER, MINER_RAW_POWER, NUMBER_203)
    assert refused.code == ExitCode.USR_ILLEGAL_STATE
    assert vm.send(100, POWER, MINER_POWER, NUMBER_203).code == ExitCode.OK
