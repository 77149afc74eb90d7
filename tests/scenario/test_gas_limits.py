"""Whatever the gas limit, a message does all of it or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges
from papyrus.vm.gas import round_up

ACTOR, OTHER = 1000, 1001
KEY = Address.bls(b"\x07" * 48)
MOST = 2**64 - 1


def send(to, method=2, value=0, gas_limit=MOST, params=0):
    address = bytes(Address.from_id(to) if isinstance(to, int) else to)
    return ("send.send", address, method, params, 0, value, gas_limit, 0)


def event(world):
    if world.prices.tracks_links:
        return ("event.emit_event", 0, 0, 0, 0, 0, 0)
    return ("event.emit_event", b"\x80")


def busy(world, gas_limit=MOST):
    """Put actors that touch state, events, balances and each other."""
    write = (
        ("ipld.block_create", 0x71, b"\x07"),
        ("ipld.block_link", world.got(0), 0xB220, 32, world.buffer(38)),
    )
    inner = world.program(*write, event(world), send(KEY, method=0, value=1))
    world.put_actor(OTHER, inner, balance=9)
    outer = world.program(
        *write, event(world), send(OTHER, value=2, gas_limit=gas_limit, params=world.got(0))
    )
    world.put_actor(ACTOR, outer, balance=5)
    return outer


@given(data=st.data())
@pytest.mark.parametrize("nv", [18, 21, 28])
def test_a_message_gets_the_whole_receipt_or_runs_out(make_world, rules_by_version, nv, data):
    world = make_world(rules_by_version(nv))
    busy(world)
    whole = world.send()
    assert whole.code == 0
    needed = whole.receipt.gas_used
    included = round_up(charges.total(charges.on_chain_message(world.prices, 200)))
    close = st.integers(needed - 3, needed + 3)
    limit = data.draw(st.one_of(st.integers(included - 2, 2 * needed), close))
    busy(world)
    outcome = world.send(gas_limit=limit)
    if limit >= needed:
        assert outcome.receipt == whole.receipt
        assert outcome.result.events == whole.result.events
        return
    assert outcome.code == ExitCode.SYS_OUT_OF_GAS
    assert (outcome.receipt.return_data, outcome.receipt.events_root) == (b"", None)
    assert outcome.receipt.gas_used == (limit if limit >= included else 0)
    if limit < included:
        assert outcome.root == world.genesis()
        return
    before = world.states
    for actor_id in (1, ACTOR, OTHER):
        assert outcome.actor(actor_id) == before[actor_id]


@given(data=st.data())
@pytest.mark.parametrize("nv", [18, 28])
def test_a_limited_call_does_its_whole_or_costs_its_limit(make_world, rules_by_version, nv, data):
    world = make_world(rules_by_version(nv))
    made = busy(world)
    whole = world.send()
    used = whole.call.calls[0].total
    limit = data.draw(
        st.one_of(st.integers(0, used // 500), st.integers(used // 1000 - 2, used // 1000 + 2))
    )
    made = busy(world, gas_limit=limit)
    outcome = world.send()
    assert outcome.code == 0
    answer = made.read(outcome.receipt.return_data)[3].unpack("IIQI")
    sub = outcome.call.calls[0]
    if limit * 1000 >= used:
        assert answer[0] == 0
        assert outcome.receipt.gas_used == whole.receipt.gas_used
        assert outcome.balance(OTHER) == 10
        assert len(outcome.result.events) == 2
        return
    assert answer == (ExitCode.SYS_OUT_OF_GAS, 0, 0, 0)
    assert sub.total == limit * 1000
    assert outcome.receipt.gas_used == -(-(whole.everything.total - used + limit * 1000) // 1000)
    assert outcome.balance(OTHER) == 9
    assert outcome.tree.resolve(KEY) is None
    assert len(outcome.result.events) == 1
