import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.common.collections import (
    ADDRESS_KEY,
    SIGNED_KEY,
    UNSIGNED_KEY,
    ArrayShape,
    MapShape,
    SetShape,
)
from papyrus.actors.common.nested_collections import MapOfMapsShape, MultimapShape, SetMultimapShape
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.schema import I64, U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError

NUMBERS = MapShape[int, int](SIGNED_KEY, I64)
NESTED = MapOfMapsShape[int, int, int](UNSIGNED_KEY, MapShape(UNSIGNED_KEY, U64))
SETS = SetMultimapShape[int, int](SIGNED_KEY, UNSIGNED_KEY)
LISTS = MultimapShape[int, int](SIGNED_KEY, ArrayShape(U64, 6), bit_width=6)

i64 = st.integers(-(2**63), 2**63 - 1)
u64 = st.integers(0, 2**64 - 1)


@pytest.fixture
def store():
    """Return an empty store."""
    return MemoryBlockstore()


@given(st.dictionaries(i64, i64))
def test_a_map_keeps_what_it_is_given(entries):
    store = MemoryBlockstore()
    numbers = NUMBERS.open(store, None)
    for key, value in entries.items():
        numbers.set(key, value)
    again = NUMBERS.open(store, numbers.flush())
    assert dict(again.items()) == entries
    assert set(again.keys()) == set(entries)
    assert all(key in again and again.get(key) == value for key, value in entries.items())


def test_a_map_tells_what_it_removes(store):
    balances = MapShape[Address, TokenAmount](ADDRESS_KEY, TokenAmount).open(store, None)
    someone = Address.from_id(7)
    balances.set(someone, TokenAmount(5))
    assert balances.delete(someone) == 5
    assert balances.delete(someone) is None
    assert balances.is_empty


def test_an_entry_is_put_once_where_that_is_asked(store):
    numbers = NUMBERS.open(store, None)
    assert numbers.set_if_absent(1, 10)
    assert not numbers.set_if_absent(1, 11)
    assert numbers.get(1) == 10


def test_a_key_that_is_no_number_is_malformed(store):
    raw = Hamt(store)
    raw.set(b"\x02\x00", 1)
    with pytest.raises(DecodeError, match="trailing"):
        list(NUMBERS.open(store, raw.flush()).items())


def test_a_value_of_another_kind_is_malformed(store):
    raw = Hamt(store)
    raw.set(b"\x02", "one")
    with pytest.raises(DecodeError):
        NUMBERS.open(store, raw.flush()).get(1)


def test_a_map_walks_on_from_a_key(store):
    numbers = NUMBERS.open(store, None)
    for key in range(50):
        numbers.set(key, key)
    order = list(numbers.keys())
    assert [key for key, _ in numbers.items_from(order[20])] == order[20:]


def test_an_array_keeps_its_order(store):
    array = ArrayShape[int](U64, 3).open(store, None)
    for index in (9, 2, 70):
        array.set(index, index)
    assert list(array.items()) == [(2, 2), (9, 9), (70, 70)]
    assert list(array.items(3)) == [(9, 9), (70, 70)]
    assert array.delete(9)
    assert not array.delete(9)
    assert (len(array), array.get(9), 2 in array) == (2, None, True)


def test_an_inner_map_that_is_empty_is_gone_once_flushed(store):
    nested = NESTED.open(store, None)
    nested.set(1, 2, 3)
    nested.set(4, 5, 6)
    nested.delete(1, 2)
    again = NESTED.open(store, nested.flush())
    assert list(again.outer_keys()) == [4]
    assert again.get(4, 5) == 6
    assert again.get(1, 2) is None


def test_an_inner_entry_is_put_once_where_that_is_asked(store):
    nested = NESTED.open(store, None)
    assert nested.set_if_absent(1, 2, 3)
    assert not nested.set_if_absent(1, 2, 4)
    assert nested.get(1, 2) == 3


def test_a_set_that_is_empty_stays(store):
    sets = SETS.open(store, None)
    sets.add(-3, [1, 2])
    sets.remove(-3, 1)
    sets.remove(-3, 2)
    sets.remove(8, 1)
    again = SETS.open(store, sets.flush())
    assert list(again.keys()) == [-3]
    members = again.get(-3)
    assert members is not None
    assert list(members) == []
    again.remove_all(-3)
    assert again.get(-3) is None


def test_a_multimap_appends(store):
    lists = LISTS.open(store, None)
    for value in (5, 6, 7):
        lists.append(-1, value)
    again = LISTS.open(store, lists.flush())
    array = again.get(-1)
    assert array is not None
    assert [value for _, value in array.items()] == [5, 6, 7]
    assert [key for key, _ in again.items()] == [-1]
    assert again.remove_all(-1)
    assert not again.remove_all(-1)


def test_empty_collections_have_the_root_of_their_shape(store):
    for shape in (NUMBERS, NESTED, SETS, LISTS, SetShape(SIGNED_KEY), ArrayShape[int](U64, 3)):
        assert shape.empty_root(store) == shape.open(store, None).flush()
        assert shape.open(store, shape.empty_root(store)).flush() == shape.empty_root(store)
