"""What is asked of the chain by something other than a CID: an SQLite file beside the blocks.

It holds the tipsets of the current chain by height, which message is in which tipset with what
receipt, the messages of an address, and the events (`event_index` finds those). All of it follows
from the blocks, so it may be deleted and made anew (`rebuild`), and it is only ever changed in one
transaction a step: a reader sees the chain before a reorganisation or after it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.storage.sqlite_files import rows_of, to_signed, to_unsigned, transaction
from papyrus.types.event import StampedEvent
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import TipsetKey

_MOST_HEIGHT = 2**63 - 1


class IfNull(Enum):
    """Which tipset stands in for that of an epoch without blocks."""

    NONE = "none"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class IndexedTipset:
    """A tipset of the chain."""

    height: ChainEpoch
    key: TipsetKey


@dataclass(frozen=True, slots=True)
class Outcome:
    """What executing a message gave."""

    receipt: Receipt
    events: tuple[StampedEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """A message that counts in a tipset, as it is to be indexed."""

    cid: Cid
    sender: Address
    """As the message has it; the account may have other addresses, and be asked for by them."""
    recipient: Address
    nonce: int
    outcome: Outcome | None = None
    """None as long as the tipset has not been executed."""


@dataclass(frozen=True, slots=True)
class TipsetEntry:
    """A tipset and its messages, in the order of their execution, as they are to be indexed."""

    tipset: IndexedTipset
    messages: tuple[MessageEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """Where a message is in the chain, and what it did."""

    cid: Cid
    tipset: IndexedTipset
    position: int
    """Its number among the tipset's messages."""
    sender: Address
    recipient: Address
    nonce: int
    receipt: Receipt | None
    """None as long as the tipset has not been executed."""


def apply(index: ChainIndex, reverted: Sequence[TipsetKey], applied: Sequence[TipsetEntry]) -> None:
    """Make the index follow a change of the chain: all of it, or nothing on an error.

    `reverted` are the tipsets that are no longer part of it, highest first, `applied` those that
    now are, lowest first. LocalFault where they do not fit what is indexed: it must be rebuilt.
    """
    with transaction(index) as connection:
        for key in reverted:
            row = connection.execute(
                "DELETE FROM tipset WHERE key = ? AND height = (SELECT max(height) FROM tipset)"
                " RETURNING height",
                (key.to_bytes(),),
            ).fetchall()
            if not row:
                raise _out_of_step(index, f"tipset {key} is not its head")
        for entry in applied:
            top = connection.execute("SELECT max(height) FROM tipset").fetchone()[0]
            if top is not None and top >= entry.tipset.height:
                raise _out_of_step(
                    index, f"its head is at {top}, above a tipset at {entry.tipset.height}"
                )
            _insert_tipset(connection, entry)


def record_outcomes(index: ChainIndex, key: TipsetKey, outcomes: Sequence[Outcome]) -> None:
    """Add what executing a tipset gave, for each of its messages in order.

    What is known already stays. LocalFault where the tipset or its messages are others.
    """
    with transaction(index) as connection:
        rows = connection.execute(
            "SELECT id, receipt IS NULL FROM message JOIN tipset USING (height)"
            " WHERE key = ? ORDER BY position",
            (key.to_bytes(),),
        ).fetchall()
        if len(rows) != len(outcomes):
            raise _out_of_step(index, f"it has {len(rows)}, not {len(outcomes)}, messages in {key}")
        for (number, is_open), outcome in zip(rows, outcomes, strict=True):
            if is_open:
                _insert_outcome(connection, number, outcome)


def rebuild(index: ChainIndex, entries: Iterable[TipsetEntry]) -> int:
    """Make the index hold these tipsets, in any order, and nothing else; return how many."""
    with transaction(index) as connection:
        connection.execute("DELETE FROM tipset")
        count = 0
        for entry in entries:
            _insert_tipset(connection, entry)
            count += 1
        return count


_AT_HEIGHT = {
    IfNull.NONE: "height = ?",
    IfNull.BEFORE: "height <= ? ORDER BY height DESC LIMIT 1",
    IfNull.AFTER: "height >= ? ORDER BY height LIMIT 1",
}
_ON_CHAIN = "EXISTS (SELECT 1 FROM tipset AS top WHERE top.key = ?)"


def head(index: ChainIndex) -> IndexedTipset | None:
    """Return the highest tipset, or None where nothing is indexed."""
    return tipset_at(index, _MOST_HEIGHT, if_null=IfNull.BEFORE)


def tipset_at(
    index: ChainIndex, height: ChainEpoch, *, if_null: IfNull = IfNull.NONE
) -> IndexedTipset | None:
    """Return the tipset of an epoch, or the one that stands in for it, or None."""
    rows = rows_of(index, f"SELECT height, key FROM tipset WHERE {_AT_HEIGHT[if_null]}", height)  # noqa: S608 - of the texts above
    return _tipset(*rows[0]) if rows else None


def ancestor_at(
    index: ChainIndex, top: TipsetKey, height: ChainEpoch, *, if_null: IfNull
) -> IndexedTipset | None:
    """Return what `tipset_at` does, at one moment at which a tipset is on the chain, or None."""
    sql = f"SELECT height, key FROM tipset WHERE {_ON_CHAIN} AND {_AT_HEIGHT[if_null]}"  # noqa: S608 - of the texts above
    rows = rows_of(index, sql, top.to_bytes(), height)
    return _tipset(*rows[0]) if rows else None


def height_of(index: ChainIndex, key: TipsetKey) -> ChainEpoch | None:
    """Return the height of a tipset, or None where it is not part of the chain."""
    rows = rows_of(index, "SELECT height FROM tipset WHERE key = ?", key.to_bytes())
    return rows[0][0] if rows else None


def find_tipset(index: ChainIndex, cid: Cid) -> IndexedTipset | None:
    """Return the tipset of the chain that a tipset's CID names, or None."""
    rows = rows_of(index, "SELECT height, key FROM tipset WHERE key_cid = ?", cid)
    return _tipset(*rows[0]) if rows else None


def tipsets(index: ChainIndex) -> Iterator[IndexedTipset]:
    """Give every tipset, lowest first; those that are applied meanwhile too."""
    found = tipset_at(index, 0, if_null=IfNull.AFTER)
    while found is not None:
        yield found
        found = tipset_at(index, found.height + 1, if_null=IfNull.AFTER)


_MESSAGE = (
    "SELECT cid, height, tipset.key, position, sender, recipient, nonce, receipt"
    " FROM message JOIN tipset USING (height) WHERE "
)


def find_message(index: ChainIndex, cid: Cid) -> FoundMessage | None:
    """Return where a message is, by the CID the chain knows it by, or None."""
    rows = rows_of(index, f"{_MESSAGE}cid = ? ORDER BY height DESC LIMIT 1", cid)
    return _message(*rows[0]) if rows else None


def find_message_of_nonce(
    index: ChainIndex, senders: Sequence[Address], nonce: int
) -> FoundMessage | None:
    """Return the message that used up a sender's nonce, under any of its addresses, or None."""
    marks = _marks(len(senders))
    sql = f"{_MESSAGE}sender IN ({marks}) AND nonce = ? ORDER BY height DESC LIMIT 1"
    rows = rows_of(index, sql, *senders, to_signed(nonce))
    return _message(*rows[0]) if rows else None


def messages_in(index: ChainIndex, key: TipsetKey) -> list[FoundMessage]:
    """Return the messages of a tipset in the order of their execution."""
    rows = rows_of(index, f"{_MESSAGE}tipset.key = ? ORDER BY position", key.to_bytes())
    return [_message(*row) for row in rows]


def messages_of(
    index: ChainIndex,
    addresses: Sequence[Address],
    *,
    sent: bool = True,
    received: bool = True,
    heights: tuple[ChainEpoch, ChainEpoch] = (0, _MOST_HEIGHT),
    limit: int = 1000,
) -> list[FoundMessage]:
    """Return the newest messages from or to an account, under any of its addresses, newest first.

    Within the heights, both of which are included.
    """
    marks = _marks(len(addresses))
    parts = [
        f"SELECT id FROM message WHERE {column} IN ({marks}) AND height BETWEEN ? AND ?"  # noqa: S608 - of these texts
        for column, wanted in (("sender", sent), ("recipient", received))
        if wanted
    ]
    if not parts or not addresses:
        return []
    sql = f"{_MESSAGE}id IN ({' UNION '.join(parts)}) ORDER BY height DESC, position DESC LIMIT ?"
    values = [*addresses, *heights] * len(parts)
    return [_message(*row) for row in rows_of(index, sql, *values, limit)]


def _insert_tipset(connection: sqlite3.Connection, entry: TipsetEntry) -> None:
    height = entry.tipset.height
    key = entry.tipset.key
    connection.execute("INSERT INTO tipset VALUES (?, ?, ?)", (height, key.to_bytes(), key.cid))
    for position, message in enumerate(entry.messages):
        cursor = connection.execute(
            "INSERT INTO message (cid, height, position, sender, recipient, nonce)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (message.cid, height, position, message.sender, message.recipient,
             to_signed(message.nonce)),
        )  # fmt: skip
        if message.outcome is not None and cursor.lastrowid is not None:
            _insert_outcome(connection, cursor.lastrowid, message.outcome)


def _insert_outcome(connection: sqlite3.Connection, message: int, outcome: Outcome) -> None:
    connection.execute(
        "UPDATE message SET receipt = ? WHERE id = ?", (outcome.receipt.to_cbor(), message)
    )
    for number, stamped in enumerate(outcome.events):
        cursor = connection.execute(
            "INSERT INTO event (message, number, emitter, height)"
            " SELECT id, ?, ?, height FROM message WHERE id = ?",
            (number, to_signed(stamped.emitter), message),
        )
        connection.executemany(
            "INSERT INTO event_field VALUES (?, ?, ?, ?, ?, ?)",
            [
                (cursor.lastrowid, place, to_signed(entry.flags), _key_bytes(entry.key),
                 to_signed(entry.codec), entry.value)
                for place, entry in enumerate(stamped.event.entries)
            ],
        )  # fmt: skip


def _key_bytes(key: str) -> bytes:
    """Return the bytes of an event's key, which need not be text (the FVM checks that of late)."""
    return key.encode(errors="surrogateescape")


def _out_of_step(index: ChainIndex, why: str) -> LocalFault:
    return LocalFault(f"the chain index {index.path} is out of step, rebuild it: {why}")


def _tipset(height: int, key: bytes) -> IndexedTipset:
    return IndexedTipset(height, TipsetKey.from_bytes(key))


def _message(
    cid: bytes,
    height: int,
    key: bytes,
    position: int,
    sender: bytes,
    recipient: bytes,
    nonce: int,
    receipt: bytes | None,
) -> FoundMessage:
    return FoundMessage(
        Cid(cid),
        _tipset(height, key),
        position,
        Address(sender),
        Address(recipient),
        to_unsigned(nonce),
        None if receipt is None else Receipt.from_cbor(receipt),
    )


def _marks(count: int) -> str:
    """Return the places of so many values in a query."""
    return ", ".join("?" * count)
