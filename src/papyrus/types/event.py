"""Events: what an actor announces to those who watch the chain (FIP-0049).

An event is a list of entries, each a key and a value with a hint for indexers and the value's
codec. The machine stamps it with the actor's ID and keeps it in the AMT named by the receipt.
"""

from typing import Annotated

from papyrus.ipld.schema import U64, MaxLength
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple
from papyrus.types.limits import MAX_ARRAY_LENGTH, BoundedBytes

INDEXED_KEY = 0b01
INDEXED_VALUE = 0b10


@cbor_tuple
class EventEntry(Record):
    """One key and value of an event."""

    flags: U64
    """`INDEXED_KEY` and `INDEXED_VALUE`, which ask indexers to make the entry searchable.

    The machine of nv18 let actors set others too, so all 64 bits are read.
    """
    key: Annotated[str, MaxLength(MAX_ARRAY_LENGTH)]
    codec: U64
    """The multicodec of the value; raw bytes are 0x55."""
    value: BoundedBytes


@cbor_transparent
class ActorEvent(Record):
    """What an actor emits: entries and nothing else."""

    entries: Annotated[tuple[EventEntry, ...], MaxLength(MAX_ARRAY_LENGTH)]


@cbor_tuple
class StampedEvent(Record):
    """An event and the actor that emitted it."""

    emitter: U64
    """An actor ID."""
    event: ActorEvent
