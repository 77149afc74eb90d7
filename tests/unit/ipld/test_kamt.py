"""The KAMT: its one shape, its written form, and what malformed nodes meet."""

import random

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.kamt import Kamt
from papyrus.primitives.errors import DecodeError, LocalFault

FORMS = [
    {},
    {"bit_width": 1, "bucket_size": 3},
    {"bit_width": 4, "bucket_size": 3, "min_data_depth": 1},
    {"bit_width": 2, "bucket_size": 1},
    {"bit_width": 8, "bucket_size": 3},
    {"bit_width": 3, "bucket_size": 2, "min_data_depth": 2},
]


def word(number):
    return number.to_bytes(32, "big")


def filled(store, numbers, **form):
    tree = Kamt(store, **form)
    for number in numbers:
        tree.set(word(number), number % 1000)
    return tree


@pytest.mark.parametrize("form", FORMS)
def test_every_size_reads_back_in_order(form):
    store = MemoryBlockstore()
    tree = Kamt(store, **form)
    for count in range(300):
        tree.set(word(count), count)
        if count % 3 == 0:
            reopened = Kamt(store, tree.flush(), **form)
            assert list(reopened.items()) == [(word(i), i) for i in range(count + 1)]
            assert word(count) in reopened
            assert reopened.get(word(count + 1)) is None
            tree = reopened


@pytest.mark.parametrize("form", FORMS)
def test_shape_depends_on_the_entries_alone(form):
    numbers = [5, 6, 7, 1 << 255, (1 << 255) + 5, 1 << 200, (1 << 200) + 1, 3 << 100, 2**256 - 1]
    store = MemoryBlockstore()
    roots = {}
    for seed in range(30):
        order = random.Random(seed)  # noqa: S311 - shuffles, keeps no secret
        tree = Kamt(store, **form)
        kept = order.sample(numbers, order.randrange(len(numbers) + 1))
        for number in order.sample(numbers, len(numbers)):
            tree.set(word(number), number % 1000)
        if seed % 2:
            tree = Kamt(store, tree.flush(), **form)
        for number in set(numbers) - set(kept):
            assert tree.delete(word(number))
            assert not tree.delete(word(number))
        root = tree.flush()
        assert roots.setdefault(frozenset(kept), root) == root
        assert filled(store, sorted(kept), **form).flush() == root
        assert [key for key, _ in tree.items()] == [word(number) for number in sorted(kept)]


def test_written_form_is_the_reference_one():
    store = MemoryBlockstore()
    tree = filled(store, [])
    assert store.blocks[tree.flush()] == b"\x82\x40\x80"
    tree.set(word(0), b"zero")
    assert dag_cbor.decode(store.blocks[tree.flush()]) == [b"\1", [{"v": [[b"", b"zero"]]}]]
    tree.set(word(0x4D2), b"more")
    bitmap, slots = dag_cbor.decode(store.blocks[tree.flush()])
    child = store.blocks[slots[0]["l"][0]]
    # The two keys part at the 50th level: the root is the first, the extension 48 of five bits.
    assert (bitmap, slots[0]["l"][1:]) == (b"\1", [240, bytes(30)])
    expected = [{"v": [[b"", b"zero"]]}, {"v": [[b"\x04\xd2", b"more"]]}]
    assert dag_cbor.decode(child) == [(1 | 1 << (0x4D2 >> 6 & 31)).to_bytes(3, "big"), expected]


def test_setting_an_equal_value_changes_nothing():
    store = MemoryBlockstore()
    tree = filled(store, range(50))
    root, blocks = tree.flush(), len(store)
    assert not tree.set(word(7), 7)
    assert tree.flush() == root
    assert tree.set(word(7), True)
    assert tree.flush() != root
    assert len(store) > blocks


def test_reads_and_writes_touch_their_path_alone():
    store = MemoryBlockstore()
    root = filled(store, range(0, 10**6, 97)).flush()
    lean = MemoryBlockstore({root: store.blocks[root]})
    tree = Kamt(lean, root)
    with pytest.raises(LocalFault):
        tree.get(word(97))
    reads = []
    lean.get = lambda cid: reads.append(cid) or store.get(cid)
    assert tree.get(word(97)) == 97
    assert tree.set(word(97), b"new")
    assert len(reads) <= 4
    before = len(lean)
    tree.flush()
    assert len(lean) - before <= 5


def test_cleared_map_is_empty():
    tree = filled(MemoryBlockstore(), range(10))
    assert not tree.is_empty
    tree.clear()
    assert tree.is_empty
    assert list(tree.items()) == []


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_key_that_is_not_32_bytes_is_refused(key):
    tree = Kamt(MemoryBlockstore())
    for access in (tree.get, tree.delete, tree.__contains__, lambda key: tree.set(key, 1)):
        with pytest.raises(ValueError, match="32 bytes"):
            access(key)


@pytest.mark.parametrize("form", [{"bit_width": 0}, {"bit_width": 9}, {"bucket_size": 0}])
def test_forms_that_do_not_exist_are_refused(form):
    with pytest.raises(ValueError, match="bit width"):
        Kamt(MemoryBlockstore(), **form)


LINK = Cid.of(b"somewhere")
BUCKET = {"v": [[b"a", 1]]}


def link(cid=LINK, length=0, extension=b""):
    return {"l": [cid, length, extension]}


MALFORMED = {
    "no array": {},
    "one field": [b"\1"],
    "bitmap is text": ["\1", [BUCKET]],
    "bitmap of 33 bytes": [b"\0" * 32 + b"\1", [BUCKET]],
    "slots are bytes": [b"\1", b"a"],
    "too few slots": [b"\3", [BUCKET]],
    "too many slots": [b"\1", [BUCKET, BUCKET]],
    "more slots than the width": [b"\1" + b"\xff" * 4, [link()] * 33],
    "slot is a bucket": [b"\1", [[[b"a", 1]]]],
    "slot is a link": [b"\1", [LINK]],
    "slot is null": [b"\1", [None]],
    "slot is empty": [b"\1", [{}]],
    "slot is both": [b"\1", [BUCKET | link()]],
    "slot is another": [b"\1", [{"x": []}]],
    "bucket is a link": [b"\1", [{"v": LINK}]],
    "bucket is empty": [b"\1", [{"v": []}]],
    "bucket of two": [b"\1", [{"v": [[b"a", 1], [b"b", 1]]}]],
    "key is text": [b"\1", [{"v": [["a", 1]]}]],
    "key of 33 bytes": [b"\1", [{"v": [[b"a" * 33, 1]]}]],
    "entry of three": [b"\1", [{"v": [[b"a", 1, 2]]}]],
    "link of two": [b"\1", [{"l": [LINK, 0]}]],
    "link is bytes": [b"\1", [link(bytes(LINK))]],
    "link to other data": [b"\1", [link(Cid.of(b"", codec=0x55))]],
    "length is null": [b"\1", [link(length=None)]],
    "length is true": [b"\1", [link(length=True)]],
    "length is negative": [b"\1", [link(length=-5)]],
    "extension is text": [b"\1", [link(extension="")]],
    "extension ends within a level": [b"\1", [link(length=7, extension=b"\0")]],
    "extension leaves no bits": [b"\1", [link(length=255, extension=bytes(32))]],
    "extension is short": [b"\1", [link(length=10, extension=b"\0")]],
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_malformed_node_is_refused(value):
    store = MemoryBlockstore()
    root = put_cbor(store, value)
    with pytest.raises(DecodeError):
        Kamt(store, root)
    parent = put_cbor(store, [b"\xff" * 4, [link(root)] * 32])
    tree = Kamt(store, parent)
    for access in (tree.get, tree.delete, tree.__contains__, lambda key: tree.set(key, 1)):
        with pytest.raises(DecodeError):
            access(word(5))
    with pytest.raises(DecodeError):
        list(tree.items())
    assert tree.flush() == parent


def test_buckets_are_checked_by_the_form_in_force():
    store = MemoryBlockstore()
    ordered = put_cbor(store, [b"\1", [{"v": [[b"", 0], [b"\1", 1], [b"\1\0", 2]]}]])
    assert [key for key, _ in Kamt(store, ordered, bucket_size=3).items()] == [
        word(0),
        word(1),
        word(256),
    ]
    for keys in ([b"\2", b"\1"], [b"\1", b"\0\1"], [b"\1\0", b"\2"]):
        root = put_cbor(store, [b"\1", [{"v": [[key, 0] for key in keys]}]])
        with pytest.raises(DecodeError, match="not in order"):
            Kamt(store, root, bucket_size=3)
    with pytest.raises(DecodeError, match="data at depth 0"):
        Kamt(store, ordered, bucket_size=3, min_data_depth=1)


def test_empty_child_is_refused_though_an_empty_root_is_not():
    store = MemoryBlockstore()
    empty = put_cbor(store, [b"", []])
    assert Kamt(store, empty).is_empty
    with pytest.raises(DecodeError, match="child is empty"):
        Kamt(store, put_cbor(store, [b"\1", [link(empty)]])).get(word(0))


def test_stored_extension_is_written_back_as_it_was():
    store = MemoryBlockstore()
    child = put_cbor(store, [b"\3", [{"v": [[b"", 1]]}, {"v": [[b"\1", 2]]}]])
    # 245 of 248 bits: the three that pad the last byte are set, which no writer does.
    odd = link(child, 245, bytes(30) + b"\7")
    tree = Kamt(store, put_cbor(store, [b"\1", [odd]]))
    assert tree.get(word(0)) == 1
    assert tree.set(word(1 << 255), 3)
    assert dag_cbor.decode(store.blocks[tree.flush()])[1][0] == odd
    assert tree.set(word(0), 4)
    assert dag_cbor.decode(store.blocks[tree.flush()])[1][0]["l"][1:] == odd["l"][1:]


def test_path_longer_than_the_key_is_refused():
    store = MemoryBlockstore()
    node = put_cbor(store, [b"\1", [BUCKET]])
    for _ in range(60):
        node = put_cbor(store, [b"\1", [link(node)]])
    tree = Kamt(store, node)
    for access in (tree.get, tree.delete, lambda key: tree.set(key, 1)):
        with pytest.raises(DecodeError):
            access(word(0))
    with pytest.raises(DecodeError):
        list(tree.items())
    inner = put_cbor(store, [b"\1", [link(node, 240, bytes(30))]])
    tree = Kamt(store, put_cbor(store, [b"\1", [link(inner, 240, bytes(30))]]))
    for access in (tree.get, tree.delete, lambda key: tree.set(key, 1)):
        with pytest.raises(DecodeError):
            access(word(0))


def test_levels_skipped_count_towards_the_length_of_the_key():
    store = MemoryBlockstore()
    node = put_cbor(store, [b"\1", [BUCKET]])
    for extension in (b"", b"\0", bytes(30)):
        length = len(extension) * 8 // 5 * 5
        node = put_cbor(store, [b"\1", [link(node, length, extension)]])
    assert list(Kamt(store, node).items()) == [(b"a".rjust(32, b"\0"), 1)]
    for access in ("get", "delete", "__contains__"):
        with pytest.raises(DecodeError, match="deeper than its keys"):
            getattr(Kamt(store, node), access)(word(0))


def test_misplaced_key_cannot_be_parted_from_one_in_its_place():
    store = MemoryBlockstore()
    misplaced = put_cbor(store, [b"\1", [{"v": [[word(31 << 251), 1]]}]])
    with pytest.raises(DecodeError, match="deeper than its keys"):
        Kamt(store, misplaced).set(word(0), 2)


def test_child_that_held_one_entry_is_malformed_once_it_is_deleted():
    store = MemoryBlockstore()
    lone = put_cbor(store, [b"\1", [{"v": [[b"", 1]]}]])
    tree = Kamt(store, put_cbor(store, [b"\1", [link(lone)]]))
    assert tree.get(word(0)) == 1
    with pytest.raises(DecodeError, match="single entry"):
        tree.delete(word(0))
