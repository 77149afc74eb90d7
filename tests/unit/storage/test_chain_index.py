import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_index import (
    FoundMessage,
    IfNull,
    IndexedTipset,
    MessageEntry,
    Outcome,
    TipsetEntry,
    apply,
    find_message,
    find_message_of_nonce,
    head,
    height_of,
    messages_in,
    messages_of,
    rebuild,
    record_outcomes,
    tipset_at,
    tipsets,
)
from papyrus.storage.chain_index_file import ChainIndex, compact, counts, damages, open_index
from papyrus.storage.event_index import EventFilter, FieldValue, events_of, find_events
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import TipsetKey

ALICE, ALICE_KEY, BOB = Address.from_id(100), Address.bls(bytes(48)), Address.from_id(101)
TRANSFER, APPROVAL = b"\x01" * 32, b"\x02" * 32


def cid(name: str) -> Cid:
    return Cid.of(name.encode(), RAW)


def tipset(height: int, *names: str) -> IndexedTipset:
    return IndexedTipset(height, TipsetKey(tuple(map(cid, names or (f"block {height}",)))))


def event(emitter: int, *fields: tuple[str, bytes], flags: int = 3) -> StampedEvent:
    return StampedEvent(
        emitter, ActorEvent(tuple(EventEntry(flags, key, RAW, value) for key, value in fields))
    )


def message(
    name: str, sender: Address = ALICE, nonce: int = 0, *events: StampedEvent, done: bool = True
) -> MessageEntry:
    receipt = Receipt(0, name.encode(), 1000, cid("events") if events else None)
    return MessageEntry(
        cid(name), sender, BOB, nonce, Outcome(receipt, events) if done else None
    )  # fmt: skip


def found(entry: TipsetEntry, position: int) -> FoundMessage:
    listed = entry.messages[position]
    return FoundMessage(
        listed.cid, entry.tipset, position, listed.sender, listed.recipient, listed.nonce,
        None if listed.outcome is None else listed.outcome.receipt,
    )  # fmt: skip


CHAIN = [
    TipsetEntry(tipset(0)),
    TipsetEntry(tipset(1, "a", "b"), (message("m1"), message("m2", ALICE_KEY, 2**64 - 1))),
    TipsetEntry(
        tipset(4),
        (
            message("m3", BOB, 0, event(100, ("t1", TRANSFER), ("d", bytes(5000)))),
            message(
                "m4", ALICE, 1, event(100, ("t1", APPROVAL)), event(2**64 - 1, ("t1", TRANSFER))
            ),
        ),
    ),
    TipsetEntry(tipset(5), (message("m5", BOB, 1, done=False),)),
]  # fmt: skip


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ChainIndex]:
    opened = open_index(tmp_path / "index.sqlite")
    apply(opened, [], CHAIN)
    yield opened
    opened.close()


def test_tipsets_are_found_by_height_and_key(index: ChainIndex) -> None:
    assert [tipset_at(index, height) for height in (0, 1, 2, 6)] == [
        CHAIN[0].tipset, CHAIN[1].tipset, None, None,
    ]  # fmt: skip
    assert tipset_at(index, 3, if_null=IfNull.BEFORE) == CHAIN[1].tipset
    assert tipset_at(index, 3, if_null=IfNull.AFTER) == CHAIN[2].tipset
    assert tipset_at(index, 6, if_null=IfNull.AFTER) is None
    assert head(index) == CHAIN[3].tipset
    assert height_of(index, CHAIN[2].tipset.key) == 4
    assert height_of(index, tipset(9).key) is None
    assert list(tipsets(index)) == [entry.tipset for entry in CHAIN]


def test_new_index_is_empty(tmp_path: Path) -> None:
    index = open_index(tmp_path / "folder" / "index.sqlite")
    assert (head(index), list(tipsets(index)), damages(index)) == (None, [], [])
    assert counts(index) == {"tipset": 0, "message": 0, "event": 0, "event_field": 0}
    assert stat.S_IMODE(index.path.stat().st_mode) == 0o600
    index.close()


def test_messages_are_found_by_cid_nonce_and_tipset(index: ChainIndex) -> None:
    assert find_message(index, cid("m2")) == found(CHAIN[1], 1)
    assert find_message(index, cid("m5")) == found(CHAIN[3], 0)
    assert find_message(index, cid("m9")) is None
    assert find_message_of_nonce(index, [ALICE, ALICE_KEY], 2**64 - 1) == found(CHAIN[1], 1)
    assert find_message_of_nonce(index, [ALICE], 7) is None
    assert messages_in(index, CHAIN[2].tipset.key) == [found(CHAIN[2], 0), found(CHAIN[2], 1)]


def test_messages_of_an_account_come_newest_first(index: ChainIndex) -> None:
    alice = [ALICE, ALICE_KEY]
    assert messages_of(index, alice) == [found(CHAIN[2], 1), found(CHAIN[1], 1), found(CHAIN[1], 0)]
    assert messages_of(index, alice, limit=1) == [found(CHAIN[2], 1)]
    assert messages_of(index, alice, heights=(0, 1), sent=True) == [
        found(CHAIN[1], 1), found(CHAIN[1], 0),
    ]  # fmt: skip
    assert messages_of(index, alice, sent=False) == []
    assert len(messages_of(index, [BOB])) == 5
    assert [each.cid for each in messages_of(index, [BOB], received=False)] == [
        cid("m5"), cid("m3"),
    ]  # fmt: skip
    assert messages_of(index, [BOB], sent=False, received=False) == []
    assert messages_of(index, []) == []


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (EventFilter(), [(0, 0), (1, 0), (1, 1)]),
        (EventFilter(heights=(4, 4)), [(0, 0), (1, 0), (1, 1)]),
        (EventFilter(heights=(0, 3)), []),
        (EventFilter(tipset=CHAIN[2].tipset.key), [(0, 0), (1, 0), (1, 1)]),
        (EventFilter(tipset=CHAIN[1].tipset.key), []),
        (EventFilter(message=cid("m4")), [(1, 0), (1, 1)]),
        (EventFilter(emitters=(100,)), [(0, 0), (1, 0)]),
        (EventFilter(emitters=(2**64 - 1, 7)), [(1, 1)]),
        (EventFilter(fields={"t1": [FieldValue(RAW, TRANSFER)]}), [(0, 0), (1, 1)]),
        (
            EventFilter(fields={"t1": [FieldValue(RAW, TRANSFER), FieldValue(RAW, APPROVAL)]}),
            [(0, 0), (1, 0), (1, 1)],
        ),
        (EventFilter(emitters=(100,), fields={"t1": [FieldValue(RAW, TRANSFER)]}), [(0, 0)]),
        (EventFilter(fields={"t1": [FieldValue(0x71, TRANSFER)]}), []),
        (EventFilter(fields={"t2": [FieldValue(RAW, TRANSFER)]}), []),
        (EventFilter(fields={"t1": []}), []),
        (EventFilter(fields={"d": [FieldValue(RAW, bytes(5000))]}), [(0, 0)]),
        (
            EventFilter(
                fields={"d": [FieldValue(RAW, bytes(5000))], "t1": [FieldValue(RAW, APPROVAL)]}
            ),
            [],
        ),
    ],
)
def test_filter_finds_events(
    index: ChainIndex, wanted: EventFilter, numbers: list[tuple[int, int]]
) -> None:
    events = find_events(index, wanted)
    assert [(each.position, each.number) for each in events] == numbers
    for each in events:
        outcome = CHAIN[2].messages[each.position].outcome
        assert outcome is not None
        assert each.stamped == outcome.events[each.number]
        assert each.tipset == CHAIN[2].tipset
        assert each.message == CHAIN[2].messages[each.position].cid


def test_events_are_limited_and_those_of_a_message_are_not(index: ChainIndex) -> None:
    assert [each.number for each in find_events(index, EventFilter(), limit=2)] == [0, 0]
    assert [each.number for each in events_of(index, cid("m4"))] == [0, 1]


def test_fields_not_marked_for_searching_are_not_found(index: ChainIndex) -> None:
    hidden = event(7, ("t1", TRANSFER), flags=2**63)
    apply(index, [], [TipsetEntry(tipset(8), (message("m8", ALICE, 3, hidden),))])
    for emitters in ((), (7,)):
        wanted = EventFilter((8, 8), None, None, emitters, {"t1": [FieldValue(RAW, TRANSFER)]})
        assert find_events(index, wanted) == []
    assert find_events(index, EventFilter(emitters=(7,)))[0].stamped == hidden


def test_key_that_is_no_text_comes_back(index: ChainIndex) -> None:
    odd = event(7, ("\udcff", b"value"))
    apply(index, [], [TipsetEntry(tipset(8), (message("m8", ALICE, 3, odd),))])
    wanted = EventFilter(fields={"\udcff": [FieldValue(RAW, b"value")]})
    assert [each.stamped for each in find_events(index, wanted)] == [odd]


def test_searches_use_an_index(index: ChainIndex) -> None:
    """Each would be a pass over the whole chain otherwise."""
    plans: list[str] = []

    def look(sql: str) -> None:
        if sql.startswith("SELECT"):
            rows = index.connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
            plans.extend(row[3] for row in rows)

    topic = {"t1": [FieldValue(RAW, TRANSFER), FieldValue(RAW, APPROVAL)]}
    index.connection.set_trace_callback(look)
    find_message(index, cid("m1"))
    find_message_of_nonce(index, [ALICE], 0)
    messages_of(index, [ALICE, BOB])
    for wanted in (
        EventFilter(fields=topic),
        EventFilter(emitters=(100,), fields=topic),
        EventFilter(message=cid("m1"), fields=topic),
        EventFilter(tipset=CHAIN[1].tipset.key, fields=topic),
    ):
        find_events(index, wanted)
    index.connection.set_trace_callback(None)
    assert [plan for plan in plans if plan.startswith("SCAN")] == []
    assert any("field_by_value" in plan for plan in plans)


def test_reorganisation_replaces_what_hung_on_the_old_tipsets(index: ChainIndex) -> None:
    new = TipsetEntry(tipset(4, "other"), (replace(CHAIN[2].messages[1], nonce=1),))
    apply(index, [CHAIN[3].tipset.key, CHAIN[2].tipset.key], [new])
    assert head(index) == new.tipset
    assert (find_message(index, cid("m3")), find_message(index, cid("m5"))) == (None, None)
    assert find_message(index, cid("m4")) == found(new, 0)
    assert [each.position for each in find_events(index, EventFilter())] == [0, 0]
    assert counts(index) == {"tipset": 3, "message": 3, "event": 2, "event_field": 2}


@pytest.mark.parametrize(
    ("reverted", "applied", "words"),
    [
        ([CHAIN[2].tipset.key], [], "is not its head"),
        ([tipset(9).key], [], "is not its head"),
        ([CHAIN[3].tipset.key], [TipsetEntry(tipset(4, "c"))], "above a tipset at 4"),
        ([], [TipsetEntry(tipset(6)), TipsetEntry(tipset(6, "c"))], "above a tipset at 6"),
        ([], [TipsetEntry(tipset(6)), TipsetEntry(tipset(7, "a", "b"))], "UNIQUE"),
    ],
)
def test_change_that_does_not_fit_changes_nothing(
    index: ChainIndex, reverted: list[TipsetKey], applied: list[TipsetEntry], words: str
) -> None:
    with pytest.raises(LocalFault, match=words):
        apply(index, reverted, applied)
    assert list(tipsets(index)) == [entry.tipset for entry in CHAIN]


def test_outcomes_follow_the_execution(index: ChainIndex) -> None:
    outcome = Outcome(Receipt(16, b"", 7), (event(5, ("t1", APPROVAL)),))
    record_outcomes(index, CHAIN[3].tipset.key, [outcome])
    again = Outcome(Receipt(0, b"", 0))
    record_outcomes(index, CHAIN[3].tipset.key, [again])
    known = find_message(index, cid("m5"))
    assert known is not None
    assert known.receipt == outcome.receipt
    assert [each.stamped for each in events_of(index, cid("m5"))] == list(outcome.events)
    with pytest.raises(LocalFault, match="it has 1, not 2, messages"):
        record_outcomes(index, CHAIN[3].tipset.key, [again, again])


def test_rebuilt_index_equals_the_one_that_followed(index: ChainIndex, tmp_path: Path) -> None:
    other = open_index(tmp_path / "other.sqlite")
    apply(other, [], [TipsetEntry(tipset(1, "x"), (message("gone"),))])
    assert rebuild(other, reversed(CHAIN)) == len(CHAIN)
    assert list(tipsets(other)) == list(tipsets(index))
    assert messages_of(other, [BOB]) == messages_of(index, [BOB])
    assert find_events(other, EventFilter()) == find_events(index, EventFilter())
    assert find_message(other, cid("gone")) is None
    other.close()


def test_rebuilding_that_fails_leaves_the_old_index(index: ChainIndex) -> None:
    def entries() -> Iterator[TipsetEntry]:
        yield CHAIN[0]
        raise LocalFault("a block is missing")

    with pytest.raises(LocalFault, match="a block is missing"):
        rebuild(index, entries())
    assert list(tipsets(index)) == [entry.tipset for entry in CHAIN]


def test_reader_sees_the_chain_before_or_after_a_change(index: ChainIndex) -> None:
    reader = open_index(index.path, read_only=True)

    def entries() -> Iterator[TipsetEntry]:
        for entry in CHAIN[:2]:
            yield entry
            assert len(list(tipsets(reader))) == len(CHAIN)

    rebuild(index, entries())
    assert len(list(tipsets(reader))) == 2
    with pytest.raises(LocalFault, match="readonly"):
        apply(reader, [], [TipsetEntry(tipset(9))])
    reader.close()


def test_killed_writer_leaves_whole_changes(tmp_path: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from papyrus.ipld.cid import RAW, Cid
        from papyrus.primitives.address import Address
        from papyrus.storage.chain_index import *
        from papyrus.storage.chain_index_file import open_index
        from papyrus.types.tipset import TipsetKey
        index = open_index(Path(sys.argv[1]))
        top = head(index)
        for height in range(0 if top is None else top.height + 1, 1 << 20):
            cids = [Cid.of(b"%d %d" % (height, number), RAW) for number in range(20)]
            address = Address.from_id(100)
            messages = tuple(MessageEntry(each, address, address, 0) for each in cids)
            key = TipsetKey((cids[0],))
            apply(index, [], [TipsetEntry(IndexedTipset(height, key), messages)])
            print(height, flush=True)
    """
    path, seen = tmp_path / "index.sqlite", 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), path], stdout=subprocess.PIPE, text=True
        ) as process:
            for _ in range(15):
                seen = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        index = open_index(path)
        assert damages(index) == []
        rows = counts(index)
        assert rows["message"] == 20 * rows["tipset"] >= 20 * (seen + 1)
        index.close()


def test_other_files_are_refused(tmp_path: Path) -> None:
    def make(name: str, *statements: str) -> Path:
        with sqlite3.connect(tmp_path / name) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return tmp_path / name

    with pytest.raises(LocalFault, match="is no chain index of Papyrus"):
        open_index(make("other", "CREATE TABLE a (b)"))
    open_index(tmp_path / "later").close()
    with pytest.raises(LocalFault, match=r"has schema 99, .* delete it"):
        open_index(make("later", "PRAGMA user_version = 99"))
    (tmp_path / "text").write_text("no database" * 500)
    with pytest.raises(LocalFault, match="not a database; delete it"):
        open_index(tmp_path / "text")
    with pytest.raises(LocalFault, match="there is no chain index"):
        open_index(tmp_path / "absent", read_only=True)
    with pytest.raises(LocalFault, match="cannot open the chain index"):
        open_index(tmp_path)


def test_compacting_gives_space_back(index: ChainIndex) -> None:
    many = tuple(message(f"many {number}") for number in range(3000))
    apply(index, [], [TipsetEntry(tipset(9), many)])
    compact(index)
    before = index.path.stat().st_size
    apply(index, [tipset(9).key], [])
    compact(index)
    assert index.path.stat().st_size < before // 4
    assert head(index) == CHAIN[3].tipset


def test_damage_is_found(index: ChainIndex) -> None:
    compact(index)
    index.connection.execute("PRAGMA foreign_keys = OFF")
    index.connection.execute("DELETE FROM tipset WHERE height = 1")
    assert damages(index) == ["a row of message belongs to none of tipset"] * 2


def test_full_disk_changes_nothing(index: ChainIndex) -> None:
    pages = index.connection.execute("PRAGMA page_count").fetchone()[0]
    index.connection.execute(f"PRAGMA max_page_count = {pages}")
    many = tuple(message(f"many {number}") for number in range(3000))
    with pytest.raises(LocalFault, match="database or disk is full"):
        apply(index, [], [TipsetEntry(tipset(9), many)])
    assert head(index) == CHAIN[3].tipset
    index.connection.execute("PRAGMA max_page_count = 1000000")
    apply(index, [], [TipsetEntry(tipset(9), many)])
    assert head(index) == tipset(9)
