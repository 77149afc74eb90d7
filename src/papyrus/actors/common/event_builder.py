"""Events of the built-in actors: a type and named values, each encoded on its own (FIP-0083)."""

from typing import Any

from papyrus.ipld.cid import CBOR
from papyrus.types.event import INDEXED_KEY, INDEXED_VALUE, EventEntry
from papyrus.vm.payloads import encoded

TYPE_KEY = "$type"


def event_type(name: str) -> EventEntry:
    """Return the entry that says what happened."""
    return indexed(TYPE_KEY, str, name)


def indexed(name: str, kind: Any, value: Any) -> EventEntry:
    """Return an entry that events can be searched by, its value of a kind (`U64` and the like)."""
    return EventEntry(INDEXED_KEY | INDEXED_VALUE, name, CBOR, encoded(kind, value))


def plain(name: str, kind: Any, value: Any) -> EventEntry:
    """Return an entry whose name alone is indexed."""
    return EventEntry(INDEXED_KEY, name, CBOR, encoded(kind, value))
