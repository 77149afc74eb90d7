"""The index that followed a chain through any reorganisations against the chain itself."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.storage.chain_index import (
    IfNull,
    IndexedTipset,
    MessageEntry,
    Outcome,
    TipsetEntry,
    apply,
    find_message,
    head,
    messages_of,
    rebuild,
    record_outcomes,
    tipset_at,
    tipsets,
)
from papyrus.storage.chain_index_file import counts, damages, open_index
from papyrus.storage.event_index import EventFilter, FieldValue, find_events
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import TipsetKey

ADDRESSES = [Address.from_id(number) for number in (100, 101, 102)]
VALUES = [b"a" * 32, b"b" * 32, b"c" * 100]

EVENTS = st.builds(
    lambda emitter, entries: StampedEvent(emitter, ActorEvent(tuple(entries))),
    st.integers(1, 3),
    st.lists(
        st.builds(
            EventEntry,
            st.sampled_from((0, 1, 2, 3)),
            st.sampled_from(("t1", "t2", "d")),
            st.sampled_from((RAW, 0x71)),
            st.sampled_from(VALUES),
        ),
        max_size=3,
    ),
)
OUTCOMES = st.builds(
    Outcome,
    st.builds(Receipt, st.integers(0, 40), st.binary(max_size=4), st.integers(0, 10**9)),
    st.lists(EVENTS, max_size=2).map(tuple),
)
SKETCHES = st.lists(
    st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(ADDRESSES), OUTCOMES), max_size=3
)


class IndexMachine(RuleBasedStateMachine):
    """An index, and the list of entries it must equal."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="papyrus-test-"))
        self.chain: list[TipsetEntry] = []
        self.made = 0

    @initialize()
    def open(self) -> None:
        self.index = open_index(self.folder / "index.sqlite")

    def entry(self, height: int, sketches: list, *, done: bool) -> TipsetEntry:
        """Make an entry whose key and CIDs nothing else has."""
        self.made += 1
        messages = tuple(
            MessageEntry(
                Cid.of(b"%d %d" % (self.made, number), RAW), sender, recipient, self.made,
                outcome if done else None,
            )
            for number, (sender, recipient, outcome) in enumerate(sketches)
        )  # fmt: skip
        key = TipsetKey((Cid.of(b"%d" % self.made, RAW),))
        return TipsetEntry(IndexedTipset(height, key), messages)

    @rule(
        depth=st.integers(0, 3),
        new=st.lists(st.tuples(st.integers(1, 3), SKETCHES), max_size=3),
    )
    def reorganise(self, depth: int, new: list) -> None:
        kept = self.chain[: max(0, len(self.chain) - depth)]
        gone = self.chain[len(kept) :]
        height = kept[-1].tipset.height if kept else -1
        added = []
        for step, sketches in new:
            height += step
            added.append(self.entry(height, sketches, done=True))
        apply(self.index, [each.tipset.key for each in reversed(gone)], added)
        self.chain = kept + added

    @rule(sketches=SKETCHES)
    def execute(self, sketches: list) -> None:
        height = self.chain[-1].tipset.height + 1 if self.chain else 0
        entry = self.entry(height, sketches, done=False)
        apply(self.index, [], [entry])
        record_outcomes(self.index, entry.tipset.key, [outcome for *_, outcome in sketches])
        messages = tuple(
            MessageEntry(each.cid, each.sender, each.recipient, each.nonce, outcome)
            for each, (*_, outcome) in zip(entry.messages, sketches, strict=True)
        )
        self.chain.append(TipsetEntry(entry.tipset, messages))

    @rule(order=st.randoms(use_true_random=False))
    def make_anew(self, order) -> None:
        assert rebuild(self.index, order.sample(self.chain, len(self.chain))) == len(self.chain)

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.open()

    @rule(height=st.integers(0, 20))
    def look_at(self, height: int) -> None:
        found = [each.tipset for each in self.chain]
        exact = [each for each in found if each.height == height]
        before = [each for each in found if each.height <= height]
        after = [each for each in found if each.height >= height]
        assert tipset_at(self.index, height) == (exact[0] if exact else None)
        assert tipset_at(self.index, height, if_null=IfNull.BEFORE) == (
            before[-1] if before else None
        )
        assert tipset_at(self.index, height, if_null=IfNull.AFTER) == (after[0] if after else None)

    @rule(asked=st.lists(st.sampled_from(ADDRESSES), unique=True), limit=st.integers(1, 5))
    def look_for_messages(self, asked: list[Address], limit: int) -> None:
        expected = [
            message.cid
            for entry in self.chain
            for message in entry.messages
            if message.sender in asked or message.recipient in asked
        ]
        found = messages_of(self.index, asked, limit=limit)
        assert [each.cid for each in found] == expected[::-1][:limit]

    @rule(
        emitters=st.lists(st.integers(1, 3), max_size=2, unique=True).map(tuple),
        heights=st.tuples(st.integers(0, 10), st.integers(0, 20)),
        fields=st.dictionaries(
            st.sampled_from(("t1", "t2", "d")),
            st.lists(
                st.builds(FieldValue, st.sampled_from((RAW, 0x71)), st.sampled_from(VALUES)),
                max_size=2,
            ),
            max_size=2,
        ),
    )
    def look_for_events(self, emitters, heights, fields) -> None:
        def passes(height: int, stamped: StampedEvent) -> bool:
            return (
                heights[0] <= height <= heights[1]
                and (not emitters or stamped.emitter in emitters)
                and all(
                    any(
                        entry.key == key
                        and entry.flags & 3
                        and FieldValue(entry.codec, entry.value) in values
                        for entry in stamped.event.entries
                    )
                    for key, values in fields.items()
                )
            )

        expected = [
            (entry.tipset, message.cid, stamped)
            for entry in self.chain
            for message in entry.messages
            for stamped in message.outcome.events
            if passes(entry.tipset.height, stamped)
        ]
        found = find_events(self.index, EventFilter(heights, None, None, emitters, fields))
        assert [(each.tipset, each.message, each.stamped) for each in found] == expected

    @rule()
    @precondition(lambda self: self.chain)
    def look_for_each(self) -> None:
        for entry in self.chain:
            for position, message in enumerate(entry.messages):
                found = find_message(self.index, message.cid)
                assert (found.tipset, found.position) == (entry.tipset, position)
                assert found.receipt == message.outcome.receipt

    @invariant()
    def holds_the_chain(self) -> None:
        assert list(tipsets(self.index)) == [entry.tipset for entry in self.chain]
        assert head(self.index) == (self.chain[-1].tipset if self.chain else None)

    def teardown(self) -> None:
        messages = [message for entry in self.chain for message in entry.messages]
        rows = counts(self.index)
        assert rows["message"] == len(messages)
        assert rows["event"] == sum(len(each.outcome.events) for each in messages)
        assert damages(self.index) == []
        self.index.close()
        shutil.rmtree(self.folder)


TestIndex = IndexMachine.TestCase
TestIndex.settings = settings(
    stateful_step_count=20, max_examples=settings().max_examples // 2, deadline=None
)
