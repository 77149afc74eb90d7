"""Finding events in the chain index (FIP-0049; the filters of Lotus' event methods).

A filter asks for heights or one tipset, emitters, one message, and values of fields. An event
passes when for each key asked for it has a searchable field of that key with one of the values
given; the codec of a value is part of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.storage.chain_index import IndexedTipset
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.storage.chain_index_schema import LONGEST_SEARCHED, SEARCHABLE
from papyrus.storage.sqlite_files import rows_of, to_signed, to_unsigned
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.tipset import TipsetKey


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value of a field, as it is looked for."""

    codec: int
    value: bytes


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; what is left out does not matter."""

    heights: tuple[ChainEpoch, ChainEpoch] = (0, 2**63 - 1)
    """The first and the last."""
    tipset: TipsetKey | None = None
    message: Cid | None = None
    emitters: tuple[int, ...] = ()
    """Actor IDs, any of which will do."""
    fields: Mapping[str, Sequence[FieldValue]] = field(default_factory=dict)
    """For each key the values any of which will do."""


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event and where it was emitted."""

    tipset: IndexedTipset
    message: Cid
    position: int
    """The message's number in the tipset."""
    number: int
    """The event's number among the message's."""
    stamped: StampedEvent


def find_events(index: ChainIndex, wanted: EventFilter, *, limit: int = 10_000) -> list[FoundEvent]:
    """Return the events that pass, in the order of the chain, at most so many."""
    where, values = _conditions(wanted)
    rows = rows_of(
        index,
        "SELECT event.id, event.height, tipset.key, message.cid, position, number, emitter"  # noqa: S608 - of the texts below
        " FROM event JOIN message ON message.id = event.message"
        " JOIN tipset ON tipset.height = event.height"
        f" WHERE {' AND '.join(where)} ORDER BY event.height, position, number LIMIT ?",
        *values,
        limit,
    )
    return [
        FoundEvent(
            IndexedTipset(height, TipsetKey.from_bytes(key)),
            Cid(cid),
            position,
            number,
            StampedEvent(to_unsigned(emitter), _event(index, event)),
        )
        for event, height, key, cid, position, number, emitter in rows
    ]


def events_of(index: ChainIndex, message: Cid) -> list[FoundEvent]:
    """Return every event of a message, in the order in which they were emitted."""
    return find_events(index, EventFilter(message=message), limit=-1)


def _conditions(wanted: EventFilter) -> tuple[list[str], list[object]]:
    """Return the conditions of the query and the values in them."""
    where, values = ["event.height BETWEEN ? AND ?"], list[object](wanted.heights)
    if wanted.tipset is not None:
        where.append("event.height = (SELECT height FROM tipset WHERE key = ?)")
        values.append(wanted.tipset.to_bytes())
    if wanted.message is not None:
        where.append("event.message IN (SELECT id FROM message WHERE cid = ?)")
        values.append(wanted.message)
    if wanted.emitters:
        where.append(f"emitter IN ({', '.join('?' * len(wanted.emitters))})")
        values.extend(map(to_signed, wanted.emitters))
    # The index of values leads to few events when nothing else does, and to far too many of a busy
    # contract: a transfer has the same first topic everywhere.
    narrow = wanted.emitters or wanted.message is not None or wanted.tipset is not None
    for key, alternatives in wanted.fields.items():
        marks = ", ".join("?" * len(alternatives))
        pairs = " OR ".join(["codec = ? AND value = ?"] * len(alternatives)) or "FALSE"
        searched = "flags & 3 != 0" if _is_long(alternatives) else SEARCHABLE
        found = (
            "SELECT event FROM event_field"  # noqa: S608 - of texts of this module
            f" WHERE key = ? AND {searched} AND value IN ({marks}) AND ({pairs})"
        )
        if narrow:
            where.append(f"EXISTS ({found} AND event = event.id)")
        else:
            where.append(f"event.id IN ({found})")
        values.append(key.encode(errors="surrogateescape"))
        values.extend(each.value for each in alternatives)
        values.extend(part for each in alternatives for part in (to_signed(each.codec), each.value))
    return where, values


def _is_long(values: Sequence[FieldValue]) -> bool:
    return any(len(each.value) > LONGEST_SEARCHED for each in values)


def _event(index: ChainIndex, event: int) -> ActorEvent:
    rows = rows_of(
        index,
        "SELECT flags, key, codec, value FROM event_field WHERE event = ? ORDER BY place",
        event,
    )
    return ActorEvent(
        tuple(
            EventEntry(
                to_unsigned(flags),
                key.decode(errors="surrogateescape"),
                to_unsigned(codec),
                value,
            )
            for flags, key, codec, value in rows
        )
    )
