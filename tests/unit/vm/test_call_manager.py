"""What lasts for a whole message: accesses paid for, gas limits, depth, what is undone."""

import pytest

from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges

SENDER, ACTOR, OTHER, THIRD = 100, 1000, 1001, 1002
FIRST_NEW = 2000
ALL = 2**64 - 1
KEY = Address.bls(b"\x07" * 48)
FAIL = "i32.const 16\ni32.const 0\ni32.const 0\ni32.const 0\ncall $vm.exit\nunreachable"


def call(to=OTHER, method=2, value=0, gas_limit=ALL, flags=0):
    """Return the system call that calls another actor."""
    address = bytes(Address.from_id(to) if isinstance(to, int) else to)
    return ("send.send", address, method, 0, 0, value, gas_limit, flags)


def names(entries):
    return [name for name, _, _ in entries]


def test_an_actor_is_looked_up_and_updated_once_a_message(world):
    world.put_actor(OTHER, "tester")
    outcome = world.run(
        call(method=0, value=1),
        call(method=0, value=1),
        ("actor.balance_of", OTHER),
        balance=10,
    )
    first, second = outcome.call.calls
    assert names(first.charges) == [
        "OnActorLookup",
        "OnValueTransfer",
        "OnActorUpdate",
        "OnActorUpdate",
    ]
    assert names(second.charges) == ["OnValueTransfer"]
    assert names(outcome.call.of_step(2)) == ["OnBalanceOf"]


def test_accesses_of_a_failed_call_are_charged_again(world):
    world.addresses[KEY] = THIRD
    world.put_actor(THIRD, "tester")
    touching = (call(THIRD, method=0, value=1), ("actor.resolve_address", bytes(KEY)))
    world.put_actor(OTHER, world.program(*touching, ending=FAIL), balance=5)
    outcome = world.run(call(), *touching, call(), balance=10)
    first, second, third = outcome.call.calls
    looked_up = ["OnActorLookup", "OnValueTransfer", "OnActorUpdate", "OnActorUpdate"]
    assert names(first.calls[0].charges) == looked_up
    # What a failed call did is forgotten, the lookup of its own actor too.
    assert names(second.charges) == looked_up
    assert names(outcome.call.of_step(2)) == ["OnResolveAddress"] * 2
    assert names(third.charges)[0] == "OnActorLookup"
    # The caller's own accesses stand while it calls again.
    assert names(third.calls[0].charges) == ["OnValueTransfer", "OnActorUpdate"]
    assert names(third.of_step(1)) == ["OnResolveAddress"]
    assert outcome.balance(THIRD) == 1


def test_preloaded_actors_and_the_sender_are_free(world):
    outcome = world.run(
        call(99, method=0, value=1), call(SENDER, method=0, value=1), call(10), balance=10
    )
    burnt, sender, eam = outcome.call.calls
    assert names(burnt.charges) == ["OnValueTransfer", "OnActorUpdate"]
    assert names(sender.charges) == ["OnValueTransfer"]
    assert names(eam.charges)[0] == "OnMethodInvocation"


def test_the_receiver_was_looked_up_but_not_updated(world):
    head = world.put(b"\x01")
    outcome = world.run(
        ("self.root", world.buffer(38)), ("self.set_root", world.at(head)), head=head
    )
    assert outcome.call.of_step(1)[-1] == charges.on_actor_update(world.prices)
    assert "OnActorLookup" not in outcome.call.names


def test_what_a_failed_call_did_is_undone_with_all_it_called(world):
    fvm4 = world.prices.tracks_links
    head = world.put(b"\x01")
    event = ("event.emit_event", 0, 0, 0, 0, 0, 0) if fvm4 else ("event.emit_event", b"\x80")
    root = ("self.root", world.buffer(38))
    changing = (root, ("self.set_root", world.at(head)), event)
    world.put_actor(THIRD, world.program(*changing), head=head)
    world.put_actor(
        OTHER,
        world.program(call(THIRD), call(KEY, method=0, value=2), event, ending=FAIL),
        balance=5,
    )
    outcome = world.run(
        event, call(value=3), event, ("actor.resolve_address", bytes(KEY)), balance=9
    )
    assert [step.errno for step in outcome.steps] == [0, 0, 0, E.NOT_FOUND]
    assert [one.emitter for one in outcome.result.events] == [ACTOR, ACTOR]
    assert (outcome.balance(ACTOR), outcome.balance(OTHER)) == (9, 5)
    assert outcome.actor(FIRST_NEW) is None
    assert outcome.tree.resolve(KEY) is None


def test_a_call_that_could_not_be_made_is_undone_too(world):
    # The account is made, and then there is not the value to move.
    outcome = world.run(call(KEY, method=0, value=11), balance=10)
    assert outcome.steps[0].errno == E.INSUFFICIENT_FUNDS
    assert outcome.tree.resolve(KEY) is None
    assert outcome.actor(FIRST_NEW) is None


def test_addresses_of_created_actors_count_up_over_failed_calls(world):
    code = world.at(world.codes["tester"])
    create = ("actor.create_actor", OTHER, code, b"")
    made = world.program(create, ending=FAIL)
    world.put_actor(1, made)
    address = ("actor.next_actor_address", world.buffer(21))
    outcome = world.run(address, call(1), address)
    # The count is never taken back, so that no address is given twice.
    first, _, second = outcome.steps
    assert first.buffers != second.buffers
    assert outcome.actor(OTHER) is None


def test_the_constructors_failure_leaves_the_account(world):
    # It exits with 16; only the message's own call counts for the outcome.
    world.codes["account"] = world.install(world.program(ending=FAIL))
    manifest = [[name, world.codes[name]] for name in world.codes]
    system = world.put(encode([world.put(encode(manifest))]))
    world.put_actor(0, "system", head=system)
    world.put_actor(SENDER, "account", balance=10**24)
    outcome = world.send(KEY, method=0, value=1)
    assert outcome.code == 0
    assert outcome.balance(FIRST_NEW) == 1


def test_a_constructor_without_gas_fails_the_message(world):
    outcome = world.send(KEY, method=0, gas_limit=3_700_000)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, 3_700_000)
    assert outcome.tree.resolve(KEY) is None


@pytest.mark.parametrize("nested", [True, False])
def test_returns_are_paid_by_the_byte_to_the_chain_and_by_the_link_to_actors(world, nested):
    world.put_actor(OTHER, world.program(("gas.available",)))
    if nested:
        outcome = world.run(call())
        sub = outcome.call.calls[0]
        expected = [charges.on_return_value(world.prices, 0)] if world.prices.tracks_links else []
        assert [entry for entry in sub.charges if "Return" in entry[0]] == expected
    else:
        outcome = world.send(OTHER)
        length = len(outcome.receipt.return_data)
        assert length == 12
        assert outcome.call.charges[-1] == charges.on_chain_return_value(world.prices, length)


def test_a_return_that_cannot_be_paid_runs_out_of_gas(world):
    world.put_actor(OTHER, world.program(("gas.available",)))
    used = world.send(OTHER).receipt.gas_used
    world.put_actor(OTHER, world.program(("gas.available",)))
    outcome = world.send(OTHER, gas_limit=used - 1)
    assert (outcome.code, outcome.receipt.return_data) == (ExitCode.SYS_OUT_OF_GAS, b"")
    assert outcome.receipt.gas_used == used - 1
    world.put_actor(OTHER, world.program(("gas.available",)))
    assert world.send(OTHER, gas_limit=used).code == 0
