"""Rewriting trees in place gives what building them anew would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.migrations.trees import SHARES, RecentMemo, rewrite_array, rewrite_map
from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.hamt_blocks import node_block
from papyrus.ipld.tree_blocks import put_block
from papyrus.primitives.errors import DecodeError, LocalFault


def double(value: int) -> bytes:
    return dag_cbor.encode([value, value])


def map_of(store, entries) -> Cid:
    tree = Hamt(store)
    for key, value in entries.items():
        tree.set(key, value)
    return tree.flush()


def array_of(store, values, bit_width) -> Cid:
    array = Amt(store, bit_width=bit_width)
    for index, value in values.items():
        array.set(index, value)
    return array.flush()


@given(st.dictionaries(st.binary(max_size=4), st.integers(0, 9), max_size=200))
def test_a_rewritten_map_is_the_map_of_the_new_values(entries):
    store = MemoryBlockstore()
    root = map_of(store, entries)
    new = rewrite_map(store, root, lambda _key, value: double(dag_cbor.decode(value)), RecentMemo())
    assert new == map_of(store, {key: [value, value] for key, value in entries.items()})


@given(
    st.dictionaries(st.one_of(st.integers(0, 300), st.integers(0, 2**64 - 2)), st.integers(0, 3)),
    st.integers(1, 6),
    st.booleans(),
)
def test_a_rewritten_array_is_the_array_of_the_new_values(values, bit_width, has_memo):
    store = MemoryBlockstore()
    root = array_of(store, values, bit_width)
    memo = {"memo": RecentMemo()} if has_memo else {}
    new = rewrite_array(
        store, root, bit_width, lambda _, value: double(dag_cbor.decode(value)), **memo
    )
    expected = {index: [value, value] for index, value in values.items()}
    assert new == array_of(store, expected, bit_width)


def test_values_of_an_array_are_given_their_index_in_order():
    store = MemoryBlockstore()
    values = dict.fromkeys((5, 70, 9000, 2**40), 0)
    heard = []

    def rewrite(index, value):
        heard.append(index)
        return value

    rewrite_array(store, array_of(store, values, 3), 3, rewrite)
    assert heard == sorted(values)


def test_a_memo_spares_what_two_trees_share():
    store, memo, heard = MemoryBlockstore(), RecentMemo(), []

    def rewrite(_, value):
        heard.append(value)
        return value

    values = {index: index for index in range(1_000)}
    for root in (array_of(store, values, 5), array_of(store, {**values, 3: 0}, 5)):
        rewrite_array(store, root, 5, rewrite, memo)
    assert len(heard) == 1_000 + 32


def test_a_memo_forgets_what_was_not_asked_for_longest():
    cids = [Cid.of(bytes([number])) for number in range(4)]
    memo = RecentMemo(limit=2)
    memo.put(cids[0], cids[1])
    memo.put(cids[1], cids[2])
    assert memo.get(cids[0]) == cids[1]
    memo.put(cids[2], cids[3])
    assert [memo.get(cid) for cid in cids[:3]] == [cids[1], None, cids[3]]


def test_progress_grows_to_the_whole():
    store, heard = MemoryBlockstore(), []
    root = map_of(store, {number.to_bytes(2, "big"): 0 for number in range(3_000)})
    rewrite_map(store, root, lambda _, value: value, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == SHARES
    assert len(set(heard)) > SHARES - 100


def test_a_map_in_another_than_its_one_form_is_refused():
    store = MemoryBlockstore()
    child = put_block(store, node_block(1, [[[b"key", b"\x00"]]], legacy=False))
    root = put_block(store, node_block(1, [child], legacy=False))
    with pytest.raises(DecodeError, match="would fit in its parent"):
        rewrite_map(store, root, lambda _, value: value)


def test_a_map_deeper_than_a_hash_is_refused():
    store = MemoryBlockstore()
    node = put_block(store, node_block(0, [], legacy=False))
    for _ in range(60):
        node = put_block(store, node_block(1, [node], legacy=False))
    with pytest.raises(DecodeError, match="a path of the map is longer than a hash"):
        rewrite_map(store, node, lambda _, value: value)


def test_an_array_higher_than_it_needs_is_refused():
    store = MemoryBlockstore()
    array = Amt(store, bit_width=3)
    array.set(1, 1)
    array.set(100, 1)
    root = array.root
    root.remove(1)  # the slot of 100, and no sinking back
    array.count = 1
    with pytest.raises(DecodeError, match="is higher than its elements need"):
        rewrite_array(store, array.flush(), 3, lambda _, value: value)


def test_a_missing_node_is_this_machines_fault():
    store = MemoryBlockstore()
    root = map_of(store, {bytes([number]): 0 for number in range(200)})
    for cid in list(store.blocks):
        if cid != root:
            del store.blocks[cid]
    with pytest.raises(LocalFault, match="is missing from the store"):
        rewrite_map(store, root, lambda _, value: value)
