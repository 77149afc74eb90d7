"""Every tree found in real chains is rebuilt from its entries alone, to the same root."""

from collections import Counter

import pytest
import zstandard

from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import Amt, amt_root
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import DAG_CBOR, Cid, read
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.kamt import Kamt
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import decode_unsigned


def blocks_of(path):
    """Return a compressed CAR's blocks, without the header."""
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file).read()
    length, at = decode_unsigned(raw)
    at += length
    found = {}
    while at < len(raw):
        length, at = decode_unsigned(raw, at)
        cid, start = read(raw, at)
        found[cid] = raw[start : at + length]
        at += length
    return found


def decoded(blocks):
    for cid, data in blocks.items():
        if cid.codec == DAG_CBOR:
            try:
                yield cid, dag_cbor.decode(data)
            except DecodeError:
                continue


def is_amt_node(value):
    kinds = [type(field) for field in value] if type(value) is list else []
    return kinds == [bytes, list, list]


def amts(values):
    for cid, value in values:
        if type(value) is list and len(value) in {3, 4} and is_amt_node(value[-1]):
            yield cid, 3 if len(value) == 4 else 0, value[0] if len(value) == 4 else 3


def map_roots(values, link_of):
    """Return the nodes whose slots `link_of` knows that no other such node links to."""
    nodes, children = [], set()
    for cid, value in values:
        if type(value) is list and [type(field) for field in value] == [bytes, list]:
            try:
                children.update(link_of(slot) for slot in value[1])
            except (KeyError, TypeError):
                continue
            nodes.append(cid)
    return [cid for cid in nodes if cid not in children]


def hamt_link(slot):
    if isinstance(slot, Cid):
        return slot
    if type(slot) is list and slot and all(type(entry) is list for entry in slot):
        return None
    raise TypeError


def legacy_link(slot):
    return None if "1" in slot else slot["0"]


def kamt_link(slot):
    return None if "v" in slot else slot["l"][0]


def rebuilt(make, items):
    tree = make(MemoryBlockstore())
    for key, value in items:
        tree.set(key, value)
    return tree.flush()


def emptied_and_refilled(tree, items):
    for key, value in items[::2]:
        assert tree.get(key) == value
        assert tree.delete(key)
    for key, value in items[::2]:
        tree.set(key, value)
    return tree.flush()


def hamt_width(store, cid, *, legacy=False):
    """Return the width of the map, which nodes do not say; None where it is no map."""
    for bit_width in (5, 6, 3):
        try:
            items = list(Hamt(store, cid, bit_width=bit_width, legacy=legacy).items())
        except DecodeError:
            continue
        options = {"bit_width": bit_width, "legacy": legacy}
        if rebuilt(lambda blocks, options=options: Hamt(blocks, **options), items) == cid:
            return bit_width
    return None


@pytest.mark.parametrize(("network", "actors"), [("mainnet", 37), ("calibnet", 18)])
def test_genesis_trees_are_rebuilt(shared, network, actors):
    store = MemoryBlockstore(blocks_of(shared / "genesis" / f"{network}.car.zst"))
    values = list(decoded(store.blocks))
    header = next(value for _, value in values if type(value) is list and len(value) == 16)
    state = Hamt(store, header[8], legacy=True)
    entries = list(state.items())
    assert len(entries) == actors
    assert all(key[0] == 0 and len(actor) == 4 for key, actor in entries)
    assert emptied_and_refilled(state, entries) == header[8]

    roots = map_roots(values, legacy_link)
    assert header[8] in roots
    # The shape of the empty map is the same in both forms.
    assert {hamt_width(store, cid, legacy=True) for cid in roots} == {5}
    checked = Counter()
    for cid, version, bit_width in amts(values):
        array = Amt(store, cid, version=version, bit_width=bit_width)
        items = list(array.items())
        assert emptied_and_refilled(array, items) == cid
        if [index for index, _ in items] == list(range(len(items))):
            assert amt_root(store, [value for _, value in items], bit_width, version) == cid
        checked[version] += 1
    assert checked == {0: 21}


@pytest.mark.parametrize("chain", ["fevm-basic", "fevm", "miner"])
def test_chain_trees_are_rebuilt(shared, chain):
    store = MemoryBlockstore(blocks_of(shared / "chains" / chain / "chain.car.zst"))
    values = list(decoded(store.blocks))
    widths = Counter(hamt_width(store, cid) for cid in map_roots(values, hamt_link))
    assert widths[5] >= 45
    assert widths[None] == 0
    arrays = Counter()
    for cid, version, bit_width in amts(values):
        array = Amt(store, cid, version=version, bit_width=bit_width)
        items = list(array.items())
        assert array.count == len(items)
        assert emptied_and_refilled(array, items) == cid
        arrays[version] += 1
    assert arrays[0] >= 9
    assert arrays[3] >= 10
    if chain.startswith("fevm"):
        stored = 0
        for cid in map_roots(values, kamt_link):
            tree = Kamt(store, cid)
            items = list(tree.items())
            stored += len(items)
            assert items == sorted(items)
            assert rebuilt(Kamt, items) == cid
            assert emptied_and_refilled(tree, items) == cid
        assert stored
