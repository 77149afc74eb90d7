import pytest
from network import POWER

from papyrus.actors.power.params import UPDATE_PLEDGE_TOTAL
from papyrus.actors.power.state import State
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode


def update(vm, miner, delta):
    return vm.send(miner, POWER, UPDATE_PLEDGE_TOTAL, TokenAmount(delta))


def test_pledges_add_up(vm):
    for miner, delta in ((201, 1000), (203, 500), (201, -1200)):
        assert update(vm, miner, delta).code == ExitCode.OK
    assert vm.one.state(POWER, State).total_pledge_collateral == 300


@pytest.mark.parametrize(
    ("miner", "delta", "code"),
    [
        (100, 1, ExitCode.USR_FORBIDDEN),
        (204, 1, ExitCode.USR_FORBIDDEN),
        (201, -1, ExitCode.USR_ILLEGAL_STATE),
        (201, 0, ExitCode.OK),
    ],
)
def test_only_miners_with_claims_pledge(vm, miner, delta, code):
    assert update(vm, miner, delta).code == code


def test_a_total_that_has_no_encoding_any_more_is_refused(vm):
    assert update(vm, 201, 2**1016 - 1).code == ExitCode.OK
    assert update(vm, 201, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x81\x40", ExitCode.USR_SERIALIZATION),
        (b"\x42\x00\x07", ExitCode.OK),
    ],
)
def test_params_must_decode(vm, params, code):
    assert vm.send(201, POWER, UPDATE_PLEDGE_TOTAL, params).code == code
