"""Giving sectors up before their time, and what that costs (FIP-0098)."""

from dataclasses import replace

import pytest
from network import claims_of, events_of
from upkeep import (
    NOBODY,
    NOWHERE,
    POWER,
    SEALING,
    WORKER,
    announce,
    commit,
    deadline,
    end_window,
    go_to,
    leap,
    miner_state,
    new_miner,
    next_window,
    partition,
    piece,
    place,
    prove,
    prove_window,
    put_state,
    put_world,
    sector,
    tick,
    wait,
    window,
)

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.miner.deadline import open_partitions
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import CronEventPayload
from papyrus.actors.miner.params.upkeep import (
    TerminateSectorsParams,
    TerminateSectorsReturn,
    TerminationDeclaration,
)
from papyrus.actors.miner.partition import EARLY_TERMINATED
from papyrus.actors.miner.state import load_deadlines, with_deadlines
from papyrus.actors.power.state import State as PowerState
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY

BURNT = 99


def terminate(vm, miner, *declared, sender=WORKER):
    """Give sectors up and return the outcome."""
    params = TerminateSectorsParams(tuple(TerminationDeclaration(*each) for each in declared))
    return vm.send(sender.id, miner, numbers.TERMINATE_SECTORS, params)


def some(*sectors):
    """Return sectors as a bitfield."""
    return BitField.from_bits(sectors)


def done(outcome):
    """Return whether a call said that nothing remains to be paid for."""
    return TerminateSectorsReturn.from_cbor(outcome.value).done


def test_terminated_sectors_lose_power_and_pledge(vm, miner, index):
    prove_window(vm, miner, index, 0, 1)
    end_window(vm, miner, index)
    pledge = sector(vm, miner, 0).initial_pledge
    before, burnt = miner_state(vm, miner).initial_pledge, vm.one.balance(BURNT)
    outcome = terminate(vm, miner, (index, 0, some(0)))
    assert outcome.code == ExitCode.OK
    assert done(outcome)
    assert len(outcome.events) == 1
    assert claims_of(vm.one)[miner].raw_byte_power == 3 * 2048
    assert list(partition(vm, miner, index).terminated) == [0]
    assert before - miner_state(vm, miner).initial_pledge == pledge
    assert miner_state(vm, miner).early_terminations == NOWHERE
    # A young sector pays the least there is: a fiftieth of its pledge, or a little over a fault.
    assert vm.one.balance(BURNT) - burnt >= pledge * 2 // 100


def test_old_sector_pays_more_than_a_young_one(vm, miner, index):
    # So much power elsewhere that a fault costs nothing, nor does a share of its fee.
    huge = FilterEstimate.of(10**30, 0)
    put_state(
        vm,
        POWER,
        lambda _, state: replace(state, this_epoch_quality_adjusted_power_smoothed=huge),
        PowerState,
    )
    paid = []
    for number in range(2):
        leap(vm, 50)
        burnt = vm.one.balance(BURNT)
        assert terminate(vm, miner, (index, 0, some(number))).code == ExitCode.OK
        paid.append(vm.one.balance(BURNT) - burnt)
    assert 0 < 2 * paid[0] <= paid[1] < 3 * paid[0]


def test_sectors_in_every_condition_terminate(vm, miner, index):
    """Unproven, active and faulty ones, and ones that recover."""
    prove_window(vm, miner, index, 0)
    end_window(vm, miner, index)
    assert list(partition(vm, miner, index, 1).faults) == [2, 3]
    commit(vm, miner, [4], index)
    assert list(partition(vm, miner, index, 2).unproven) == [4]
    every = (index, 0, some(0)), (index, 1, some(3)), (index, 2, some(4))
    outcome = terminate(vm, miner, *every)
    assert outcome.code == ExitCode.OK
    assert len(outcome.events) == 3
    assert deadline(vm, miner, index).live_sectors == 2


def test_nothing_to_terminate_is_done(vm, miner, index):
    assert done(terminate(vm, miner))
    assert done(terminate(vm, miner, (index, 0, NOWHERE)))
    assert deadline(vm, miner, index).early_terminations == NOWHERE


@pytest.mark.parametrize(
    ("where", "sectors", "code"),
    [
        ((48, 0), (0,), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((None, 2), (0,), ExitCode.USR_NOT_FOUND),
        ((None, 2**64 - 2), (0,), ExitCode.USR_NOT_FOUND),
        ((None, 2**64 - 1), (0,), ExitCode.USR_ILLEGAL_STATE),
        ((None, 0), (2,), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((None, 0), (0, 99), ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_sectors_must_be_there(vm, miner, index, where, sectors, code):
    named, number = where
    named = index if named is None else named
    assert terminate(vm, miner, (named, number, some(*sectors))).code == code


def test_sectors_end_once(vm, miner, index):
    assert terminate(vm, miner, (index, 0, some(0))).code == ExitCode.OK
    outcome = terminate(vm, miner, (index, 0, some(0, 1)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "can only terminate live sectors" in outcome.failure


def test_deadline_that_is_open_or_next_is_left_alone(vm, miner, index):
    found = next_window(vm, miner, index)
    for epoch in (found.open - 60, found.open, found.last):
        go_to(vm, epoch)
        outcome = terminate(vm, miner, (index, 0, some(0)))
        assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
        assert "immutable deadline" in outcome.failure
    go_to(vm, found.last + 1)
    assert terminate(vm, miner, (index, 0, some(0))).code == ExitCode.OK
    go_to(vm, found.open - 61 + EPOCHS_IN_DAY)
    assert terminate(vm, miner, (index, 0, some(1))).code == ExitCode.OK


def test_only_controllers_terminate(vm, miner, index):
    code = terminate(vm, miner, (index, 0, some(0)), sender=NOBODY).code
    assert code == ExitCode.USR_FORBIDDEN


def test_one_message_names_a_limited_number(vm, miner, index):
    many = BitField.from_ranges([(0, 25_001)])
    assert "too many sectors" in terminate(vm, miner, (index, 0, many)).failure
    every = ((index, number, NOWHERE) for number in range(3_001))
    assert "too many partitions" in terminate(vm, miner, *every).failure


@pytest.mark.parametrize("params", [b"\x80", b"\x81\x81\x82\x00\x00", b"\x82\x80\x00"])
def test_parameters_must_decode(vm, miner, index, params):
    code = vm.send(WORKER.id, miner, numbers.TERMINATE_SECTORS, params).code
    assert code == ExitCode.USR_SERIALIZATION
    assert index


# What a message cannot bear is left to cron.


def with_many_terminations(vm, miner, index, count):
    """Note sectors as terminated and not paid for in many partitions: 1 in the last, 0 in all."""

    def change(store, state):
        deadlines = load_deadlines(store, state)
        found = load_deadline(store, deadlines, index)
        partitions = open_partitions(store, found)
        first = partitions.get(0)
        for number in range(count):
            queue = EARLY_TERMINATED.open(store, None)
            queue.set(vm.one.epoch, some(1 if number == count - 1 else 0))
            partitions.set(number, replace(first, early_terminated=queue.flush()))
        found = replace(
            found,
            partitions=partitions.flush(),
            early_terminations=BitField.from_ranges([(0, count)]),
        )
        deadlines = with_deadline(store, POLICY, deadlines, index, found)
        return replace(with_deadlines(store, state, deadlines), early_terminations=some(index))

    put_state(vm, miner, change)


@pytest.fixture
def crowded(world_apart):
    """Return a machine, a miner with one partition too many to be paid for, and its deadline."""
    vm, miner = world_apart
    index = (window(vm, miner).index + 10) % 48
    commit(vm, miner, [0, 1], index)
    with_many_terminations(vm, miner, index, 3_001)
    return vm, miner, index


def events(vm, miner, kind):
    """Return the epochs at which a miner is to be woken for something."""
    wanted = CronEventPayload(kind).to_cbor()
    return [at for at, who, payload in events_of(vm.one) if (who, payload) == (miner, wanted)]


def test_call_without_sectors_goes_on_with_what_is_left(crowded):
    vm, miner, index = crowded
    outcome = terminate(vm, miner)
    assert outcome.code == ExitCode.OK
    assert not done(outcome)
    assert list(deadline(vm, miner, index).early_terminations) == [3_000]
    # Whoever let the queue grow has had the miner woken for it.
    assert events(vm, miner, numbers.CRON_EVENT_PROCESS_EARLY_TERMINATIONS) == []
    assert done(terminate(vm, miner))


def test_cron_goes_on_until_all_is_paid_for(crowded):
    vm, miner, index = crowded
    put_state(vm, miner, lambda _, state: replace(state, early_terminations=NOWHERE))
    # Naming the deadline lets its queue be found again.
    assert not done(terminate(vm, miner, (index, 0, NOWHERE)))
    kind = numbers.CRON_EVENT_PROCESS_EARLY_TERMINATIONS
    assert events(vm, miner, kind) == [vm.one.epoch + 1]
    wait(vm, 1)
    tick(vm)
    assert events(vm, miner, kind) == []
    assert miner_state(vm, miner).early_terminations == NOWHERE


# Ending deals.


@pytest.fixture(params=[True, False], ids=["market", "no market"])
def with_data(make_vm, request):
    """Return a machine with a market or without, and a miner with a sector of data."""
    vm = make_vm()

    def put(one):
        put_world(one)
        if not request.param:
            one.put_account(5, WORKER.key)

    vm.each(put)
    miner = new_miner(vm)
    sectors = {0: [piece(0, 2048)]}
    announce(vm, miner, sectors)
    wait(vm, SEALING)
    assert prove(vm, miner, sectors).code == ExitCode.OK
    return vm, miner, request.param


def test_message_fails_where_the_market_does(with_data):
    vm, miner, market_works = with_data
    code = terminate(vm, miner, (*place(vm, miner, 0), some(0))).code
    assert code == (ExitCode.OK if market_works else ExitCode.USR_UNHANDLED_MESSAGE)


def test_cron_ends_sectors_whatever_the_market_does(with_data):
    """The sector is faulty for longer than is waited for."""
    vm, miner, _ = with_data
    index, number = place(vm, miner, 0)
    end_window(vm, miner, index)
    assert list(partition(vm, miner, index, number).faults) == [0]
    leap(vm, 42)
    end_window(vm, miner, index)
    assert list(partition(vm, miner, index, number).terminated) == [0]
    assert miner_state(vm, miner).early_terminations == NOWHERE
    assert miner_state(vm, miner).initial_pledge == 0


def test_balance_invariants_hold_at_the_end(world_apart):
    vm, miner = world_apart
    index = (window(vm, miner).index + 10) % 48
    commit(vm, miner, [0], index)
    put_state(vm, miner, lambda _, state: replace(state, pre_commit_deposits=TokenAmount(-1)))
    assert terminate(vm, miner).code == numbers.BALANCE_INVARIANTS_BROKEN
    put_state(vm, miner, lambda _, state: replace(state, pre_commit_deposits=ZERO))
    assert terminate(vm, miner).code == ExitCode.OK
