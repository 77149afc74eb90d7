"""System calls on actors."""

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.actor import EMPTY_STATE, ActorState
from papyrus.vm import gas_charges as charges

INIT, SENDER, ACTOR, OTHER = 1, 100, 1000, 1001
PAGE = 65_536
KEY = Address.bls(b"\x07" * 48)
F410 = Address.from_ethereum(b"\x11" * 20)


def errnos(outcome):
    return [step.errno for step in outcome.steps]


def names(outcome, step):
    return [name for name, _, _ in outcome.call.of_step(step)]


def test_resolve_charges_for_an_address_until_it_is_known(world):
    world.addresses[KEY] = OTHER
    outcome = world.run(
        ("actor.resolve_address", bytes(KEY)),
        ("actor.resolve_address", bytes(KEY)),
        ("actor.resolve_address", bytes(Address.from_id(5555))),
    )
    assert errnos(outcome) == [0, 0, 0]
    assert [step.number for step in outcome.steps] == [OTHER, OTHER, 5555]
    own = [charges.on_resolve_address()]
    assert [outcome.call.of_step(step) for step in range(3)] == [own * 2, own, own]


def test_resolve_of_the_messages_own_addresses_is_paid_for(world):
    outcome = world.run(("actor.resolve_address", bytes(world.message().sender)))
    assert outcome.steps[0].number == SENDER
    assert outcome.call.of_step(0) == [charges.on_resolve_address()]


def test_resolve_of_an_unknown_address_finds_nothing_and_is_charged_each_time(world):
    step = ("actor.resolve_address", bytes(KEY))
    outcome = world.run(step, step)
    assert errnos(outcome) == [E.NOT_FOUND, E.NOT_FOUND]
    own = [charges.on_resolve_address()]
    assert outcome.call.of_step(0) == outcome.call.of_step(1) == own * 2


@pytest.mark.parametrize("address", [b"", b"\x00", b"\x01short", b"\x05" + bytes(20)])
def test_resolve_refuses_what_is_no_address(world, address):
    outcome = world.run(("actor.resolve_address", address))
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(0) == []


def test_resolve_refuses_a_buffer_outside_of_memory(world):
    assert errnos(world.run(("actor.resolve_address", PAGE - 1, 2))) == [E.ILLEGAL_ARGUMENT]


def test_a_first_lookup_is_charged_and_later_ones_are_free(world):
    world.put_actor(OTHER, "tester", balance=9, delegated=F410)
    outcome = world.run(
        ("actor.balance_of", OTHER),
        ("actor.get_actor_code_cid", OTHER, world.buffer(60)),
        ("actor.lookup_delegated_address", OTHER, world.buffer(60)),
    )
    assert errnos(outcome) == [0, 0, 0]
    code = world.codes["tester"]
    assert outcome.steps[0].number == 9
    assert outcome.steps[1].number == len(code)
    assert outcome.steps[1].buffers[0][: len(code)] == code
    assert outcome.steps[2].number == len(F410)
    assert outcome.steps[2].buffers[0][: len(F410)] == F410
    assert outcome.call.of_step(0) == [
        charges.on_balance_of(),
        charges.on_actor_lookup(world.prices),
    ]
    assert outcome.call.of_step(1) == [charges.on_get_actor_code_cid()]
    assert outcome.call.of_step(2) == [charges.on_lookup_delegated_address()]


@pytest.mark.parametrize("preloaded", [0, 1, 2, 10, 99, SENDER, ACTOR])
def test_some_actors_are_looked_up_for_free(world, preloaded):
    outcome = world.run(("actor.balance_of", preloaded))
    assert outcome.call.of_step(0) == [charges.on_balance_of()]


def test_what_is_asked_of_an_actor_that_does_not_exist_is_not_found(world):
    outcome = world.run(
        ("actor.balance_of", 5555),
        ("actor.get_actor_code_cid", 5555, world.buffer(60)),
        ("actor.lookup_delegated_address", 5555, world.buffer(60)),
        ("actor.balance_of", 5556),
    )
    assert errnos(outcome) == [E.NOT_FOUND] * 4
    assert names(outcome, 0) == ["OnBalanceOf", "OnActorLookup"]
    assert names(outcome, 1) == ["OnGetActorCodeCid"]
    assert names(outcome, 3) == ["OnBalanceOf", "OnActorLookup"]


def test_buffers_are_checked_before_actors_and_sizes_after(world):
    world.put_actor(OTHER, "tester", delegated=F410)
    outcome = world.run(
        ("actor.get_actor_code_cid", 5555, PAGE, 1),
        ("actor.lookup_delegated_address", 5555, PAGE, 1),
        ("actor.get_code_cid_for_type", 99, PAGE, 1),
        ("actor.get_actor_code_cid", OTHER, world.buffer(37)),
        ("actor.lookup_delegated_address", OTHER, world.buffer(21)),
        ("actor.get_code_cid_for_type", 1, world.buffer(37)),
    )
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT] * 3 + [E.BUFFER_TOO_SMALL] * 3
    assert all(outcome.call.of_step(place) == [] for place in range(3))
    assert [step.buffers for step in outcome.steps[3:]] == [
        (bytes(37),),
        (bytes(21),),
        (bytes(37),),
    ]


def test_an_actor_without_delegated_address_gives_none_whatever_the_buffer(world):
    outcome = world.run(("actor.lookup_delegated_address", SENDER, world.buffer(0)))
    assert (outcome.steps[0].errno, outcome.steps[0].number) == (0, 0)


def test_the_next_address_follows_from_sender_nonce_and_count(world):
    world.put_actor(ACTOR, "tester")
    world.send()
    sender = world.message().sender
    made = world.program(
        ("actor.next_actor_address", world.buffer(30)),
        ("actor.next_actor_address", world.buffer(21)),
        ("actor.next_actor_address", world.buffer(20)),
        ("actor.next_actor_address", PAGE - 10, 21),
        ("actor.next_actor_address", PAGE - 10, 11),
    )
    world.put_actor(ACTOR, made)
    world.put_actor(SENDER, "account", balance=10**24, nonce=3)
    outcome = world.send(nonce=3)
    steps = made.read(outcome.receipt.return_data)
    expected = Address.actor(encode(bytes(sender)) + (3).to_bytes(8, "big") + bytes(8))
    assert [step.errno for step in steps] == [
        0,
        0,
        E.BUFFER_TOO_SMALL,
        E.ILLEGAL_ARGUMENT,
        E.ILLEGAL_ARGUMENT,
    ]
    assert [step.number for step in steps[:2]] == [21, 21]
    assert steps[0].buffers[0] == expected + bytes(9)
    assert steps[1].buffers[0] == expected


def test_only_the_init_actor_creates_actors(world):
    step = ("actor.create_actor", OTHER, world.at(world.codes["tester"]), b"")
    outcome = world.run(step)
    assert errnos(outcome) == [E.FORBIDDEN]
    assert outcome.actor(OTHER) is None
    outcome = world.run(step, at=INIT)
    assert errnos(outcome) == [0]
    assert outcome.actor(OTHER) == ActorState(world.codes["tester"], EMPTY_STATE, 0, 0, None)
    prices = world.prices
    assert outcome.call.of_step(0) == [
        charges.on_actor_lookup(prices),
        charges.on_create_actor(prices, new_address=False),
        charges.on_actor_update(prices),
    ]


def test_a_created_actor_keeps_its_delegated_address_and_changes_the_next(world):
    before = ("actor.next_actor_address", world.buffer(21))
    step = ("actor.create_actor", OTHER, world.at(world.codes["tester"]), bytes(F410))
    outcome = world.run(before, step, before, at=INIT)
    assert errnos(outcome) == [0, 0, 0]
    assert outcome.actor(OTHER).delegated_address == F410
    seed = encode(bytes(world.message().sender)) + bytes(8)
    assert outcome.steps[0].buffers[0] == Address.actor(seed + bytes(8))
    assert outcome.steps[2].buffers[0] == Address.actor(seed + (1).to_bytes(8, "big"))


def test_a_placeholder_becomes_the_actor_of_the_same_address(world):
    code = world.codes["tester"]
    other = Address.from_ethereum(b"\x12" * 20)
    head = world.put(b"\x05")
    world.put_actor(OTHER, "placeholder", head=head, balance=5, nonce=6, delegated=F410)
    outcome = world.run(
        ("actor.create_actor", OTHER, world.at(code), b""),
        ("actor.create_actor", OTHER, world.at(code), bytes(other)),
        ("actor.create_actor", OTHER, world.at(code), bytes(F410)),
        ("actor.create_actor", OTHER, world.at(code), bytes(F410)),
        at=INIT,
    )
    assert errnos(outcome) == [E.FORBIDDEN, E.FORBIDDEN, 0, E.FORBIDDEN]
    assert outcome.actor(OTHER) == ActorState(code, head, 6, 5, F410)
    assert names(outcome, 0) == ["OnActorLookup"]
    assert names(outcome, 2) == ["OnActorUpdate"]


def test_no_placeholder_is_created_and_nothing_that_exists_replaced(world):
    outcome = world.run(
        ("actor.create_actor", OTHER, world.at(world.codes["placeholder"]), b""),
        ("actor.create_actor", SENDER, world.at(world.codes["tester"]), b""),
        at=INIT,
    )
    assert errnos(outcome) == [E.FORBIDDEN, E.FORBIDDEN]
    assert names(outcome, 0) == []
    assert outcome.actor(SENDER).code == world.codes["account"]


def test_a_placeholder_without_address_breaks_an_invariant(world):
    world.put_actor(OTHER, "placeholder")
    outcome = world.run(
        ("actor.create_actor", OTHER, world.at(world.codes["tester"]), b""), at=INIT
    )
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.receipt.gas_used == world.message().gas_limit


def test_create_reads_code_then_address_then_looks_who_asks(world):
    code = world.at(world.codes["tester"])
    outcome = world.run(
        ("actor.create_actor", OTHER, PAGE, b""),
        ("actor.create_actor", OTHER, code, b"\x09"),
        ("actor.create_actor", OTHER, code, PAGE, 0),
    )
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT, E.ILLEGAL_ARGUMENT, E.FORBIDDEN]


def test_types_count_from_one_in_the_manifests_order(world):
    unknown = Cid.of(b"no code", RAW)
    outcome = world.run(
        *(("actor.get_builtin_actor_type", world.at(code)) for code in world.codes.values()),
        ("actor.get_builtin_actor_type", world.at(unknown)),
        ("actor.get_builtin_actor_type", PAGE),
    )
    count = len(world.codes)
    assert [step.number for step in outcome.steps[:-1]] == [*range(1, count + 1), 0]
    assert errnos(outcome) == [0] * (count + 1) + [E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(0) == [charges.on_get_builtin_actor_type(world.prices)]


def test_code_of_a_type_is_found_by_its_place(world):
    count = len(world.codes)
    numbers = (1, count, 0, count + 1, 2**32 - 1)
    outcome = world.run(
        *(("actor.get_code_cid_for_type", number, world.buffer(38)) for number in numbers)
    )
    assert errnos(outcome) == [0, 0] + [E.ILLEGAL_ARGUMENT] * 3
    codes = list(world.codes.values())
    assert [step.buffers[0] for step in outcome.steps[:2]] == [codes[0], codes[-1]]
    assert outcome.steps[0].number == 38
    assert outcome.call.of_step(2) == [charges.on_get_code_cid_for_type(world.prices)]
