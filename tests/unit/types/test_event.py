"""Events."""

import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent


def test_stamped_event_is_the_emitter_and_the_bare_entries():
    event = StampedEvent(7, ActorEvent((EventEntry(3, "k", 0x55, b"v"),)))
    assert event.to_cbor() == bytes.fromhex("8207818403616b18554176")
    assert StampedEvent.from_cbor(event.to_cbor()) == event


def test_flags_over_a_byte_are_refused():
    with pytest.raises(DecodeError, match="flags"):
        EventEntry.from_ipld([256, "k", 0x55, b""])
