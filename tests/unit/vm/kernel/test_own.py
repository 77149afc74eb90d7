"""System calls of an actor on itself."""

import pytest

from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges

FIL = 10**18
SENDER, ACTOR, OTHER, BURNT = 100, 1000, 1001, 99
PAGE = 65_536


def errnos(outcome):
    return [step.errno for step in outcome.steps]


def names(outcome, step):
    return [name for name, _, _ in outcome.call.of_step(step)]


def end(world, *, burn=False, heir=OTHER):
    """Return the call that deletes the actor, in the form of the kernel."""
    if world.prices.tracks_links:
        return ("self.self_destruct", int(burn))
    return ("self.self_destruct", bytes(Address.from_id(heir)))


def test_root_is_written_where_it_fits(world):
    head = world.put(b"\x05")
    outcome = world.run(
        ("self.root", world.buffer(38)),
        ("self.root", world.buffer(37)),
        ("self.root", PAGE - 37, 38),
        head=head,
    )
    assert errnos(outcome) == [0, E.BUFFER_TOO_SMALL, E.ILLEGAL_ARGUMENT]
    assert outcome.steps[0].number == 38
    assert [step.buffers for step in outcome.steps] == [(head,), (bytes(37),), ()]
    got = [charges.on_get_root(world.prices)] if world.prices.tracks_links else []
    assert [outcome.call.of_step(place) for place in range(3)] == [got, got, []]


def test_set_root_updates_the_actor_and_pays_for_that_once(world):
    head = world.put(b"\x05")
    steps = [("self.root", world.buffer(38)), ("self.set_root", world.at(head))] * 2
    outcome = world.run(*steps, head=head)
    assert errnos(outcome) == [0] * 4
    own = [charges.on_set_root(world.prices)] if world.prices.tracks_links else []
    assert outcome.call.of_step(1) == [*own, charges.on_actor_update(world.prices)]
    assert outcome.call.of_step(3) == own


def test_set_root_needs_a_reachable_cid(new_world):
    head, other = new_world.put(b"\x05"), new_world.put(b"\x06")
    outcome = new_world.run(("self.set_root", new_world.at(other)), head=head)
    assert errnos(outcome) == [E.NOT_FOUND]
    assert outcome.call.of_step(0) == [charges.on_set_root(new_world.prices)]
    assert outcome.actor(ACTOR).head == head


def test_set_root_took_any_cid_before_links_were_tracked(old_world):
    other = old_world.put(b"\x06")
    outcome = old_world.run(("self.set_root", old_world.at(other)))
    assert outcome.actor(ACTOR).head == other


def test_set_root_refuses_what_is_no_cid(world):
    outcome = world.run(("self.set_root", world.at(b"\x09")))
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(0) == []


def test_current_balance_includes_what_the_message_brings(world):
    outcome = world.run(("self.current_balance",), balance=2**64, value=5)
    assert outcome.steps[0].number == 2**64 + 5
    assert outcome.call.of_step(0) == [charges.on_self_balance()]


def test_a_deleted_actor_has_no_root_and_no_balance(world):
    head = world.put(b"\x05")
    outcome = world.run(
        ("self.root", world.buffer(38)),
        end(world),
        ("self.root", world.buffer(38)),
        ("self.set_root", world.at(head)),
        ("self.current_balance",),
        end(world),
        head=head,
    )
    assert errnos(outcome) == [0, 0, E.ILLEGAL_OPERATION, E.ILLEGAL_OPERATION, 0, 0]
    assert outcome.steps[4].number == 0
    assert outcome.actor(ACTOR) is None
    assert names(outcome, 1) == ["OnDeleteActor", "OnSelfBalance", "OnActorUpdate"]
    assert names(outcome, 5) == ["OnDeleteActor", "OnSelfBalance"]


def test_what_a_deleted_actor_held_is_burnt_if_it_says_so(new_world):
    outcome = new_world.run(
        ("self.self_destruct", 0),
        ("self.current_balance",),
        ("self.self_destruct", 2),
        balance=FIL,
    )
    assert errnos(outcome) == [E.ILLEGAL_OPERATION, 0, 0]
    assert outcome.steps[1].number == FIL
    assert outcome.actor(ACTOR) is None
    fees = outcome.result.base_fee_burn + outcome.result.over_estimation_burn
    assert outcome.balance(BURNT) == FIL + fees


def test_burning_without_a_burnt_funds_actor_is_fatal(new_world):
    del new_world.states[BURNT]
    made = new_world.program(("self.self_destruct", 1))
    new_world.put_actor(ACTOR, made, balance=FIL)
    outcome = new_world.apply(new_world.message(), implicit=True)
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.receipt.gas_used == new_world.message().gas_limit
    assert outcome.balance(ACTOR) == FIL
    assert "burning the rest of f01000 failed" in outcome.result.failure


def test_a_deleted_actor_left_its_balance_to_a_beneficiary(old_world):
    old_world.put_actor(OTHER, "tester", balance=1)
    outcome = old_world.run(end(old_world), balance=FIL)
    assert errnos(outcome) == [0]
    assert outcome.actor(ACTOR) is None
    assert outcome.balance(OTHER) == FIL + 1
    assert names(outcome, 0) == [
        "OnDeleteActor",
        "OnSelfBalance",
        "OnResolveAddress",
        "OnActorLookup",
        "OnActorUpdate",
        "OnActorUpdate",
    ]


@pytest.mark.parametrize(
    ("heir", "errno"),
    [
        (Address.from_id(ACTOR), E.FORBIDDEN),
        (Address.from_id(5555), E.NOT_FOUND),
        (Address.actor(b"nobody"), E.NOT_FOUND),
        (b"\x00", E.ILLEGAL_ARGUMENT),
    ],
)
def test_a_beneficiary_must_be_another_actor_that_exists(old_world, heir, errno):
    outcome = old_world.run(("self.self_destruct", bytes(heir)), balance=FIL)
    assert errnos(outcome) == [errno]
    assert outcome.balance(ACTOR) == FIL


def test_a_beneficiary_is_looked_at_only_where_there_is_something_to_leave(old_world):
    outcome = old_world.run(("self.self_destruct", bytes(Address.actor(b"nobody"))))
    assert errnos(outcome) == [0]
    assert outcome.actor(ACTOR) is None
