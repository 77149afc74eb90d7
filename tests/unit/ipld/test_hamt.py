"""The HAMT: the reference's own cases and CIDs, laziness, and what malformed nodes meet."""

from types import SimpleNamespace

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.bitmap_nodes import Difference
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import SHA2_256, Cid
from papyrus.ipld.hamt import Hamt, diff
from papyrus.primitives.errors import DecodeError, LocalFault

EMPTY = "bafy2bzaceamp42wmmgr2g2ymg46euououzfyck7szknvfacqscohrvaikwfay"


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


def text(value):
    return str(value).encode()


def filled(store, count, start=0, **options):
    tree = Hamt(store, **options)
    for i in range(start, count):
        tree.set(text(i), text(i))
    return tree


def identity(monkeypatch):
    monkeypatch.setattr(
        "papyrus.ipld.hamt.sha256",
        lambda key: SimpleNamespace(digest=lambda: key[:32].ljust(32, b"\0")),
    )


def varint(number):
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


def test_empty_map_has_the_reference_cid():
    store = CountingBlockstore()
    root = Hamt(store).flush()
    assert str(root) == EMPTY
    assert store.blocks[root] == b"\x82\x40\x80"
    assert Hamt(store, root).flush() == root
    assert store.stats == [1, 1, 3, 3]


def test_one_entry_has_the_reference_cid():
    tree = Hamt(MemoryBlockstore(), bit_width=8)
    assert tree.set(b"favorite-animal", b"owl bear")
    expected = "bafy2bzaced2tgnlsq4n2ioe6ldy75fw3vlrrkyfv4bq6didbwoob2552zvpuk"
    assert str(tree.flush()) == expected


def test_setting_an_equal_value_writes_nothing():
    store = CountingBlockstore()
    tree = Hamt(store, bit_width=1)
    for i in range(30):
        tree.set(text(i), b"filler")
    expected = "bafy2bzacebjilcrsqa4uyxuh36gllup4rlgnvwgeywdm5yqq2ks4jrsj756qq"
    assert str(tree.flush()) == expected
    assert tree.set(b"favorite-animal", b"bright green bear")
    expected = "bafy2bzacea7biyabzk7v7le2rrlec5tesjbdnymh5sk4lfprxibg4rtudwtku"
    assert str(tree.flush()) == expected
    assert store.stats == [0, 18, 0, 1282]
    assert not tree.set(b"favorite-animal", bytes(bytearray(b"bright green bear")))
    assert str(tree.flush()) == expected
    assert store.stats == [0, 18, 0, 1282]


def test_value_changed_in_place_and_set_again_is_written():
    store = MemoryBlockstore()
    tree = Hamt(store)
    value = [1, [2]]
    tree.set(b"key", value)
    before = tree.flush()
    value[1].append(3)
    assert tree.set(b"key", value)
    assert tree.flush() != before
    assert Hamt(store, tree.flush()).get(b"key") == [1, [2, 3]]


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), ([0], [False])])
def test_values_python_calls_equal_are_told_apart(old, new):
    store = MemoryBlockstore()
    tree = Hamt(store)
    tree.set(b"key", old)
    assert tree.set(b"key", new)
    assert Hamt(store, tree.flush()).get(b"key") == new
    assert dag_cbor.encode(Hamt(store, tree.flush()).get(b"key")) == dag_cbor.encode(new)


def test_delete_has_the_reference_cids():
    store = CountingBlockstore()
    tree = Hamt(store, bit_width=8)
    for key, value in ((b"foo", b"cat dog bear"), (b"bar", b"cat dog"), (b"baz", b"cat")):
        tree.set(key, value)
    root = tree.flush()
    assert str(root) == "bafy2bzacebql36crv4odvxzstx2ubaczmawy2tlljxezvorcsoqeyyojxkrom"
    tree = Hamt(store, root, bit_width=8)
    assert tree.get(b"foo") == b"cat dog bear"
    assert tree.delete(b"foo")
    assert tree.get(b"foo") is None
    assert b"foo" not in tree
    assert not tree.delete(b"nonexistent")
    expected = "bafy2bzaced7up7wkm7cirieh5bs4iyula5inrprihmjzozmku3ywvekzzmlyi"
    assert str(tree.flush()) == expected
    assert store.stats == [1, 2, 79, 139]


def test_deleting_the_last_entry_gives_the_empty_map():
    store = CountingBlockstore()
    tree = Hamt(store, bit_width=8)
    tree.set(b"\0", b"Test data")
    root = tree.flush()
    assert str(root) == "bafy2bzaceb2hikcc6tfuuuuehjstbiq356oruwx6ejyse77zupq445unranv6"
    tree = Hamt(store, root, bit_width=8)
    assert tree.delete(b"\0")
    assert str(tree.flush()) == EMPTY
    assert store.stats == [1, 2, 31, 34]


def test_many_sets_and_deletes_have_the_reference_cids_and_writes():
    store = CountingBlockstore()
    first = "bafy2bzaceczhz54xmmz3xqnbmvxfbaty3qprr6dq7xh5vzwqbirlsnbd36z7a"
    tree = filled(store, 200)
    assert str(tree.flush()) == first
    for i in range(200, 400):
        tree.set(text(i), text(i))
    expected = "bafy2bzacecxcp736xkl2mcyjlors3tug6vdlbispbzxvb75xlrhthiw2xwxvw"
    assert str(tree.flush()) == expected
    assert all(tree.delete(text(i)) for i in range(200, 400))
    assert all(tree.get(text(i)) == text(i) for i in range(200))
    assert str(tree.flush()) == first
    assert all(tree.delete(text(i)) for i in range(200))
    assert tree.is_empty
    assert str(tree.flush()) == EMPTY
    assert store.stats == [0, 94, 0, 11737]


def test_iteration_reads_each_node_once_and_keeps_none():
    store = CountingBlockstore()
    tree = filled(store, 200)
    dirty = list(tree.items())
    root = tree.flush()
    assert store.stats == [0, 30, 0, 3209]
    tree = Hamt(store, root)
    assert list(tree.items()) == dirty
    assert sorted(dirty) == sorted((text(i), text(i)) for i in range(200))
    assert store.stats == [30, 30, 3209, 3209]
    for key, value in ((10, "modified-10"), (80, "modified-80"), (81, "modified-81")):
        tree.set(text(key), text(value))
    assert tree.delete(text(30))
    assert not tree.delete(text(300))
    assert len(list(tree.keys())) == 199
    expected = "bafy2bzacebln5j7tdfavh2qqhio6mgaoq6mm2jbmcex2ngcmi3uqlx5k3mov4"
    assert str(tree.flush()) == expected
    # ref-fvm reads one node more: it iterates past what the failed delete had loaded.
    assert store.stats == [59, 33, 5098, 4697]


def test_iteration_from_a_key_gives_the_rest_in_the_same_order():
    store = MemoryBlockstore()
    tree = Hamt(store)
    for i in range(200):
        tree.set(text(i), i)
    everything = list(tree.items())
    root = tree.flush()
    assert str(root) == "bafy2bzacedy4ypl2vedhdqep3llnwko6vrtfiys5flciz2f3c55pl4whlhlqm"
    for opened in (tree, Hamt(store, root)):
        for place, (key, _) in enumerate(everything):
            assert list(opened.items(key)) == everything[place:]
    for absent in map(text, range(200, 300)):
        with pytest.raises(KeyError):
            list(tree.items(absent))
    tree.set(b"10", 210)
    tree.delete(b"30")
    expected = "bafy2bzacecrxqeuuk34jsrol3azfpgy35ldw4bpgsa6pdxvzj262jzpvoekye"
    assert str(tree.flush()) == expected


def test_collapsed_child_keeps_its_keys_in_order():
    store = CountingBlockstore()
    tree = Hamt(store)
    for i in range(100, 195):
        tree.set(varint(i), 42)
    root = tree.flush()
    assert str(root) == "bafy2bzacebqox3gtng4ytexyacr6zmaliyins3llnhbnfbcrqmhzuhmuuawqk"
    tree = Hamt(store, root)
    tree.delete(varint(104))
    tree.delete(varint(108))
    root = tree.flush()
    assert str(root) == "bafy2bzacedlyeuub3mo4aweqs7zyxrbldsq2u4a2taswubudgupglu2j4eru6"
    Hamt(store, root)
    assert store.stats == [3, 11, 1449, 1751]


CANONICAL = [
    (5, "bafy2bzacec3cquclaqkb32cntwtizgij55b7isb4s5hv5hv5ujbbeu6clxkug", 22, 22),
    (6, "bafy2bzacebj7b2jahw7nxmu6mlhkwzucjmfq7aqlj52jusqtufqtaxcma4pdm", 24, 24),
    (7, "bafy2bzacedrwwndijql6lmmtyicjwyehxtgey5fhzocc43hrzhetrz25v2k2y", 28, 28),
    (8, "bafy2bzacecosy45hp4sz2t4o4flxvntnwjy7yaq43bykci22xycpeuj542lse", 38, 38),
]
CANONICAL_DEEP = [
    (5, "bafy2bzacedbiipe7l7gbtjandyyl6rqlkuqr2im2nl7d4bljidv5mta22rjqk", 139, 182),
    (6, "bafy2bzaceb3c76qlbsiv3baogpao3zah56eqonsowpkof33o5hmncfow4seso", 146, 194),
    (7, "bafy2bzacebhkyrwfexokaoygsx2crydq3fosiyfoa5bthphntmicsco2xf442", 154, 206),
    (8, "bafy2bzaceaqdaj5aqkwugr7wx4to3fahynoqlxuo5j6xznly3khazgyxihkbo", 163, 214),
]


@pytest.mark.parametrize(
    ("keys", "extra", "bit_width", "cid", "read", "written"),
    [((b"K",), b"B", *case) for case in CANONICAL]
    + [((b"K0", b"K1", b"KAA1", b"KAA2", b"KAA3"), b"KAA4", *case) for case in CANONICAL_DEEP],
)
def test_extra_key_set_and_deleted_leaves_no_trace(
    monkeypatch, keys, extra, bit_width, cid, read, written
):
    identity(monkeypatch)
    store = CountingBlockstore()
    tree = Hamt(store, bit_width=bit_width)
    for i, key in enumerate(keys):
        tree.set(key, text(i))
    first = Hamt(store, tree.flush(), bit_width=bit_width)
    assert [first.get(key) for key in keys] == [text(i) for i in range(len(keys))]
    tree.set(extra, b"0")
    tree.delete(extra)
    second = Hamt(store, tree.flush(), bit_width=bit_width)
    assert str(first.flush()) == str(second.flush()) == cid
    assert store.stats[2:] == [read, written]


def test_keys_with_one_hash_exceed_the_depth(monkeypatch):
    identity(monkeypatch)
    tree = Hamt(MemoryBlockstore())
    for last in range(3):
        tree.set(b"\xff" * 32 + bytes([last]), last)
    root = tree.flush()
    with pytest.raises(DecodeError, match="deeper than its hashes"):
        tree.set(b"\xff" * 33, 3)
    assert tree.flush() == root
    assert len(list(tree.items())) == 3


def test_last_level_takes_the_one_bit_left_of_the_hash(monkeypatch):
    identity(monkeypatch)
    store = MemoryBlockstore()
    tree = Hamt(store)
    keys = [b"\xff" * 31 + bytes([0xFE | low]) + bytes([i]) for low in (0, 1) for i in range(2)]
    for key in keys:
        tree.set(key, key)
    root = tree.flush()
    assert len(store) == 52
    assert sorted(Hamt(store, root).keys()) == sorted(keys)
    assert all(Hamt(store, root).get(key) == key for key in keys)
    assert tree.delete(keys[0])
    assert str(Hamt(store, tree.flush()).flush()) == str(tree.flush())
    assert len(tree.root.items[0]) == 3


def test_reads_and_writes_touch_their_path_alone():
    store = CountingBlockstore()
    root = filled(store, 20000).flush()
    for change in (lambda tree: tree.get(b"777"), lambda tree: tree.set(b"777", b"new")):
        store.stats = [0, 0, 0, 0]
        tree = Hamt(store, root)
        change(tree)
        tree.flush()
        assert store.stats[0] <= 4
        assert store.stats[1] in {0, store.stats[0]}


def test_reopened_map_answers_like_the_one_that_wrote_it():
    store = MemoryBlockstore()
    tree = filled(store, 300)
    reopened = Hamt(store, tree.flush())
    assert [reopened.get(text(i)) for i in range(301)] == [*map(text, range(300)), None]


def test_null_is_a_value_and_membership_tells():
    tree = Hamt(MemoryBlockstore())
    tree.set(b"key", None)
    assert tree.get(b"key") is None
    assert b"key" in tree
    assert b"other" not in tree


def test_cleared_map_is_the_empty_map():
    tree = filled(MemoryBlockstore(), 10)
    assert not tree.is_empty
    tree.clear()
    assert str(tree.flush()) == EMPTY


def test_legacy_form_wraps_each_slot_in_a_map():
    store = MemoryBlockstore()
    tree = filled(store, 40, legacy=True)
    root = tree.flush()
    _, slots = dag_cbor.decode(store.blocks[root])
    assert {tuple(slot) for slot in slots} == {("0",), ("1",)}
    assert all(isinstance(slot["0"], Cid) for slot in slots if "0" in slot)
    assert dict(Hamt(store, root, legacy=True).items()) == {text(i): text(i) for i in range(40)}
    with pytest.raises(DecodeError, match="another type"):
        Hamt(store, root)
    with pytest.raises(DecodeError, match="old HAMT slot"):
        Hamt(store, filled(store, 40).flush(), legacy=True)


def test_missing_block_is_a_local_fault():
    store = MemoryBlockstore()
    root = filled(store, 40).flush()
    with pytest.raises(LocalFault):
        Hamt(MemoryBlockstore(), root)
    tree = Hamt(MemoryBlockstore({root: store.blocks[root]}), root)
    with pytest.raises(LocalFault):
        [tree.get(text(i)) for i in range(40)]


@pytest.mark.parametrize("bit_width", [0, 9, -1])
def test_width_outside_one_to_eight_is_refused(bit_width):
    with pytest.raises(ValueError, match="bit width"):
        Hamt(MemoryBlockstore(), bit_width=bit_width)


LINK = Cid.of(b"somewhere")
BUCKET = [[b"a", 1]]

MALFORMED = {
    "no array": b"",
    "one field": [b"\1"],
    "three fields": [b"\1", [BUCKET], 0],
    "bitmap is no bytes": ["\1", [BUCKET]],
    "bitmap is a list": [[1], [BUCKET]],
    "bitmap of 33 bytes": [b"\0" * 32 + b"\1", [BUCKET]],
    "slots are no array": [b"\1", BUCKET[0][0]],
    "too few slots": [b"\3", [BUCKET]],
    "too many slots": [b"\1", [BUCKET, [[b"b", 1]]]],
    "more slots than the width": [b"\1" + b"\xff" * 4, [LINK] * 33],
    "slot is null": [b"\1", [None]],
    "slot is bytes": [b"\1", [bytes(LINK)]],
    "slot is a map": [b"\1", [{"1": BUCKET}]],
    "bucket is empty": [b"\1", [[]]],
    "bucket of four": [b"\1", [[[bytes([i]), i] for i in range(4)]]],
    "keys out of order": [b"\1", [[[b"b", 1], [b"a", 1]]]],
    "key twice": [b"\1", [[[b"a", 1], [b"b", 1], [b"b", 2]]]],
    "key is text": [b"\1", [[["a", 1]]]],
    "key is a link": [b"\1", [[[LINK, 1]]]],
    "entry of one": [b"\1", [[[b"a"]]]],
    "entry of three": [b"\1", [[[b"a", 1, 2]]]],
    "entry is null": [b"\1", [[None]]],
    "link to other data": [b"\1", [Cid.of(b"", codec=0x55)]],
    "link to protobuf": [b"\1", [Cid.of_digest(bytes(32), 0x70, 0xB220)]],
    "link of version 0": [b"\1", [Cid(b"\x12\x20" + bytes(32))]],
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_malformed_node_is_refused(value):
    store = MemoryBlockstore()
    root = put_cbor(store, value)
    with pytest.raises(DecodeError):
        Hamt(store, root)
    parent = put_cbor(store, [bytes([0xFF] * 4), [root] * 32])
    tree = Hamt(store, parent)
    for access in (tree.get, tree.delete, lambda key: tree.set(key, 1), tree.__contains__):
        with pytest.raises(DecodeError):
            access(b"any")
    with pytest.raises(DecodeError):
        list(tree.items())
    with pytest.raises(DecodeError):
        diff(tree, Hamt(store))
    assert tree.flush() == parent


@pytest.mark.parametrize(
    "slot",
    [None, BUCKET, LINK, {}, {"0": BUCKET}, {"1": LINK}, {"2": LINK}, {"0": LINK, "1": BUCKET}],
)
def test_malformed_legacy_slot_is_refused(slot):
    store = MemoryBlockstore()
    with pytest.raises(DecodeError):
        Hamt(store, put_cbor(store, [b"\1", [slot]]), legacy=True)


@pytest.mark.parametrize("data", [b"", b"\x82", b"\x82\x40\x80\x00", b"\x82\x58\x01\x01\x81\x80"])
def test_node_that_is_not_canonical_cbor_is_refused(data):
    with pytest.raises(DecodeError):
        Hamt(MemoryBlockstore({LINK: data}), LINK)


def test_value_is_judged_when_asked_for_and_carried_as_it_was():
    odd = bytes.fromhex("1801")
    # Slot 25 is where the hash of "a" begins: ca978112...
    store = MemoryBlockstore({LINK: b"\x82\x44\x02\0\0\0\x81\x81\x82\x41a" + odd})
    tree = Hamt(store, LINK)
    assert b"a" in tree
    with pytest.raises(DecodeError, match="not minimal"):
        tree.get(b"a")
    with pytest.raises(DecodeError, match="not minimal"):
        list(tree.items())
    assert list(tree.keys()) == [b"a"]
    assert tree.set(b"key", 7)
    assert b"\x82\x41a" + odd in store.blocks[tree.flush()]
    assert tree.set(b"a", 1)
    assert tree.get(b"a") == 1


def test_slot_that_was_not_asked_for_is_written_as_it_was_read():
    store = MemoryBlockstore()
    first = filled(store, 2000)
    root = first.flush()
    second = Hamt(store, root)
    assert second.set(b"new", b"value")
    assert first.set(b"new", b"value")
    assert first.get(b"777") == second.get(b"777")
    assert second.flush() == first.flush()
    assert second.delete(b"new")
    assert second.flush() == root


def test_value_outside_the_data_model_is_refused_and_changes_nothing():
    tree = Hamt(MemoryBlockstore())
    for value, error in ((1.5, TypeError), (object(), TypeError), (2**64, ValueError)):
        with pytest.raises(error):
            tree.set(b"key", value)
    assert tree.is_empty


def test_empty_child_is_refused_though_an_empty_root_is_not():
    store = MemoryBlockstore()
    empty = put_cbor(store, [b"\0", []])
    assert Hamt(store, empty).is_empty
    tree = Hamt(store, put_cbor(store, [b"\xff" * 4, [empty] * 32]))
    with pytest.raises(DecodeError, match="child is empty"):
        tree.get(b"any")


def test_child_small_enough_for_a_bucket_is_read_as_ref_fvm_does():
    store = MemoryBlockstore()
    child = put_cbor(store, [b"\xff" * 4, [[[b"key", i]] for i in range(32)]])
    parent = put_cbor(store, [b"\xff" * 4, [child] * 32])
    assert Hamt(store, parent).get(b"key") is not None
    for start in range(1 << 5):
        lone = put_cbor(store, [(1 << start).to_bytes(4, "big").lstrip(b"\0"), [[[b"key", 7]]]])
        tree = Hamt(store, put_cbor(store, [b"\xff" * 4, [lone] * 32]))
        if b"key" in tree:
            assert tree.get(b"key") == 7
            with pytest.raises(DecodeError, match="single entry"):
                tree.delete(b"key")
            return
    pytest.fail("no slot of the child was the key's")


def test_chain_of_children_longer_than_the_hash_is_refused():
    store = MemoryBlockstore()
    node = put_cbor(store, [b"\1", [BUCKET]])
    for _ in range(51):
        node = put_cbor(store, [b"\1", [node]])
    assert list(Hamt(store, node).items()) == [(b"a", 1)]
    assert diff(Hamt(store, node), Hamt(store)) == Difference({}, {b"a": 1}, {})
    node = put_cbor(store, [b"\1", [node]])
    with pytest.raises(DecodeError, match="deeper than its hashes"):
        list(Hamt(store, node).items())
    with pytest.raises(DecodeError, match="deeper than its hashes"):
        diff(Hamt(store, node), Hamt(store))
    full = put_cbor(store, [b"\xff" * 4, [BUCKET] * 32])
    for _ in range(52):
        full = put_cbor(store, [b"\xff" * 4, [full] * 32])
    tree = Hamt(store, full)
    for access in (tree.get, tree.delete, lambda key: tree.set(key, 1)):
        with pytest.raises(DecodeError, match="deeper than its hashes"):
            access(b"any")


def test_difference_is_found_at_the_last_level():
    store = MemoryBlockstore()
    roots = []
    for value in (1, 2):
        node = put_cbor(store, [b"\1", [[[b"a", value]]]])
        for _ in range(51):
            node = put_cbor(store, [b"\1", [node]])
        roots.append(Hamt(store, node))
    assert diff(*roots) == Difference({}, {}, {b"a": (1, 2)})


def test_child_linked_by_another_hash_function_is_read():
    store = MemoryBlockstore()
    leaf = dag_cbor.encode([b"\1", [BUCKET]])
    link = Cid.of(leaf, hash_code=SHA2_256)
    store.put(link, leaf)
    root = put_cbor(store, [b"\1", [link]])
    assert list(Hamt(store, root).items()) == [(b"a", 1)]
    old_leaf = dag_cbor.encode([b"\1", [{"1": BUCKET}]])
    old_link = Cid.of(old_leaf, hash_code=SHA2_256)
    store.put(old_link, old_leaf)
    old_root = put_cbor(store, [b"\1", [{"0": old_link}]])
    assert list(Hamt(store, old_root, legacy=True).items()) == [(b"a", 1)]


def test_difference_names_what_was_added_removed_and_changed():
    store = MemoryBlockstore()
    old = filled(store, 500)
    new = Hamt(store, old.flush())
    new.set(b"7", b"seven")
    new.set(b"500", b"more")
    new.delete(b"3")
    expected = Difference({b"500": b"more"}, {b"3": b"3"}, {b"7": (b"7", b"seven")})
    assert diff(old, new) == expected
    assert diff(Hamt(store, old.flush()), Hamt(store, new.flush())) == expected
    assert diff(new, Hamt(store, new.flush())) == Difference()


def test_difference_reads_only_where_the_trees_differ():
    store = CountingBlockstore()
    old = filled(store, 20000)
    root = old.flush()
    old.set(b"1234", b"new")
    changed = old.flush()
    store.stats = [0, 0, 0, 0]
    found = diff(Hamt(store, root), Hamt(store, changed))
    assert found == Difference({}, {}, {b"1234": (b"1234", b"new")})
    assert store.stats[0] <= 8


def test_difference_of_a_tree_and_its_stored_self_reads_nothing():
    store = CountingBlockstore()
    written = filled(store, 500)
    stored = Hamt(store, written.flush())
    store.stats = [0, 0, 0, 0]
    assert diff(written, stored) == diff(stored, written) == Difference()
    assert store.stats == [0, 0, 0, 0]


def test_difference_lists_keys_in_the_order_of_the_tree():
    store = MemoryBlockstore()
    tree = filled(store, 200)
    assert list(diff(Hamt(store), tree).added) == list(tree.keys())
    assert list(diff(tree, Hamt(store)).removed) == list(tree.keys())


def test_difference_of_unlike_shapes_is_refused():
    store = MemoryBlockstore()
    with pytest.raises(ValueError, match="share no shape"):
        diff(Hamt(store, bit_width=5), Hamt(store, bit_width=6))
