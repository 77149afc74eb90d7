"""The HAMT, the AMT and the KAMT against a dict, through any sequence of operations."""

import dataclasses
import re
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from papyrus.ipld import amt, dag_cbor, hamt, hamt_blocks
from papyrus.ipld.amt import MAX_INDEX, Amt, amt_root
from papyrus.ipld.bitmap_nodes import Difference
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.kamt import Kamt
from papyrus.ipld.tree_blocks import whole
from papyrus.primitives.errors import DecodeError, LocalFault

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.binary(max_size=3),
    st.lists(st.integers(0, 1), max_size=2),
)


class Model(RuleBasedStateMachine):
    """A tree and the dict it must equal; subclasses say which tree and which keys."""

    keys = st.nothing()
    form = None
    """From hypothesis' data, a function that opens the tree on a store."""
    difference = None
    """The tree's own `diff`."""

    @initialize(data=st.data())
    def begin(self, data):
        self.open = self.form(data)
        self.store = MemoryBlockstore()
        self.tree = self.open(self.store)
        self.model = {}
        self.past = (self.tree.flush(), {})

    @rule(data=st.data(), value=VALUES)
    def put(self, data, value):
        key = data.draw(self.keys)
        self.tree.set(key, value)
        self.model[key] = value

    @rule(data=st.data())
    def remove(self, data):
        key = data.draw(self.keys)
        assert self.tree.delete(key) == (key in self.model)
        self.model.pop(key, None)

    @rule()
    def remove_half(self):
        for key in list(self.model)[::2]:
            assert self.tree.delete(key)
            del self.model[key]

    @rule(data=st.data())
    def look_up(self, data):
        key = data.draw(self.keys)
        assert (key in self.tree) == (key in self.model)
        assert dag_cbor.encode(self.tree.get(key)) == dag_cbor.encode(self.model.get(key))

    @rule()
    def remember(self):
        self.past = (self.tree.flush(), dict(self.model))

    @rule()
    def reopen(self):
        self.tree = self.open(self.store, self.tree.flush())

    @rule()
    def compare_with_the_past(self):
        root, before = self.past
        expected = Difference()
        expected.compare(encoded(before), encoded(self.model))
        for new in (self.tree, self.open(self.store, self.tree.flush())):
            found = self.difference(self.open(self.store, root), new)
            assert as_bytes(found) == as_bytes(expected)

    @rule(order=st.randoms(use_true_random=False))
    def rebuild(self, order):
        keys = list(self.model)
        order.shuffle(keys)
        other = self.open(MemoryBlockstore())
        for key in keys:
            other.set(key, self.model[key])
        assert other.flush() == self.tree.flush()

    @invariant()
    def holds_what_the_dict_holds(self):
        items = dict(self.tree.items()) if hasattr(self, "tree") else {}
        expected = getattr(self, "model", {})
        assert dag_cbor.encode(sorted(items.items(), key=first)) == dag_cbor.encode(
            sorted(expected.items(), key=first)
        )


def first(pair):
    return pair[0]


def encoded(items):
    return {key: dag_cbor.encode(value) for key, value in items.items()}


def as_bytes(difference):
    """Return a difference with its values encoded, so that 1 is not True."""
    return {
        field.name: encoded(getattr(difference, field.name))
        for field in dataclasses.fields(difference)
    }


class HamtModel(Model):
    keys = st.integers(0, 60).map(lambda number: str(number).encode())
    difference = staticmethod(hamt.diff)

    @staticmethod
    def form(data):
        bit_width = data.draw(st.sampled_from([1, 2, 3, 5, 8]))
        legacy = data.draw(st.booleans())
        return lambda store, root=None: Hamt(store, root, bit_width=bit_width, legacy=legacy)


class AmtModel(Model):
    keys = st.one_of(
        st.integers(0, 40), st.integers(0, MAX_INDEX), st.integers(MAX_INDEX - 9, MAX_INDEX)
    )
    difference = staticmethod(amt.diff)

    @staticmethod
    def form(data):
        bit_width = data.draw(st.sampled_from([1, 2, 3, 5, 8]))
        return lambda store, root=None: Amt(store, root, bit_width=bit_width)

    @invariant()
    def counts_its_elements(self):
        if hasattr(self, "tree"):
            assert self.tree.count == len(self.model)
            indices = [index for index, _ in self.tree.items()]
            assert indices == sorted(self.model)


class KamtModel(Model):
    keys = st.builds(
        lambda base, offset: ((base + offset) % 2**256).to_bytes(32, "big"),
        st.sampled_from([0, 1 << 40, 1 << 255, 2**256 - 8, 0xABCDEF << 99]),
        st.integers(0, 40),
    )

    @staticmethod
    def form(data):
        bit_width = data.draw(st.sampled_from([1, 2, 3, 5, 8]))
        bucket_size = data.draw(st.sampled_from([1, 1, 3]))
        depth = data.draw(st.sampled_from([0, 0, 1, 2]))
        return lambda store, root=None: Kamt(
            store, root, bit_width=bit_width, bucket_size=bucket_size, min_data_depth=depth
        )

    @staticmethod
    def difference(old, new):
        result = Difference()
        result.compare(encoded(dict(old.items())), encoded(dict(new.items())))
        return result


def test_hamt_follows_its_model():
    run_state_machine_as_test(HamtModel)


def test_amt_follows_its_model():
    run_state_machine_as_test(AmtModel)


def test_kamt_follows_its_model():
    run_state_machine_as_test(KamtModel)


@given(st.lists(VALUES, max_size=80), st.sampled_from([(1, 3), (2, 3), (3, 0), (3, 3), (5, 3)]))
def test_list_is_read_back_from_its_root(values, form):
    store = MemoryBlockstore()
    root = amt_root(store, values, *form)
    array = Amt(store, root, version=form[1])
    assert dag_cbor.encode([value for _, value in array.items()]) == dag_cbor.encode(values)


def grown(make, key_of):
    store = MemoryBlockstore()
    tree = make(store)
    for number in range(60):
        tree.set(key_of(number), [number, b"value", None])
    return store.blocks, tree.flush()


OPENERS = {
    "hamt": (lambda store, root=None: Hamt(store, root, bit_width=3), lambda i: bytes([i])),
    "old hamt": (lambda store, root=None: Hamt(store, root, legacy=True), lambda i: bytes([i])),
    "amt": (lambda store, root=None: Amt(store, root, bit_width=2), lambda i: i * 5),
    "kamt": (
        lambda store, root=None: Kamt(store, root, bucket_size=2),
        lambda i: (i * 7 << (i % 3 * 90)).to_bytes(32, "big"),
    ),
}
GROWN = {name: grown(*opener) for name, opener in OPENERS.items()}


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(OPENERS)),
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
    st.booleans(),
)
def test_mutated_node_is_refused_or_read(name, which, changes, cut):
    make, key_of = OPENERS[name]
    blocks, root = GROWN[name]
    cid = sorted(blocks)[which % len(blocks)]
    data = bytearray(blocks[cid])
    for at, byte in changes:
        data[at % len(data)] = byte
    if cut:
        del data[changes[0][0] % len(data) :]
    store = MemoryBlockstore({**blocks, cid: bytes(data)})
    for use in (
        lambda tree: sum(1 for _ in zip(range(1000), tree.items(), strict=False)),
        lambda tree: [tree.get(key_of(number)) for number in range(60)],
        lambda tree: [tree.delete(key_of(number)) for number in range(60)],
        lambda tree: [tree.set(key_of(number), number) for number in range(60)],
    ):
        try:
            use(make(store, root))
        except (DecodeError, LocalFault):
            continue


@given(st.sampled_from(sorted(OPENERS)), st.binary(max_size=60))
def test_any_bytes_are_refused_or_read(name, data):
    make, _ = OPENERS[name]
    cid = Cid.of(data)
    try:
        tree = make(MemoryBlockstore({cid: data}), cid)
    except DecodeError:
        return
    assert tree.flush() == cid


CID, CID_OF_CODE = Cid.of(b"state"), Cid.of(b"code", codec=0x55)
short = st.binary(max_size=24)
numbers = st.integers(min_value=-1, max_value=2**64 - 1)
links = st.sampled_from([CID, CID_OF_CODE])
actors = st.tuples(links, links, numbers, short, st.none() | short)
buckets = st.lists(
    st.tuples(short, actors | numbers | st.none()),
    min_size=1,
    max_size=4,
)


def read(data):
    try:
        node = whole(data, lambda block: hamt_blocks.read_node(block, 32, legacy=False))
    except DecodeError:
        return None
    opened = hamt_blocks.read_slot
    return node.bits, [opened(item) if type(item) is bytes else item for item in node.items]


@settings(max_examples=300)
@given(
    slots=st.lists(buckets | links, min_size=1, max_size=4),
    ordered=st.booleans(),
    change=st.none() | st.tuples(st.integers(min_value=0), st.integers(0, 255)),
)
def test_common_buckets_are_read_as_all_others_are(slots, ordered, change):
    if ordered:
        slots = [sorted(slot, key=first) if isinstance(slot, list) else slot for slot in slots]
    data = bytearray(dag_cbor.encode([bytes([(1 << len(slots)) - 1]), slots]))
    if change is not None:
        data[change[0] % len(data)] = change[1]
    quick = read(bytes(data))
    with mock.patch.object(hamt_blocks, "_COMMON_BUCKET", re.compile(rb"(?!)")):
        assert read(bytes(data)) == quick
