"""Events."""

import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent


def test_stamped_event_is_the_emitter_and_the_bare_entries():
    event = StampedEvent(7, ActorEvent((EventEntry(3, "k", 0x55, b"v"),)))
    assert event.to_cbor() == bytes.fromhex("8207818403616b18554176")
    assert StampedEvent.from_cbor(event.to_cbor()) == event


@pytest.mark.parametrize("flags", [256, 2**64 - 1])
def test_flags_have_64_bits(flags):
    entry = EventEntry(flags, "k", 0x55, b"")
    assert EventEntry.from_cbor(entry.to_cbor()) == entry


@pytest.mark.parametrize("flags", [-1, 2**64])
def test_flags_beyond_64_bits_are_refused(flags):
    with pytest.raises(DecodeError, match="flags"):
        EventEntry.from_ipld([flags, "k", 0x55, b""])
