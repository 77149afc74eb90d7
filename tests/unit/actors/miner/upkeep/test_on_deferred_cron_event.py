"""What the ends of windows do to a miner, and other things it is woken for."""

from dataclasses import replace

import pytest
from network import claims_of, events_of
from upkeep import (
    NOBODY,
    NOWHERE,
    OTHER_WORKER,
    OWNER,
    POWER,
    SECTOR_SIZE,
    SUPPLY,
    announce,
    commit,
    deadline,
    end_window,
    go_to,
    leap,
    miner_state,
    next_window,
    partition,
    prove_window,
    put_event,
    put_state,
    sector,
    submissions_to_dispute,
    tick,
    wait,
    window,
)

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.fees import daily_proof_fee, payable_daily_proof_fee
from papyrus.actors.miner.monies import (
    expected_reward_for_power,
    pledge_penalty_for_continued_fault,
)
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeWorkerAddressParams
from papyrus.actors.miner.params.proving import CronEventPayload, DeferredCronEventParams
from papyrus.actors.miner.partition import EARLY_TERMINATED
from papyrus.actors.miner.pre_commits import find_pre_commits
from papyrus.actors.miner.proof_policy import max_prove_commit_duration
from papyrus.actors.miner.state import load_deadlines, load_info, with_deadlines
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY

BURNT = 99
NOTHING_EARNED = FilterEstimate.of(0, 0)
ANY_POWER = FilterEstimate.of(10**15, 0)


def event(vm, miner, payload, *, sender=POWER, reward=NOTHING_EARNED, power=ANY_POWER):
    """Wake a miner for something and return the outcome."""
    params = DeferredCronEventParams(payload, reward, power)
    return vm.send(sender, miner, numbers.ON_DEFERRED_CRON_EVENT, params)


def payload(kind):
    """Return what wakes a miner for an event of a kind."""
    return CronEventPayload(kind).to_cbor()


def smoothed(vm):
    """Return what the network earns and holds, as the next tick will tell miners."""
    reward = vm.one.state(2, RewardState).this_epoch_reward_smoothed
    power = vm.one.state(POWER, PowerState).this_epoch_quality_adjusted_power_smoothed
    return reward, power


@pytest.fixture
def burnt(vm):
    """Return what is burnt from here on."""
    before = vm.one.balance(BURNT)
    return lambda: vm.one.balance(BURNT) - before


# Windows.


def test_miner_is_woken_at_the_end_of_each_window(vm, miner, index):
    assert index
    first = window(vm, miner).last
    for place in range(3):
        [(epoch, who, what)] = events_of(vm.one)
        assert (epoch, who, what) == (first + 60 * place, miner, payload(1))
        go_to(vm, epoch)
        tick(vm)
        wait(vm, 1)
        assert miner_state(vm, miner).current_deadline == window(vm, miner).index


def test_period_begins_anew_after_the_last_window(vm, miner, index):
    assert index
    start = miner_state(vm, miner).proving_period_start
    for end in (47, 46):
        end_window(vm, miner, end)
        begun = miner_state(vm, miner).proving_period_start
        assert begun == start + EPOCHS_IN_DAY
    assert miner_state(vm, miner).current_deadline == 47


def test_missed_proof_is_a_fault_that_costs_nothing_yet(vm, miner, index):
    end_window(vm, miner, index)
    assert list(partition(vm, miner, index).faults) == [0, 1]
    assert claims_of(vm.one)[miner].raw_byte_power == 0
    assert miner_state(vm, miner).fee_debt == 0


def test_continued_fault_costs_a_fee_each_day(vm, miner, proven):
    end_window(vm, miner, proven)
    before = vm.one.balance(BURNT)
    go_to(vm, next_window(vm, miner, proven).last)
    fault_fee = pledge_penalty_for_continued_fault(*smoothed(vm), 4 * SECTOR_SIZE)
    live = expected_reward_for_power(*smoothed(vm), 4 * SECTOR_SIZE, EPOCHS_IN_DAY)
    daily_fee = payable_daily_proof_fee(POLICY, deadline(vm, miner, proven).daily_fee, live)
    tick(vm)
    assert fault_fee > daily_fee > 0
    assert vm.one.balance(BURNT) - before == fault_fee + daily_fee


def test_sectors_pay_a_fee_each_day(vm, miner, proven, burnt):
    prove_window(vm, miner, proven, 0, 1)
    end_window(vm, miner, proven)
    assert burnt() == 4 * daily_proof_fee(POLICY, SUPPLY, SECTOR_SIZE) > 0


@pytest.mark.parametrize(("reward", "paid"), [(0, 0), (10**9, None), (10**30, 10**12)])
def test_daily_fee_is_half_of_what_is_earned_at_most(world_apart, reward, paid):
    vm, miner = world_apart
    commit(vm, miner, [0], 40)

    def with_fee(store, state):
        deadlines = load_deadlines(store, state)
        found = replace(load_deadline(store, deadlines, 40), daily_fee=TokenAmount(10**12))
        return with_deadlines(store, state, with_deadline(store, POLICY, deadlines, 40, found))

    put_state(vm, miner, with_fee)
    earned, power = FilterEstimate.of(reward, 0), FilterEstimate.of(10**9, 0)
    go_to(vm, next_window(vm, miner, 40).last)
    before = vm.one.balance(BURNT)
    outcome = event(vm, miner, payload(1), reward=earned, power=power)
    assert outcome.code == ExitCode.OK
    half = expected_reward_for_power(earned, power, SECTOR_SIZE, EPOCHS_IN_DAY) // 2
    assert vm.one.balance(BURNT) - before == (half if paid is None else paid)


def test_what_cannot_be_paid_is_debt(vm, miner, proven):
    end_window(vm, miner, proven)
    go_to(vm, next_window(vm, miner, proven).last)
    earned = FilterEstimate.of(10**30, 0)
    assert event(vm, miner, payload(1), reward=earned).code == ExitCode.OK
    state = miner_state(vm, miner)
    assert state.fee_debt > 0
    assert state.locked_funds == 0
    assert vm.one.balance(miner) == state.initial_pledge


def test_proofs_can_be_disputed_until_the_window_after(vm, miner, proven):
    assert list(submissions_to_dispute(vm, miner, proven)) == [0]
    end_window(vm, miner, proven)
    assert submissions_to_dispute(vm, miner, proven) == {}


def test_announced_sectors_lapse(world_apart):
    vm, miner = world_apart
    assert announce(vm, miner, {0: []}).code == ExitCode.OK
    deposit = miner_state(vm, miner).pre_commit_deposits
    assert deposit > 0
    lapses = vm.one.epoch + max_prove_commit_duration(POLICY, 5)
    leap(vm, 30)
    while vm.one.epoch < lapses + POLICY.expired_pre_commit_clean_up_delay + 60:
        state = miner_state(vm, miner)
        assert find_pre_commits(vm.one.machine.store, state, [0])
        before = vm.one.balance(BURNT)
        go_to(vm, min(epoch for epoch, _, _ in events_of(vm.one)))
        tick(vm)
        if miner_state(vm, miner).pre_commit_deposits == 0:
            break
    assert vm.one.balance(BURNT) - before == deposit
    state = miner_state(vm, miner)
    assert not find_pre_commits(vm.one.machine.store, state, [0])
    assert vm.one.epoch >= lapses + POLICY.expired_pre_commit_clean_up_delay


def test_sectors_expire_on_time_and_are_free_to_go(vm, miner, proven):
    last = sector(vm, miner, 0).expiration
    pledge = miner_state(vm, miner).initial_pledge
    leap(vm, (last - vm.one.epoch) // EPOCHS_IN_DAY - 1)
    for _ in range(3):
        prove_window(vm, miner, proven, 0, 1)
        end_window(vm, miner, proven)
        if deadline(vm, miner, proven).live_sectors == 0:
            break
    assert last <= vm.one.epoch <= last + EPOCHS_IN_DAY + 1
    assert list(partition(vm, miner, proven).terminated) == [0, 1]
    assert partition(vm, miner, proven).early_terminated == empty_queue(vm)
    assert pledge > miner_state(vm, miner).initial_pledge == 0
    assert claims_of(vm.one)[miner].raw_byte_power == 0


def empty_queue(vm):
    """Return the root of a queue that nothing waits in."""
    return EARLY_TERMINATED.empty_root(vm.one.machine.store)


def test_sectors_faulty_for_six_weeks_end_and_are_paid_for(vm, miner, proven):
    end_window(vm, miner, proven)
    leap(vm, 40)
    end_window(vm, miner, proven)
    assert deadline(vm, miner, proven).live_sectors == 4
    go_to(vm, next_window(vm, miner, proven).last)
    ended = vm.send(0, 3, 2)
    assert ended.code == ExitCode.OK
    assert len(ended.events) == 4
    assert deadline(vm, miner, proven).live_sectors == 0
    assert miner_state(vm, miner).initial_pledge == 0
    assert miner_state(vm, miner).early_terminations == NOWHERE


def test_announced_worker_takes_over(vm, miner, index):
    assert index
    change = ChangeWorkerAddressParams(OTHER_WORKER.address, ())
    vm.ok(OWNER.id, miner, numbers.CHANGE_WORKER_ADDRESS, change)
    at = vm.one.epoch + POLICY.worker_key_change_delay
    while vm.one.epoch < at:
        info = load_info(vm.one.machine.store, miner_state(vm, miner))
        assert info.worker != OTHER_WORKER.address
        go_to(vm, min(epoch for epoch, _, _ in events_of(vm.one)))
        tick(vm)
    info = load_info(vm.one.machine.store, miner_state(vm, miner))
    assert info.worker == OTHER_WORKER.address
    assert info.pending_worker_key is None


def test_miner_with_nothing_locked_is_left_to_sleep(world_apart):
    vm, miner = world_apart
    announce(vm, miner, {0: []})
    put_state(
        vm,
        miner,
        lambda _, state: replace(
            state, pre_commit_deposits=ZERO, locked_funds=ZERO, vesting_funds=None
        ),
    )
    go_to(vm, window(vm, miner).last)
    tick(vm)
    assert not miner_state(vm, miner).deadline_cron_active
    assert events_of(vm.one) == []


# Other events.


@pytest.mark.parametrize("kind", [0, 3, -1, 2**63 - 1])
def test_other_events_do_nothing(vm, miner, index, kind):
    assert index
    before = vm.one.actor(miner).head
    assert event(vm, miner, payload(kind)).code == ExitCode.OK
    assert vm.one.actor(miner).head == before


def test_event_without_terminations_does_nothing(vm, miner, index):
    assert index
    put_event(vm, miner, vm.one.epoch, numbers.CRON_EVENT_PROCESS_EARLY_TERMINATIONS)
    before = vm.one.actor(miner).head
    tick(vm)
    assert vm.one.actor(miner).head == before


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x80", b"\x81\x40", b"\x81\x01\x00"])
def test_event_must_decode(vm, miner, data):
    assert event(vm, miner, data).code == ExitCode.USR_ILLEGAL_STATE


def test_event_may_be_written_loosely(vm, miner, index):
    assert index
    assert event(vm, miner, b"\x98\x01\x18\x00").code == ExitCode.OK


def test_only_the_power_actor_wakes_miners(vm, miner, index):
    assert index
    for sender in (0, OWNER.id, NOBODY.id, miner):
        assert event(vm, miner, payload(1), sender=sender).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("params", [b"\x80", b"\x82\x41\x80\x82\x40\x40"])
def test_parameters_must_decode(vm, miner, params):
    method = numbers.ON_DEFERRED_CRON_EVENT
    assert vm.send(POWER, miner, method, params).code == ExitCode.USR_SERIALIZATION
    assert vm.send(POWER, miner, method).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_no_amount_may_be_negative_at_the_end(world_apart):
    vm, miner = world_apart
    put_state(vm, miner, lambda _, state: replace(state, initial_pledge=TokenAmount(-1)))
    assert event(vm, miner, payload(0)).code == numbers.BALANCE_INVARIANTS_BROKEN
