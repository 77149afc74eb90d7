import pytest
from network import (
    CRON,
    POWER,
    REWARD,
    SYSTEM,
    TICK,
    claims_of,
    events_of,
    findings_of_drivers,
    put_events,
    put_power,
    set_claim,
)

from papyrus.actors.power.params import (
    ENROLL_CRON_EVENT,
    ON_EPOCH_TICK_END,
    EnrollCronEventParams,
)
from papyrus.actors.power.state import Claim, State
from papyrus.actors.reward.state import State as RewardState
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.primitives.exit_codes import ExitCode


def enroll(vm, miner, epoch, payload=b"\x81\x01"):
    return vm.send(miner, POWER, ENROLL_CRON_EVENT, EnrollCronEventParams(epoch, payload))


def state_of(vm):
    return vm.one.state(POWER, State)


def test_events_are_kept_by_epoch_and_in_order(vm):
    for miner, epoch in ((203, 5), (201, 5), (201, 130), (203, 5)):
        assert enroll(vm, miner, epoch).code == ExitCode.OK
    assert events_of(vm.one) == [
        (5, 201, b"\x81\x01"),
        (5, 203, b"\x81\x01"),
        (5, 203, b"\x81\x01"),
        (130, 201, b"\x81\x01"),
    ]


def test_many_events_of_an_epoch_are_kept(vm):
    for number in range(70):
        assert enroll(vm, 201, 9, bytes([number])).code == ExitCode.OK
    assert [payload for _, _, payload in events_of(vm.one)] == [bytes([n]) for n in range(70)]


def test_an_event_of_the_past_is_found_at_the_next_tick(vm):
    vm.each(lambda one: one.change(epoch=10))
    vm.ok(SYSTEM, CRON, TICK)
    assert state_of(vm).first_cron_epoch == 11
    assert enroll(vm, 204, 3).code == ExitCode.OK
    assert state_of(vm).first_cron_epoch == 3
    vm.ok(SYSTEM, CRON, TICK)
    assert events_of(vm.one) == []


@pytest.mark.parametrize(
    ("miner", "epoch", "code"),
    [
        (100, 5, ExitCode.USR_FORBIDDEN),
        (100, -1, ExitCode.USR_FORBIDDEN),
        (201, -1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (201, 0, ExitCode.OK),
        (201, 2**63 - 1, ExitCode.OK),
        (204, 5, ExitCode.OK),
    ],
)
def test_miners_alone_enroll(vm, miner, epoch, code):
    assert enroll(vm, miner, epoch).code == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x81\x00", ExitCode.USR_SERIALIZATION),
        (b"\x82\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x40", ExitCode.USR_SERIALIZATION),
        (b"\x82\x18\x05\x00", ExitCode.OK),
    ],
)
def test_params_must_decode(vm, params, code):
    assert vm.send(201, POWER, ENROLL_CRON_EVENT, params).code == code


def test_a_map_of_claims_that_is_none_is_refused(vm):
    broken = put_cbor(MemoryBlockstore(), ["no map"])
    vm.each(lambda one: put_cbor(one.base, ["no map"]))
    vm.each(lambda one: put_power(one, claims=broken))
    assert vm.send(CRON, POWER, ON_EPOCH_TICK_END).code == ExitCode.USR_ILLEGAL_STATE


def test_a_tick_wakes_miners_and_forgets_those_that_fail(vm):
    vm.each(lambda one: put_events(one, [(0, 301, b"a"), (0, 300, b"b"), (1, 301, b"c")]))
    vm.ok(SYSTEM, CRON, TICK)
    assert claims_of(vm.one).keys() == {201, 202, 203, 300}
    assert events_of(vm.one) == [(1, 301, b"c")]
    assert state_of(vm).miner_count == 4
    assert state_of(vm).miner_above_minimum_power_count == 1
    assert not findings_of_drivers(vm.one)
    # Without a claim it is not woken again.
    vm.each(lambda one: one.change(epoch=1))
    vm.ok(SYSTEM, CRON, TICK)
    assert (events_of(vm.one), state_of(vm).miner_count) == ([], 4)


def test_a_miner_that_fails_twice_is_subtracted_twice(vm):
    vm.each(lambda one: put_events(one, [(0, 301, b"a"), (0, 301, b"b")]))
    vm.ok(SYSTEM, CRON, TICK)
    assert 301 not in claims_of(vm.one)
    assert state_of(vm).miner_count == 3


def test_a_claim_that_cannot_be_taken_stays(vm):
    """Its proof type is unknown, so its power is subtracted from half of the totals."""
    vm.each(lambda one: put_events(one, [(0, 301, b"a")]))
    vm.each(lambda one: set_claim(one, 301, Claim(99, 5, 6)))
    committed = state_of(vm).total_bytes_committed
    vm.ok(SYSTEM, CRON, TICK)
    assert claims_of(vm.one)[301] == Claim(99, 5, 6)
    assert state_of(vm).total_bytes_committed == committed - 5
    assert state_of(vm).miner_count == 5


def test_null_rounds_are_caught_up(vm):
    vm.each(lambda one: put_events(one, [(epoch, 300, b"") for epoch in range(12)]))
    vm.each(lambda one: one.change(epoch=9))
    vm.ok(SYSTEM, CRON, TICK)
    assert [epoch for epoch, _, _ in events_of(vm.one)] == [10, 11]
    assert state_of(vm).first_cron_epoch == 10
    assert vm.one.state(REWARD, RewardState).epoch == 10


@pytest.mark.parametrize("above", [3, 4])
def test_small_miners_count_while_there_are_few_large_ones(vm, above):
    vm.each(lambda one: put_power(one, miner_above_minimum_power_count=above))
    vm.ok(SYSTEM, CRON, TICK)
    state = state_of(vm)
    expected = state.total_raw_byte_power if above == 4 else state.total_bytes_committed
    assert state.this_epoch_raw_byte_power == expected
    assert state.current_total_power == (
        state.this_epoch_raw_byte_power,
        state.this_epoch_quality_adjusted_power,
    )


def test_a_tick_is_for_cron_alone(vm):
    assert vm.send(SYSTEM, POWER, ON_EPOCH_TICK_END).code == ExitCode.USR_FORBIDDEN
    refused = vm.send(CRON, POWER, ON_EPOCH_TICK_END, b"\x80")
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_tick_fails_with_the_reward_actor(vm):
    vm.each(lambda one: one.put_actor(REWARD, "reward"))
    assert vm.send(CRON, POWER, ON_EPOCH_TICK_END).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("account", ExitCode.USR_UNHANDLED_MESSAGE),
        ("placeholder", ExitCode.USR_ASSERTION_FAILED),
    ],
)
def test_a_tick_fails_without_an_answer_from_the_reward_actor(vm, name, code):
    vm.each(lambda one: one.put_actor(REWARD, name))
    assert vm.send(CRON, POWER, ON_EPOCH_TICK_END).code == code


def test_a_tick_fails_without_a_reward_actor(vm):
    vm.each(lambda one: one.actors.pop(REWARD))
    assert vm.send(CRON, POWER, ON_EPOCH_TICK_END).code == ExitCode.USR_UNSPECIFIED
