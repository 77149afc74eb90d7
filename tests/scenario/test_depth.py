"""Calls within calls, down to the deepest."""

from dataclasses import replace

import pytest

from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode

ACTOR, OTHER = 1000, 1001
DEEPEST = 1024
SHALLOW = 20
MOST = 2**64 - 1


@pytest.fixture
def shallow(world, make_world):
    """Return a world where calls nest less, for what is the same at any depth."""
    return make_world(replace(world.rules, max_call_depth=SHALLOW))


def chain(trace):
    """Return a call and all calls within, each of which makes at most one."""
    calls = [trace]
    while calls[-1].subcalls:
        (inner,) = calls[-1].subcalls
        calls.append(inner)
    return calls


def call(to, gas_limit=MOST):
    return ("send.send", bytes(Address.from_id(to)), 2, 0, 0, 0, gas_limit, 0)


def test_calls_nest_to_1024_and_the_next_is_refused(world):
    outcome = world.run(call(ACTOR))
    calls = chain(outcome.trace)
    assert len(calls) == DEEPEST + 1
    assert [one.exit_code for one in calls] == [0] * DEEPEST + [ExitCode.SYS_ASSERTION_FAILED]
    assert calls[-1].invoked is None
    assert calls[-1].gas_charges == []
    made = world.program(call(ACTOR))
    (step,) = made.read(calls[DEEPEST - 1].returned.data)
    assert step.errno == E.LIMIT_EXCEEDED
    (step,) = made.read(calls[DEEPEST - 2].returned.data)
    assert step.errno == 0


def test_a_refused_call_leaves_the_caller_going_on(shallow):
    # Whoever is refused returns nothing; all above return what they were answered.
    body = """(drop (call $send.send (i32.const 8) (i32.const 0) (i32.const 3) (i64.const 2)
        (i32.const 0) (i64.const 0) (i64.const 0) (i64.const -1) (i64.const 0)))
        (i32.load (i32.const 12))"""
    data = bytes(Address.from_id(ACTOR))
    outcome = shallow.run_raw(body, "send.send", options={"data": data})
    assert (outcome.code, outcome.receipt.return_data) == (0, b"")
    assert len(chain(outcome.trace)) == SHALLOW + 1


def leaking(world, more=""):
    """Return an actor that calls itself without limit, and where refused once more with one."""
    data = bytes(Address.from_id(ACTOR))
    body = f"""(if (call $send.send (i32.const 8) (i32.const 0) (i32.const 3) (i64.const 2)
            (i32.const 0) (i64.const 0) (i64.const 0) (i64.const -1) (i64.const 0))
        (then (drop (call $send.send (i32.const 8) (i32.const 0) (i32.const 3) (i64.const 2)
            (i32.const 0) (i64.const 0) (i64.const 0) (i64.const 100000000) (i64.const 0)))
        {more}))
        (drop (call $debug.enabled (i32.const 200)))
        i32.const 0"""
    calls = ["send.send", "debug.enabled", *(["gas.charge"] if more else [])]
    return world.raw(body, *calls, data=data)


def spent_after_the_last_call(call):
    """Return the milligas charged after the call that was refused last."""
    after = 0
    for entry in reversed(call.log):
        if hasattr(entry, "log"):
            return after + spent_after_the_last_call(entry)
        after += entry[1] + entry[2]
    return after


def test_a_call_refused_for_its_depth_left_its_gas_limit_in_force(shallow):
    shallow.put_actor(ACTOR, leaking(shallow))
    outcome = shallow.apply(shallow.message(), counted=False)
    assert outcome.code == 0
    used = outcome.everything.total
    if shallow.rules.depth_limit_keeps_gas_limit:
        # What was used before the limit is forgotten with the account that held it.
        used = spent_after_the_last_call(outcome.call)
        assert 0 < used < outcome.everything.total
    assert outcome.receipt.gas_used == -(-used // 1000)


@pytest.mark.parametrize(("gas", "runs_out"), [(99_000_000, False), (100_000_001, True)])
def test_the_limit_left_in_force_binds_whoever_comes_next(shallow, gas, runs_out):
    more = f"(drop (call $gas.charge (i32.const 0) (i32.const 0) (i64.const {gas})))"
    shallow.put_actor(ACTOR, leaking(shallow, more))
    outcome = shallow.apply(shallow.message(), counted=False)
    old = shallow.rules.depth_limit_keeps_gas_limit
    assert outcome.code == (ExitCode.SYS_OUT_OF_GAS if old and runs_out else 0)
    if old and runs_out:
        assert outcome.receipt.gas_used == 100_000_000


def test_what_breaks_deep_down_breaks_the_message(world):
    world.put_actor(OTHER, world.raw("i32.const 0", memory=""))
    outcome = world.run(call(OTHER, gas_limit=5_000_000))
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.receipt.gas_used == world.message().gas_limit
    codes = [one.exit_code for one in chain(outcome.trace)]
    assert codes == [ExitCode.SYS_ASSERTION_FAILED] * 2
    assert "exports no memory" in outcome.result.failure


@pytest.mark.parametrize("levels", [1, 2, 30])
def test_running_out_deep_down_passes_every_call_without_its_own_limit(world, levels):
    world.put_actor(ACTOR + levels, world.raw("(loop $again (br $again)) unreachable"))
    for level in range(1, levels):
        world.put_actor(ACTOR + level, world.program(call(ACTOR + level + 1)))
    outcome = world.run(call(ACTOR + 1, gas_limit=300_000_000))
    step = outcome.steps[0]
    assert (step.errno, step.unpack("IIQI")) == (0, (ExitCode.SYS_OUT_OF_GAS, 0, 0, 0))
    codes = [one.exit_code for one in chain(outcome.trace)]
    assert codes == [0] + [ExitCode.SYS_OUT_OF_GAS] * levels
