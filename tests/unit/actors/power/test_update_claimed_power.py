import pytest
from network import POWER, claims_of, findings_of_drivers, put_power, set_claim

from papyrus.actors.power.params import UPDATE_CLAIMED_POWER, UpdateClaimedPowerParams
from papyrus.actors.power.state import Claim, State
from papyrus.primitives.exit_codes import ExitCode


def update(vm, miner, raw, quality_adjusted):
    params = UpdateClaimedPowerParams(raw, quality_adjusted)
    return vm.send(miner, POWER, UPDATE_CLAIMED_POWER, params)


def totals(vm):
    state = vm.one.state(POWER, State)
    return (
        (state.total_raw_byte_power, state.total_quality_adjusted_power),
        (state.total_bytes_committed, state.total_quality_adjusted_bytes_committed),
        state.miner_above_minimum_power_count,
    )


def test_power_is_added_and_taken(vm, minimum):
    before = totals(vm)
    assert update(vm, 201, 100, 1000).code == ExitCode.OK
    assert claims_of(vm.one)[201] == Claim(10, minimum + 100, 10 * minimum + 1000)
    assert not findings_of_drivers(vm.one, after_cron=False)
    assert update(vm, 201, -100, -1000).code == ExitCode.OK
    assert totals(vm) == before


@pytest.mark.parametrize("short", [1, 0])
def test_a_miner_counts_from_the_minimum_on(vm, minimum, short):
    (raw, quality_adjusted), committed, count = totals(vm)
    assert update(vm, 203, minimum - short, 5000).code == ExitCode.OK
    counted = not short
    assert totals(vm) == (
        (raw + counted * minimum, quality_adjusted + counted * 5000),
        (committed[0] + minimum - short, committed[1] + 5000),
        count + counted,
    )
    assert not findings_of_drivers(vm.one, after_cron=False)


def test_a_miner_below_the_minimum_no_longer_counts(vm, minimum):
    (raw, quality_adjusted), _, count = totals(vm)
    assert update(vm, 201, -1, -10).code == ExitCode.OK
    assert totals(vm)[0] == (raw - minimum, quality_adjusted - 10 * minimum)
    assert totals(vm)[2] == count - 1
    assert not findings_of_drivers(vm.one, after_cron=False)


@pytest.mark.parametrize(
    ("miner", "raw", "quality_adjusted", "code"),
    [
        (100, 1, 1, ExitCode.USR_FORBIDDEN),
        (110, 1, 1, ExitCode.USR_FORBIDDEN),
        (204, 1, 1, ExitCode.USR_NOT_FOUND),
        (202, -6, 0, ExitCode.USR_ILLEGAL_STATE),
        (202, 0, -51, ExitCode.USR_ILLEGAL_STATE),
        (202, -5, -50, ExitCode.OK),
        (202, 2**900, 2**900, ExitCode.OK),
        (203, 0, 0, ExitCode.OK),
    ],
)
def test_only_miners_with_claims_change_them(vm, miner, raw, quality_adjusted, code):
    assert update(vm, miner, raw, quality_adjusted).code == code


def test_a_count_below_zero_is_refused(vm, minimum):
    vm.each(lambda one: put_power(one, miner_above_minimum_power_count=0))
    assert update(vm, 201, -minimum, 0).code == ExitCode.USR_ILLEGAL_STATE


def test_power_that_has_no_encoding_any_more_is_refused(vm):
    """The claim when it is written, and before it the totals, which are more than one claim."""
    largest = 2**1016 - 1
    assert update(vm, 203, largest - 2**30, 0).code == ExitCode.OK
    assert update(vm, 203, 2**30, 0).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert update(vm, 203, 2**30 + 1, 0).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("proof", [-1, 5, 9, 15, 2**63 - 1])
def test_a_claim_of_an_unknown_proof_cannot_change(vm, proof):
    vm.each(lambda one: set_claim(one, 203, Claim(proof, 5, 5)))
    assert update(vm, 203, 1, 1).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("proof", [0, 4, 10, 14])
def test_a_claim_of_a_known_proof_can(vm, proof):
    vm.each(lambda one: set_claim(one, 203, Claim(proof, 5, 5)))
    assert update(vm, 203, 1, 1).code == ExitCode.OK


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x80", ExitCode.USR_SERIALIZATION),
        (b"\x82\x42\x02\x01\x40", ExitCode.USR_SERIALIZATION),
        (b"\x82\x58\x81" + bytes(129) + b"\x40", ExitCode.USR_SERIALIZATION),
        (b"\x82\x58\x80" + bytes(128) + b"\x40", ExitCode.OK),
        (b"\x82\x02\x00\x05\x5f\x41\x00\x41\x01\xff", ExitCode.OK),
    ],
)
def test_params_must_decode(vm, params, code):
    assert vm.send(201, POWER, UPDATE_CLAIMED_POWER, params).code == code
