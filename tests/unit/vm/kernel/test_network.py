"""System calls on the message and the network, on gas, and for debugging."""

from dataclasses import replace

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges

EPOCH = 5000
SENDER, ACTOR = 100, 1000
PAGE = 65_536


def errnos(outcome):
    return [step.errno for step in outcome.steps]


def wide(low, high):
    """Return 128 bits from two halves."""
    return high << 64 | low


def test_message_context_tells_who_calls_whom_with_what(world):
    value = 2**64 + 3
    outcome = world.run(("vm.message_context",), value=value, method=77)
    numbers = outcome.steps[0].unpack("10Q")
    assert numbers == (SENDER, 0, SENDER, ACTOR, 77, 3, 1, 10, 0, 0)
    assert outcome.call.of_step(0) == [charges.on_message_context(world.prices)]


@pytest.mark.parametrize(
    ("fee_cap", "premium", "seen"),
    [(1000, 10, 10), (105, 10, 5), (100, 10, 0), (90, 10, 0), (10**25, 10**22, 10**22)],
)
def test_the_premium_an_actor_sees_is_what_is_paid_above_the_base_fee(
    world, fee_cap, premium, seen
):
    made = world.program(("vm.message_context",))
    world.put_actor(ACTOR, made)
    message = world.message(gas_fee_cap=fee_cap, gas_premium=premium)
    outcome = world.apply(message, implicit=True)
    (step,) = made.read(outcome.receipt.return_data)
    *_, low, high, flags = step.unpack("10Q")
    assert (wide(low, high), flags) == (seen, 0)


def test_the_nonce_is_the_messages(world):
    world.put_actor(ACTOR, world.program(("vm.message_context",)))
    world.send()
    data = world.send().receipt.return_data
    assert int.from_bytes(data[12:20], "little") == 1


def test_network_context_tells_epoch_time_fee_and_numbers(world):
    world.context = replace(world.context, base_fee=TokenAmount(2**65), epoch=-1)
    world.put_actor(ACTOR, world.program(("network.context",)))
    outcome = world.apply(world.message(), implicit=True)
    made = world.program(("network.context",))
    (step,) = made.read(outcome.receipt.return_data)
    expected = (-1, 1_700_000_000, 0, 2, 314, world.rules.network_version)
    assert step.unpack("qQQQQI") == expected
    assert outcome.call.of_step(0) == [charges.on_network_context(world.prices)]


def test_a_base_fee_beyond_128_bits_is_fatal(world):
    world.context = replace(world.context, base_fee=TokenAmount(2**128))
    world.put_actor(ACTOR, world.program(("network.context",)))
    outcome = world.apply(world.message(), implicit=True)
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED


def test_the_largest_amount_has_128_bits(world):
    world.context = replace(world.context, circulating_supply=TokenAmount(2**128 - 1))
    outcome = world.run(("network.total_fil_circ_supply",))
    assert outcome.steps[0].number == 2**128 - 1
    assert outcome.call.of_step(0) == []


def test_tipset_cid_is_that_of_a_past_epoch(world):
    outcome = world.run(("network.tipset_cid", EPOCH - 1, world.buffer(38)))
    cid = world.externs.tipset_cid(EPOCH - 1)
    assert outcome.steps[0].errno == 0
    assert outcome.steps[0].number == len(cid)
    assert outcome.steps[0].buffers == (bytes(cid),)
    assert outcome.call.of_step(0) == [charges.on_tipset_cid(world.prices, 1)]
    assert cid == Cid.from_bytes(outcome.steps[0].buffers[0])


@pytest.mark.parametrize("epoch", [-1, EPOCH, EPOCH + 1, -(2**63), 2**63 - 1])
def test_tipset_cid_of_no_past_epoch_is_refused(world, epoch):
    outcome = world.run(("network.tipset_cid", epoch, world.buffer(38)))
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(0) == []


@pytest.mark.parametrize(("lookback", "old_errno"), [(899, 0), (900, 1), (EPOCH, 1)])
def test_tipset_cid_was_limited_to_finality(world, lookback, old_errno):
    outcome = world.run(("network.tipset_cid", EPOCH - lookback, world.buffer(38)))
    assert errnos(outcome) == [old_errno if world.rules.max_tipset_lookback else 0]
    if outcome.steps[0].errno == 0:
        assert outcome.call.of_step(0) == [charges.on_tipset_cid(world.prices, lookback)]


def test_tipset_cid_checks_its_buffer_first_and_its_size_last(world):
    outcome = world.run(
        ("network.tipset_cid", -1, PAGE, 1),
        ("network.tipset_cid", EPOCH - 1, PAGE, 1),
        ("network.tipset_cid", EPOCH - 1, world.buffer(37)),
    )
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT, E.ILLEGAL_ARGUMENT, E.BUFFER_TOO_SMALL]
    assert outcome.call.of_step(1) == []
    assert outcome.call.of_step(2) == [charges.on_tipset_cid(world.prices, 1)]


def test_gas_is_charged_whole_and_under_the_actors_own_name(world):
    outcome = world.run(
        ("gas.available",),
        ("gas.charge", "größer".encode(), 1234),
        ("gas.available",),
    )
    assert errnos(outcome) == [0, 0, 0]
    assert outcome.call.of_step(1) == [("größer", 1_234_000, 0)]
    before, after = outcome.steps[0].number, outcome.steps[2].number
    # The instructions are paid for ahead, at the first call; two calls at 14000 lie between.
    assert before - after == 1234 + 2 * 14_000


def test_available_gas_is_rounded_down(world):
    outcome = world.run(("gas.available",))
    log = outcome.call.log
    place = log.index(("OnSyscall", 14_000_000, 0))
    spent = sum(sum(entry[1:]) for entry in log[: place + 1])
    spent += sum(outcome.everything.charges[0][1:])
    left = world.message().gas_limit * 1000 - spent
    assert left % 1000
    assert outcome.steps[0].number == left // 1000


def test_a_charge_beyond_the_limit_runs_out_of_gas(world):
    limit = 30_000_000
    outcome = world.run(("gas.charge", b"all", 2**64 - 1), gas_limit=limit)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)


def test_a_charge_needs_a_name_that_is_text(world):
    outcome = world.run(("gas.charge", b"\xff", 1), ("gas.charge", PAGE, 1, 1))
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT, E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(0) == []


def test_debugging_is_off_and_looks_at_nothing(world):
    outcome = world.run(
        ("debug.enabled",),
        ("debug.log", b"hello"),
        ("debug.log", PAGE, 10),
        ("debug.store_artifact", b"../name", b"data"),
        ("debug.store_artifact", PAGE, 10, PAGE, 10),
    )
    assert errnos(outcome) == [0] * 5
    assert outcome.steps[0].unpack("i") == (-1,)
    assert all(outcome.call.of_step(place) == [] for place in range(5))
