"""The system call that emits an event, in both forms."""

import struct
from dataclasses import replace

import pytest

from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import CBOR, DAG_CBOR, RAW
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.rules.gas_prices import ScalingCost
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.vm import gas_charges as charges
from papyrus.vm.events import EventLog

ACTOR = 1000
PAGE = 65_536


def emission(*entries, keys=None, values=None, count=None, world=None):
    """Return the call with its three buffers; an entry is flags, codec, key, value."""
    headers = b"".join(
        struct.pack("<QQII", flags, codec, len(key), len(value))
        for flags, codec, key, value in entries
    )
    key_bytes = b"".join(entry[2] for entry in entries) if keys is None else keys
    value_bytes = b"".join(entry[3] for entry in entries) if values is None else values
    if count is None:
        count = len(entries)
    return ("event.emit_event", world.at(headers), count, key_bytes, value_bytes)


def events_root(*events):
    """Return the root that a receipt commits to these entries by."""
    store = MemoryBlockstore()
    amt = Amt(store, bit_width=5, version=3)
    for place, entries in enumerate(events):
        stamped = StampedEvent(ACTOR, ActorEvent(tuple(EventEntry(*entry) for entry in entries)))
        amt.set(place, stamped.to_ipld())
    return amt.flush()


def test_an_event_is_stamped_kept_and_committed_to(new_world):
    first = [(3, RAW, "é".encode(), b"value"), (0, CBOR, b"k", b"")]
    outcome = new_world.run(emission(*first, world=new_world), emission(world=new_world))
    assert [step.errno for step in outcome.steps] == [0, 0]
    kept = [(3, "é", RAW, b"value"), (0, "k", CBOR, b"")]
    assert outcome.receipt.events_root == events_root(kept, [])
    assert [event.emitter for event in outcome.result.events] == [ACTOR, ACTOR]
    assert outcome.call.of_step(0) == [charges.on_actor_event(new_world.prices, 2, 3, 5)]


def test_a_message_without_events_has_no_root(world):
    outcome = world.run()
    assert outcome.receipt.events_root is None
    assert outcome.result.events == ()


@pytest.mark.parametrize(
    ("entries", "options", "errno"),
    [
        pytest.param([(0, RAW, b"", b"")] * 255, {}, 0, id="entries at the limit"),
        pytest.param([(0, RAW, b"", b"")] * 256, {}, E.LIMIT_EXCEEDED, id="entries"),
        pytest.param([(0, RAW, b"k" * 31, b"")], {}, 0, id="key at the limit"),
        pytest.param([(0, RAW, b"k" * 32, b"")], {}, E.LIMIT_EXCEEDED, id="key"),
        pytest.param([(0, RAW, b"k", b"v" * 8192)], {}, 0, id="value at the limit"),
        pytest.param([(0, RAW, b"", b"v" * 4097)] * 2, {}, E.LIMIT_EXCEEDED, id="values"),
        pytest.param(
            [(0, RAW, b"k", b"v" * 8193)], {"values": b"v"}, E.ILLEGAL_ARGUMENT, id="one value"
        ),
        pytest.param([(4, RAW, b"k", b"v")], {}, E.ILLEGAL_ARGUMENT, id="flags"),
        pytest.param([(1 << 63, RAW, b"k", b"v")], {}, E.ILLEGAL_ARGUMENT, id="high flag"),
        pytest.param([(0, DAG_CBOR, b"k", b"v")], {}, E.ILLEGAL_CODEC, id="codec"),
        pytest.param([(0, RAW, b"\xff", b"v")], {}, E.ILLEGAL_ARGUMENT, id="key no text"),
        pytest.param(
            [(0, RAW, "é".encode()[:1], b""), (0, RAW, "é".encode()[1:], b"")],
            {},
            E.ILLEGAL_ARGUMENT,
            id="key splits a character",
        ),
        pytest.param([(0, RAW, b"kk", b"v")], {"keys": b"k"}, E.ILLEGAL_ARGUMENT, id="short keys"),
        pytest.param([(0, RAW, b"k", b"v")], {"keys": b"kk"}, E.ILLEGAL_ARGUMENT, id="long keys"),
        pytest.param(
            [(0, RAW, b"k", b"vv")], {"values": b"v"}, E.ILLEGAL_ARGUMENT, id="short values"
        ),
        pytest.param(
            [(0, RAW, b"k", b"v")], {"values": b"vv"}, E.ILLEGAL_ARGUMENT, id="long values"
        ),
        pytest.param([(4, DAG_CBOR, b"k" * 32, b"v")], {}, E.ILLEGAL_ARGUMENT, id="flags first"),
        pytest.param([(0, DAG_CBOR, b"k" * 32, b"v")], {}, E.LIMIT_EXCEEDED, id="key then codec"),
        pytest.param(
            [(0, DAG_CBOR, b"k", b"v")], {"keys": b""}, E.ILLEGAL_ARGUMENT, id="range then codec"
        ),
        pytest.param(
            [(0, DAG_CBOR, b"k", b"v")], {"values": b""}, E.ILLEGAL_ARGUMENT, id="value then codec"
        ),
        pytest.param([(0, RAW, b"\xff" * 32, b"")], {}, E.ILLEGAL_ARGUMENT, id="text then key"),
    ],
)
def test_an_event_is_within_limits_and_its_buffers(new_world, entries, options, errno):
    outcome = new_world.run(emission(*entries, **options, world=new_world))
    assert outcome.steps[0].errno == errno
    assert [name for name, _, _ in outcome.call.of_step(0)] == ["OnActorEvent"]
    assert len(outcome.result.events) == (errno == 0)


@pytest.mark.parametrize(
    "arguments",
    [
        (PAGE - 23, 1, 0, 0, 0, 0),
        (0, 2**32 - 1, 0, 0, 0, 0),
        (0, 0, PAGE, 1, 0, 0),
        (0, 0, 0, 0, PAGE, 1),
    ],
)
def test_an_events_buffers_lie_in_memory(new_world, arguments):
    outcome = new_world.run(("event.emit_event", *arguments))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
    assert outcome.call.of_step(0) == []


def test_an_event_was_handed_in_as_cbor_before(old_world):
    entry = [3, "kéy", RAW, b"value"]
    encoded = encode([entry, [1, "", RAW, b""]])
    outcome = old_world.run(("event.emit_event", encoded))
    assert outcome.steps[0].errno == 0
    kept = [(3, "kéy", RAW, b"value"), (1, "", RAW, b"")]
    assert outcome.receipt.events_root == events_root(kept)
    assert outcome.call.of_step(0) == [
        charges.on_actor_event_validate(old_world.prices, len(encoded)),
        charges.on_actor_event_accept(old_world.prices, len(encoded), 3, 9),
    ]


def test_what_is_indexed_is_counted_for_a_price_that_may_be_set(make_world, old_world):
    indexing = replace(old_world.prices, event_accept_per_index=ScalingCost(1000, 10))
    world = make_world(replace(old_world.rules, prices=indexing))
    entries = [
        [1, "kéy", RAW, b"value"],
        [2, "k", RAW, b"val"],
        [3, "", RAW, b"v"],
        [0, "x", RAW, b""],
    ]
    encoded = encode(entries)
    outcome = world.run(("event.emit_event", encoded))
    expected = charges.on_actor_event_accept(indexing, len(encoded), 4, 4 + 3 + 1)
    assert outcome.call.of_step(0)[1] == expected
    free = charges.on_actor_event_accept(old_world.prices, len(encoded), 4, 8)
    assert charges.total(expected) - charges.total(free) == 4 * 1000 + 8 * 10


def test_an_encoded_event_is_read_as_leniently_as_the_reference_reads(old_world):
    loose = b"\x81\x84\x18\x01\x78\x01k\x18\x55\x41v"
    outcome = old_world.run(("event.emit_event", loose))
    assert outcome.steps[0].errno == 0
    assert outcome.receipt.events_root == events_root([(1, "k", RAW, b"v")])


@pytest.mark.parametrize(
    ("entries", "errno"),
    [
        pytest.param([[0, "", RAW, b""]] * 256, 0, id="entries at the limit"),
        pytest.param([[0, "", RAW, b""]] * 257, E.ILLEGAL_ARGUMENT, id="entries"),
        pytest.param([[0, "k" * 32, RAW, b""]], 0, id="key at the limit"),
        pytest.param([[0, "é" * 16 + "k", RAW, b""]], E.ILLEGAL_ARGUMENT, id="key"),
        pytest.param([[0, "k", RAW, b"v" * 8192]], 0, id="values at the limit"),
        pytest.param([[0, "k", RAW, b"v" * 4097]] * 2, E.ILLEGAL_ARGUMENT, id="values"),
        pytest.param([[0, "k", CBOR, b""]], E.ILLEGAL_CODEC, id="codec"),
        pytest.param([[0, "k" * 33, CBOR, b""]], E.ILLEGAL_ARGUMENT, id="key then codec"),
        pytest.param([[0, "k", RAW]], E.ILLEGAL_ARGUMENT, id="no event"),
        pytest.param(7, E.ILLEGAL_ARGUMENT, id="no list"),
    ],
)
def test_an_encoded_event_is_within_limits(old_world, entries, errno):
    outcome = old_world.run(("event.emit_event", encode(entries)))
    assert outcome.steps[0].errno == errno
    names = [name for name, _, _ in outcome.call.of_step(0)]
    assert names == ["OnActorEventValidate", "OnActorEventAccept"][: 1 if errno else 2]
    assert len(outcome.result.events) == (errno == 0)


@pytest.mark.parametrize(
    ("head", "flags"),
    [("190003", 3), ("1b0000000000000003", 3), ("190100", 256), ("1bffffffffffffffff", 2**64 - 1)],
)
def test_an_encoded_event_might_have_any_64_bits_of_flags(old_world, head, flags):
    encoded = bytes.fromhex(f"8184{head}616b18554176")
    outcome = old_world.run(("event.emit_event", encoded))
    assert outcome.steps[0].errno == 0
    (event,) = outcome.result.events
    assert event.event.entries[0].flags == flags


def test_an_encoded_event_over_a_mebibyte_is_not_even_read(old_world):
    outcome = old_world.run(
        ("event.emit_event", 100, (1 << 20) + 1), ("event.emit_event", PAGE * 17, 1), pages=17
    )
    assert [step.errno for step in outcome.steps] == [E.ILLEGAL_ARGUMENT, E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(0) == [
        charges.on_actor_event_validate(old_world.prices, (1 << 20) + 1)
    ]
    assert outcome.call.of_step(1) == []


def test_the_log_drops_the_events_of_a_reverted_transaction():
    log = EventLog()
    for emitter in (1, 2):
        log.begin()
        log.append(StampedEvent(emitter, ActorEvent(())))
    log.end(revert=True)
    log.end(revert=False)
    assert [event.emitter for event in log.events] == [1]
