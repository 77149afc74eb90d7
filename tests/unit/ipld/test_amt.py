"""The AMT: the reference's own cases and CIDs, laziness, and what malformed nodes meet."""

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import MAX_INDEX, Amt, amt_root, diff
from papyrus.ipld.bitmap_nodes import Difference
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault

EMPTY = "bafy2bzacedijw74yui7otvo63nfl3hdq2vdzuy7wx2tnptwed6zml4vvz7wee"


class CountingBlockstore(MemoryBlockstore):
    """Counts what ref-fvm's tracking store counts: reads, writes, and the bytes of each."""

    def __init__(self):
        super().__init__()
        self.stats = [0, 0, 0, 0]

        def get(cid):
            data = self.blocks.get(cid)
            self.stats[0] += 1
            self.stats[2] += len(data or b"")
            return data

        self.get = get

    def put(self, cid, data):
        super().put(cid, data)
        self.stats[1] += 1
        self.stats[3] += len(data)


def of_items(store, items, **options):
    array = Amt(store, **options)
    for index, value in items.items():
        array.set(index, value)
    return array


def test_one_element_has_the_reference_cid_in_both_versions():
    store = CountingBlockstore()
    root = of_items(store, {2: b"foo"}).flush()
    assert str(root) == "bafy2bzacedv5uu5za6oqtnozjvju5lhbgaybayzhw4txiojw7hd47ktgbv5wc"
    assert Amt(store, root).get(2) == b"foo"
    assert store.stats == [1, 1, 13, 13]
    store = CountingBlockstore()
    root = of_items(store, {2: b"foo"}, version=0).flush()
    assert str(root) == "bafy2bzaceansvim5z2rzifilsbzsjuoul2adx7iad7x3b4paj3qsexqf6ovxk"
    assert Amt(store, root, version=0).get(2) == b"foo"
    assert store.stats == [1, 1, 12, 12]


def test_last_indices_have_the_reference_cid():
    store = CountingBlockstore()
    array = Amt(store)
    array.set(MAX_INDEX, b"what is up")
    assert array.height == 21
    for access in (array.get, array.delete, array.__contains__, lambda i: array.set(i, b"")):
        for index in (MAX_INDEX + 1, -1):
            with pytest.raises(IndexError, match="out of range"):
                access(index)
    array.set(MAX_INDEX - 1, b"what is up")
    expected = "bafy2bzacecl3zuubhdvkojg6uhbu4mebaehx554q6algfjitqiivvnrqprkxo"
    assert str(array.flush()) == expected
    assert store.stats == [0, 22, 0, 1039]
    assert [index for index, _ in array.items()] == [MAX_INDEX - 1, MAX_INDEX]


def test_growing_and_reading_back_have_the_reference_cid():
    store = CountingBlockstore()
    values = {2: b"foo", 11: b"bar", 79: b"baz"}
    root = of_items(store, values).flush()
    assert str(root) == "bafy2bzacecughjbclx3lbqwibrwc6pe7nttlc3qewedsrayghsvh5j5lpofiq"
    array = Amt(store, root)
    assert {index: array.get(index) for index in values} == values
    assert [array.get(index) for index in (3, 80, 511, 512, MAX_INDEX)] == [None] * 5
    assert store.stats == [6, 6, 261, 261]


def test_bulk_insert_has_the_reference_cid():
    store = CountingBlockstore()
    array = of_items(store, dict.fromkeys(range(5000), b"foo foo bar"))
    assert len(array) == array.count == 5000
    root = array.flush()
    assert str(root) == "bafy2bzacecfquuqzqzlox25aynodzw2qhxijdzfvno6tibyes3kb6nd3f7uxa"
    array = Amt(store, root)
    assert all(array.get(index) == b"foo foo bar" for index in range(5000))
    assert store.stats == [717, 717, 94379, 94379]
    assert amt_root(store, [b"foo foo bar"] * 5000, 3, 3) == root


def test_flush_keeps_nodes_for_reading():
    store = CountingBlockstore()
    array = of_items(store, dict.fromkeys(range(100), b"foo foo bar"))
    root = array.flush()
    assert all(array.get(index) == b"foo foo bar" for index in range(100))
    assert array.flush() == root
    assert store.stats == [0, 16, 0, 1930]


def test_delete_has_the_reference_cid():
    store = CountingBlockstore()
    array = of_items(store, dict.fromkeys(range(4), b"cat"))
    assert array.delete(1)
    assert array.get(1) is None
    assert 1 not in array
    assert array.count == 3
    assert all(array.delete(index) for index in (0, 2, 3))
    assert array.count == 0
    array.set(23, b"dog")
    array.set(24, b"dog")
    assert array.delete(23)
    root = array.flush()
    assert str(root) == "bafy2bzacebnnxpurpb3zqqr22i7ch4uruz6hgykn3ryzoo4hh3ox2m2kufsvg"
    assert Amt(store, root).count == 1
    assert of_items(store, {24: b"dog"}).flush() == root
    assert store.stats == [1, 4, 52, 122]


def test_deleting_what_is_absent_changes_nothing():
    array = of_items(MemoryBlockstore(), {1: "one", 9: "nine"})
    root = array.flush()
    assert not any(array.delete(index) for index in (10, 0, 64, MAX_INDEX))
    assert (array.height, array.count, array.flush()) == (1, 2, root)


def test_deletes_lower_the_tree_to_its_one_shape():
    store = CountingBlockstore()
    array = of_items(store, {0: b"cat", 27: b"cat"})
    assert array.height == 1
    assert array.delete(27)
    root = array.flush()
    assert str(root) == "bafy2bzacecmxrjeri2ojuy3riae2mpbnztx2hqggqgkcrxao2nwpga77j2vqe"
    assert (Amt(store, root).height, Amt(store, root).count) == (0, 1)

    store = CountingBlockstore()
    array = of_items(store, {1: b"thing"})
    low = array.flush()
    assert str(low) == "bafy2bzacebmkyah6kppbszluix3g332hntzx6wfdcqcr5hjdsaxri5jhgrdmo"
    array.set(37, b"other")
    array = Amt(store, array.flush())
    assert (array.height, array.count) == (1, 2)
    assert array.delete(37)
    assert (array.height, array.count, array.flush()) == (0, 1, low)
    assert store.stats == [3, 5, 117, 147]


def test_emptied_array_is_the_empty_array():
    store = CountingBlockstore()
    array = Amt(store)
    assert str(array.flush()) == EMPTY
    array.set(100_000, b"foo")
    array.delete(100_000)
    assert str(array.flush()) == EMPTY
    assert store.stats == [0, 2, 0, 18]


def test_every_length_has_one_root_growing_and_shrinking():
    store = MemoryBlockstore()
    array = Amt(store)
    roots = []
    for index in range(500):
        roots.append(array.flush())
        array.set(index, str(index))
    for reopened in (array, Amt(store, array.flush())):
        for index in reversed(range(500)):
            assert reopened.delete(index)
            assert reopened.flush() == roots[index]


@pytest.mark.parametrize("bit_width", [1, 2, 3, 5, 8])
def test_building_from_a_list_equals_setting_one_by_one(bit_width):
    store = MemoryBlockstore()
    for count in (0, 1, 2, 8, 9, 31, 32, 33, 64, 65, 257):
        values = [[index, b"x"] for index in range(count)]
        array = of_items(store, dict(enumerate(values)), bit_width=bit_width)
        assert amt_root(store, values, bit_width, 3) == array.flush()
        built = Amt.from_values(store, iter(values), bit_width=bit_width)
        assert [value for _, value in built.items()] == values
        assert built.count == count
    old = of_items(store, dict(enumerate(values)), version=0)
    assert amt_root(store, values) == old.flush()


def test_iteration_starts_where_asked_and_reads_no_more():
    store = CountingBlockstore()
    indices = [index for index in range(10000) if (index + 1) % 3 == 0]
    array = of_items(store, dict.fromkeys(indices, b"value"))
    dirty = list(array.items())
    root = array.flush()
    assert str(root) == "bafy2bzaceanqxtbsuyhqgxubiq6vshtbhktmzp2if4g6kxzttxmzkdxmtipcm"
    array = Amt(store, root)
    assert list(array.items()) == dirty == [(index, b"value") for index in indices]
    assert store.stats == [1431, 1431, 88649, 88649]
    for start in (0, 1, 2, 3, 511, 512, 4095, 4096, 9998, 9999, 10000, 10**6, MAX_INDEX + 1):
        found = [index for index, _ in array.items(start)]
        assert found == [index for index in indices if index >= start]
    store.stats = [0, 0, 0, 0]
    assert next(array.items(9998)) == (9998, b"value")
    assert store.stats[0] <= 5


def test_iteration_from_the_edge_of_a_subtree_does_not_read_the_one_before():
    store = CountingBlockstore()
    array = Amt(store, amt_root(store, list(range(64)), 3, 3))
    store.stats = [0, 0, 0, 0]
    assert [value for _, value in array.items(8)] == list(range(8, 64))
    assert store.stats[0] == 7


@pytest.mark.parametrize(("bit_width", "capacity"), [(1, 2), (3, 8), (5, 32)])
def test_index_just_beyond_the_capacity_is_absent(bit_width, capacity):
    store = MemoryBlockstore()
    array = Amt.from_values(store, range(capacity), bit_width=bit_width)
    root = array.flush()
    assert array.height == 0
    assert array.get(capacity) is None
    assert capacity not in array
    assert not array.delete(capacity)
    assert (array.count, array.flush()) == (capacity, root)
    assert array.delete(capacity - 1)


def test_flush_writes_the_changed_nodes_alone():
    store = CountingBlockstore()
    array = Amt(store, amt_root(store, list(range(64)), 3, 3))
    assert [array.get(index) for index in (0, 9, 63)] == [0, 9, 63]
    array.set(63, "new")
    store.stats = [0, 0, 0, 0]
    array.flush()
    assert store.stats[:2] == [0, 2]


@pytest.mark.parametrize(
    ("bit_width", "length"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 4), (8, 32), (18, 1 << 15)]
)
def test_bitmap_has_a_bit_for_each_slot_and_at_least_one_byte(bit_width, length):
    store = MemoryBlockstore()
    root = amt_root(store, ["first", "second"], bit_width, 3)
    node = [b"\3".ljust(length, b"\0"), [], ["first", "second"]]
    assert dag_cbor.decode(store.blocks[root]) == [bit_width, 0, 2, node]
    assert Amt(store, root, bit_width=bit_width).get(1) == "second"


def test_array_of_values_takes_the_form_it_is_asked_for():
    store = MemoryBlockstore()
    old = Amt.from_values(store, [7], version=0)
    assert dag_cbor.decode(store.blocks[old.flush()]) == [0, 1, [b"\1", [], [7]]]
    assert (old.version, old.get(0)) == (0, 7)
    old.set(0, 8)
    assert dag_cbor.decode(store.blocks[old.flush()]) == [0, 1, [b"\1", [], [8]]]
    wide = Amt.from_values(store, range(33), bit_width=5)
    assert (wide.version, wide.bit_width, wide.height, wide.count) == (3, 5, 1, 33)


def test_reads_and_writes_touch_their_path_alone():
    store = CountingBlockstore()
    root = amt_root(store, list(range(20000)), 3, 3)
    for change in (lambda array: array.get(777), lambda array: array.set(777, -1)):
        store.stats = [0, 0, 0, 0]
        array = Amt(store, root)
        change(array)
        array.flush()
        assert store.stats[0] == array.height + 1 == 5
        assert store.stats[1] in {0, 5}


def test_null_is_a_value_and_membership_tells():
    store = MemoryBlockstore()
    array = Amt(store, amt_root(store, [None], 3, 3))
    assert array.get(0) is None
    assert 0 in array
    assert 1 not in array
    array.set(0, None)
    assert array.count == 1
    assert array.delete(0)


def test_stored_width_holds_unless_another_is_asked_for():
    store = MemoryBlockstore()
    root = amt_root(store, list(range(100)), 5, 3)
    assert Amt(store, root).bit_width == 5
    assert Amt(store, root, bit_width=5).get(99) == 99
    with pytest.raises(DecodeError, match="bit width 5"):
        Amt(store, root, bit_width=3)


def test_missing_block_is_a_local_fault():
    store = MemoryBlockstore()
    root = amt_root(store, list(range(100)), 3, 3)
    with pytest.raises(LocalFault):
        Amt(MemoryBlockstore(), root)
    array = Amt(MemoryBlockstore({root: store.blocks[root]}), root)
    for access in (array.get, array.delete, lambda index: array.set(index, 1)):
        with pytest.raises(LocalFault):
            access(50)
    assert array.flush() == root


@pytest.mark.parametrize(("bit_width", "version"), [(0, 3), (19, 3), (5, 0), (3, 4), (3, 1)])
def test_forms_that_do_not_exist_are_refused(bit_width, version):
    with pytest.raises(ValueError, match="array"):
        Amt(MemoryBlockstore(), bit_width=bit_width, version=version)
    with pytest.raises(ValueError, match="array"):
        amt_root(MemoryBlockstore(), [], bit_width, version)


LINK = Cid.of(b"somewhere")
LEAF = [b"\1", [], [7]]
BRANCH = [b"\1", [LINK], []]

MALFORMED_ROOTS = {
    "no array": b"",
    "version 0": [0, 1, LEAF],
    "five fields": [3, 0, 1, LEAF, 0],
    "width 0": [0, 0, 1, LEAF],
    "width 19": [19, 0, 1, LEAF],
    "width 64": [2**64 - 1, 0, 1, LEAF],
    "width is negative": [-1, 0, 1, LEAF],
    "width is true": [True, 0, 1, LEAF],
    "height is null": [3, None, 1, LEAF],
    "height is bytes": [3, b"", 1, LEAF],
    "count is negative": [3, 0, -1, LEAF],
    "height out of bounds": [3, 22, 1, BRANCH],
    "height of 64 bits": [4, 16, 1, [b"\1\0", [LINK], []]],
    "height enormous": [3, 2**64 - 1, 1, BRANCH],
    "count beyond the height": [3, 0, 9, [b"\xff", [], list(range(8))]],
    "empty above the leaves": [3, 1, 0, [b"\0", [], []]],
    "leaf above the leaves": [3, 1, 1, LEAF],
    "links in a leaf": [3, 0, 1, BRANCH],
    "links and values": [3, 0, 1, [b"\1", [LINK], [7]]],
    "node is no array": [3, 0, 1, b"\1"],
    "node of two": [3, 0, 1, [b"\1", [7]]],
    "bitmap is text": [3, 0, 1, ["\1", [], [7]]],
    "bitmap too short": [3, 0, 1, [b"", [], [7]]],
    "bitmap too long": [3, 0, 1, [b"\1\0", [], [7]]],
    "bitmap of another width": [4, 0, 1, [b"\1", [], [7]]],
    "links are bytes": [3, 0, 1, [b"\1", b"", [7]]],
    "values are a map": [3, 0, 1, [b"\1", [], {"a": 7}]],
    "too few values": [3, 0, 2, [b"\3", [], [7]]],
    "too many values": [3, 0, 1, [b"\1", [], [7, 8]]],
    "bitmap of an empty node": [3, 0, 0, [b"\1", [], []]],
    "bits above the width alone": [2, 0, 1, [b"\x10", [], [7]]],
    "too few links": [3, 1, 1, [b"\3", [LINK], []]],
    "too many links": [3, 1, 1, [b"\1", [LINK, LINK], []]],
    "link is bytes": [3, 1, 1, [b"\1", [bytes(LINK)], []]],
    "link to other data": [3, 1, 1, [b"\1", [Cid.of(b"", codec=0x55)], []]],
}


@pytest.mark.parametrize("value", MALFORMED_ROOTS.values(), ids=MALFORMED_ROOTS)
def test_malformed_root_is_refused(value):
    store = MemoryBlockstore()
    with pytest.raises(DecodeError):
        Amt(store, put_cbor(store, value))


MALFORMED_LEAVES = {
    "empty": [b"\0", [], []],
    "links": [b"\xff", [LINK] * 8, []],
    "links and values": [b"\1", [LINK], [7]],
    "too few values": [b"\xff", [], [7]],
    "no node": 7,
}


@pytest.mark.parametrize("value", MALFORMED_LEAVES.values(), ids=MALFORMED_LEAVES)
def test_malformed_leaf_is_refused_when_it_is_reached(value):
    store = MemoryBlockstore()
    leaf = put_cbor(store, value)
    root = put_cbor(store, [3, 1, 2, [b"\3", [leaf, leaf], []]])
    array = Amt(store, root)
    for access in (array.get, array.delete, array.__contains__, lambda index: array.set(index, 1)):
        with pytest.raises(DecodeError):
            access(3)
    with pytest.raises(DecodeError):
        list(array.items())
    with pytest.raises(DecodeError):
        diff(array, Amt(store))
    assert array.get(16) is None
    assert array.flush() == root


def test_bits_above_a_narrow_width_are_ignored_and_not_written_back():
    store = MemoryBlockstore()
    root = put_cbor(store, [2, 0, 1, [b"\xf1", [], [7]]])
    array = Amt(store, root)
    assert list(array.items()) == [(0, 7)]
    assert array.flush() == root
    array.set(0, 7)
    assert dag_cbor.decode(store.blocks[array.flush()]) == [2, 0, 1, [b"\1", [], [7]]]


def test_tree_taller_than_its_elements_is_read_as_go_amt_reads_it():
    store = MemoryBlockstore()
    leaf = put_cbor(store, [b"\x80", [], [b""]])
    middle = put_cbor(store, [b"\2", [leaf], []])
    array = Amt(store, put_cbor(store, [3, 2, 1, [b"\1", [middle], []]]))
    assert array.get(15) == b""
    assert array.get(31) is None
    assert array.delete(15)
    assert str(array.flush()) == EMPTY


def test_element_beyond_the_last_index_is_refused():
    store = MemoryBlockstore()
    node = put_cbor(store, [b"\x80", [], [7]])
    for _ in range(20):
        node = put_cbor(store, [b"\x80", [node], []])
    array = Amt(store, put_cbor(store, [3, 21, 1, [b"\2", [node], []]]))
    with pytest.raises(DecodeError, match="beyond its last index"):
        list(array.items())


def test_count_that_does_not_match_is_refused():
    store = MemoryBlockstore()
    array = Amt(store, put_cbor(store, [3, 0, 0, LEAF]))
    with pytest.raises(DecodeError, match="below its number"):
        array.delete(0)
    node = put_cbor(store, LEAF)
    for _ in range(20):
        node = put_cbor(store, [b"\1", [node], []])
    for count in (MAX_INDEX, 2**64 - 1):
        array = Amt(store, put_cbor(store, [3, 21, count, [b"\3", [node, node], []]]))
        with pytest.raises(DecodeError, match="beyond its indices"):
            array.set(1, 7)


def test_difference_names_what_was_added_removed_and_changed():
    store = MemoryBlockstore()
    old = of_items(store, {index: index for index in range(100)})
    new = Amt(store, old.flush())
    new.set(7, -7)
    new.set(10**6, b"more")
    new.delete(3)
    expected = Difference({10**6: b"more"}, {3: 3}, {7: (7, -7)})
    assert diff(old, new) == expected
    assert diff(Amt(store, old.flush()), Amt(store, new.flush())) == expected
    assert diff(new, old) == Difference({3: 3}, {10**6: b"more"}, {7: (-7, 7)})
    assert diff(old, Amt(store, old.flush())) == Difference()


def test_difference_with_an_empty_array_is_everything():
    store = MemoryBlockstore()
    array = of_items(store, {0: "a", 700: "b"})
    assert diff(Amt(store), array) == Difference({0: "a", 700: "b"}, {}, {})
    assert diff(array, Amt(store)) == Difference({}, {0: "a", 700: "b"}, {})
    assert diff(Amt(store), Amt(store)) == Difference()


def test_difference_reads_only_where_the_trees_differ():
    store = CountingBlockstore()
    old = of_items(store, dict(enumerate(range(4096))))
    root = old.flush()
    old.set(10**5, "new")
    changed = old.flush()
    store.stats = [0, 0, 0, 0]
    found = diff(Amt(store, root), Amt(store, changed))
    assert found == Difference({10**5: "new"}, {}, {})
    assert store.stats[0] <= 12


def test_difference_of_an_array_and_its_stored_self_reads_nothing():
    store = CountingBlockstore()
    written = of_items(store, dict(enumerate(range(500))))
    stored = Amt(store, written.flush())
    store.stats = [0, 0, 0, 0]
    assert diff(written, stored) == diff(stored, written) == Difference()
    assert store.stats == [0, 0, 0, 0]


def test_difference_lists_indices_in_order():
    store = MemoryBlockstore()
    array = of_items(store, dict(enumerate(range(500))))
    assert list(diff(Amt(store), array).added) == list(range(500))
    assert list(diff(array, Amt(store)).removed) == list(range(500))


def test_difference_of_unlike_shapes_is_refused():
    store = MemoryBlockstore()
    with pytest.raises(ValueError, match="share no shape"):
        diff(Amt(store, bit_width=3), Amt(store, bit_width=5))
