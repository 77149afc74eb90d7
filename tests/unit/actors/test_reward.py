from dataclasses import replace

import pytest
from network import BURNT, CRON, POWER, REWARD, SYSTEM, put_drivers

from papyrus.actors.common.findings import Findings
from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.reward import minting
from papyrus.actors.reward.invariants import STORAGE_MINING_ALLOCATION, check_state_invariants
from papyrus.actors.reward.params import (
    AWARD_BLOCK_REWARD,
    THIS_EPOCH_REWARD,
    UPDATE_NETWORK_KPI,
    AwardBlockRewardParams,
    ThisEpochRewardReturn,
)
from papyrus.actors.reward.state import (
    INITIAL_REWARD_POSITION,
    INITIAL_REWARD_VELOCITY,
    State,
    at_epoch,
    initial,
)
from papyrus.ipld.cid import CBOR
from papyrus.ipld.schema import BigInt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import encoded

TAKES, REFUSES, NOWHERE = 300, 301, 302
"""A placeholder, which takes rewards as it takes anything, an account, which does not, and none."""
NULL = b"\xf6"
EIB = 1 << 60


def amount(number):
    return Block(CBOR, encoded(BigInt, number))


def award(miner=TAKES, penalty=0, gas_reward=0, win_count=1):
    address = Address.from_id(miner) if isinstance(miner, int) else miner
    return AwardBlockRewardParams(address, TokenAmount(penalty), TokenAmount(gas_reward), win_count)


@pytest.fixture
def vm(make_vm):
    """Return a machine at epoch 0 with the actors that drive a network, and some that are paid."""
    machine = make_vm()

    def fill(one):
        put_drivers(one, market=False)
        one.put_actor(TAKES, "placeholder")
        one.put_actor(REFUSES, "account")
        one.put_actor(NOWHERE - 2, "placeholder")

    machine.each(fill)
    return machine


def with_state(vm, *, balance=STORAGE_MINING_ALLOCATION, **fields):
    vm.each(
        lambda one: one.put_actor(REWARD, "reward", replace(initial(0), **fields), balance=balance)
    )


def state_of(vm):
    return vm.one.state(REWARD, State)


@pytest.mark.parametrize("power", [0, 1, 10 * EIB, -5])
def test_the_constructor_begins_at_epoch_zero(vm, power):
    vm.each(lambda one: one.put_actor(REWARD, "reward"))
    vm.ok(SYSTEM, REWARD, 1, amount(power))
    assert state_of(vm) == initial(power)
    assert state_of(vm).epoch == 0


@pytest.mark.parametrize(
    ("sender", "params", "code"),
    [
        (99, amount(0), ExitCode.USR_FORBIDDEN),
        (SYSTEM, NULL, ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, b"\x42\x02\x01", ExitCode.USR_SERIALIZATION),
        (SYSTEM, amount(0), ExitCode.USR_ILLEGAL_STATE),
    ],
)
def test_the_constructor_refuses(vm, sender, params, code):
    assert vm.send(sender, REWARD, 1, params).code == code


def test_the_first_estimate_is_that_of_simple_minting():
    state = initial(0)
    assert state.this_epoch_reward_smoothed == FilterEstimate.of(
        INITIAL_REWARD_POSITION, INITIAL_REWARD_VELOCITY
    )
    assert state.this_epoch_reward == 36_266_264_293_777_134_739
    assert state.this_epoch_baseline_power == minting.BASELINE_INITIAL_VALUE - 1


@pytest.mark.parametrize("win_count", [1, 2, 5, 9])
def test_a_winner_gets_a_fifth_of_the_reward_for_each_win(vm, win_count):
    vm.ok(SYSTEM, REWARD, AWARD_BLOCK_REWARD, award(win_count=win_count))
    share = initial(0).this_epoch_reward * win_count // 5
    assert vm.one.balance(TAKES) == share == state_of(vm).total_storage_power_reward


def test_tips_come_on_top(vm):
    vm.ok(SYSTEM, REWARD, AWARD_BLOCK_REWARD, award(gas_reward=1000))
    share = initial(0).this_epoch_reward // 5
    assert vm.one.balance(TAKES) == share + 1000
    assert state_of(vm).total_storage_power_reward == share


def test_what_is_left_is_paid_out(vm):
    with_state(vm, balance=5000)
    vm.ok(SYSTEM, REWARD, AWARD_BLOCK_REWARD, award(gas_reward=2000))
    assert (vm.one.balance(TAKES), vm.one.balance(REWARD)) == (5000, 0)
    assert state_of(vm).total_storage_power_reward == 3000
    vm.ok(SYSTEM, REWARD, AWARD_BLOCK_REWARD, award())
    assert state_of(vm).total_storage_power_reward == 3000


@pytest.mark.parametrize("miner", [REFUSES, NOWHERE])
def test_what_a_miner_does_not_take_is_burnt(vm, miner):
    vm.ok(SYSTEM, REWARD, AWARD_BLOCK_REWARD, award(miner, penalty=10))
    assert vm.one.balance(BURNT) == initial(0).this_epoch_reward // 5
    assert vm.one.balance(REFUSES) == 0


def test_what_can_neither_be_paid_nor_burnt_stays(vm):
    vm.each(lambda one: one.actors.pop(BURNT))
    vm.ok(SYSTEM, REWARD, AWARD_BLOCK_REWARD, award(REFUSES))
    assert vm.one.balance(REWARD) == STORAGE_MINING_ALLOCATION
    assert state_of(vm).total_storage_power_reward == initial(0).this_epoch_reward // 5


@pytest.mark.parametrize(
    ("sender", "params", "code"),
    [
        (POWER, award(), ExitCode.USR_FORBIDDEN),
        (SYSTEM, award(penalty=-1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, award(gas_reward=-1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, award(win_count=0), ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, award(win_count=-1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, award(gas_reward=2 * 10**27), ExitCode.USR_ILLEGAL_STATE),
        (SYSTEM, award(gas_reward=2 * 10**27, win_count=0), ExitCode.USR_ILLEGAL_STATE),
        (SYSTEM, award(Address.actor(b"?")), ExitCode.USR_NOT_FOUND),
        (SYSTEM, award(win_count=2**63 - 1), ExitCode.OK),
        (SYSTEM, award(penalty=2**1016 // 3), ExitCode.OK),
        (SYSTEM, award(penalty=2**1016 // 3 + 1), ExitCode.USR_SERIALIZATION),
        (SYSTEM, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, b"\x80", ExitCode.USR_SERIALIZATION),
    ],
)
def test_an_award_is_refused(vm, sender, params, code):
    assert vm.send(sender, REWARD, AWARD_BLOCK_REWARD, params).code == code


def test_anyone_may_ask_for_the_reward(vm):
    found = ThisEpochRewardReturn.from_cbor(vm.ok(REFUSES, REWARD, THIS_EPOCH_REWARD))
    state = initial(0)
    assert found == ThisEpochRewardReturn(
        state.this_epoch_reward_smoothed, state.this_epoch_baseline_power
    )
    refused = vm.send(REFUSES, REWARD, THIS_EPOCH_REWARD, b"\x80")
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("epoch", [0, 1, 7])
@pytest.mark.parametrize("power", [0, 3 * EIB, 100 * EIB, -1])
def test_an_update_catches_up(vm, epoch, power):
    vm.each(lambda one: one.change(epoch=epoch))
    vm.ok(POWER, REWARD, UPDATE_NETWORK_KPI, amount(power))
    assert state_of(vm) == at_epoch(initial(0), epoch, power)
    assert state_of(vm).epoch == epoch + 1


@pytest.mark.parametrize(
    ("sender", "params", "code"),
    [
        (CRON, amount(0), ExitCode.USR_FORBIDDEN),
        (POWER, NULL, ExitCode.USR_ILLEGAL_ARGUMENT),
        (POWER, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (POWER, b"\x42\x02\x01", ExitCode.USR_SERIALIZATION),
        # Forms of a number that are not the shortest are read, too.
        (POWER, b"\x43\x00\x00\x01", ExitCode.OK),
        (POWER, b"\x58\x01\x01", ExitCode.OK),
    ],
)
def test_an_update_is_refused(vm, sender, params, code):
    assert vm.send(sender, REWARD, UPDATE_NETWORK_KPI, params).code == code


def test_a_state_without_baseline_power_panics(vm):
    with_state(vm, effective_baseline_power=0, effective_network_time=1)
    outcome = vm.send(POWER, REWARD, UPDATE_NETWORK_KPI, amount(0))
    assert outcome.code == ExitCode.USR_ASSERTION_FAILED


def test_there_is_no_other_method(vm):
    assert vm.send(REFUSES, REWARD, 5).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_with_full_power_time_advances_by_an_epoch_each():
    state = initial(10 * EIB)
    for epoch in range(50):
        state = at_epoch(state, epoch, 10 * EIB)
    assert (state.effective_network_time, state.epoch) == (51, 50)


def test_invariants_hold_and_say_what_does_not():
    findings = Findings()
    state = at_epoch(initial(0), 4, EIB)
    check_state_invariants(state, STORAGE_MINING_ALLOCATION, 4, findings)
    assert not findings.sentences
    broken = replace(
        state, cumulative_realized=-1, cumulative_baseline=-2, effective_network_time=9
    )
    check_state_invariants(broken, TokenAmount(0), 5, findings)
    assert len(findings.sentences) == 5
