"""What differs between two states, part by part, by names and keys."""

from dataclasses import replace
from typing import Annotated

import pytest

from papyrus.actors.common.collections import (
    ADDRESS_KEY,
    UNSIGNED_KEY,
    ArrayShape,
    MapShape,
    RecordShape,
    SetShape,
)
from papyrus.actors.common.nested_collections import MapOfMapsShape
from papyrus.actors.datacap import token
from papyrus.actors.differences import changes
from papyrus.actors.inspection import View, to_json
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault

STORE = MemoryBlockstore()


@cbor_tuple
class Inner(Record):
    """A record that is linked to."""

    size: U64
    fee: TokenAmount


@cbor_tuple
class Other(Record):
    """Another record."""

    name: str


PEOPLE = MapShape(ADDRESS_KEY, TokenAmount, 3)
SECTORS = ArrayShape(Inner, 3)
MARKS = SetShape(UNSIGNED_KEY)
BY_OWNER = MapOfMapsShape(UNSIGNED_KEY, MapShape(UNSIGNED_KEY, Inner))


@cbor_tuple
class State(Record):
    """A state."""

    count: U64
    items: tuple[U64, ...]
    inner: Annotated[Cid, RecordShape(Inner)]
    maybe: Annotated[Cid, RecordShape(Inner)] | None
    code: Cid
    people: Annotated[Cid, PEOPLE]
    sectors: Annotated[Cid, SECTORS]
    marks: Annotated[Cid, MARKS]
    by_owner: Annotated[Cid, BY_OWNER]


def root_of(shape, entries):
    opened = shape.open(STORE, None)
    for entry in entries:
        opened.add(entry) if shape is MARKS else opened.set(*entry)
    return opened.flush()


def inner(size, fee=0):
    return Inner(size, TokenAmount(fee))


def saved(size, fee=0):
    return RecordShape(Inner).save(STORE, inner(size, fee))


ANN, BOB, CAT = (Address.from_id(number) for number in (101, 102, 103))
OLD = State(
    count=1,
    items=(1, 2),
    inner=saved(1),
    maybe=None,
    code=Cid.of(b"code"),
    people=root_of(PEOPLE, [(ANN, TokenAmount(1)), (BOB, TokenAmount(2))]),
    sectors=root_of(SECTORS, [(0, inner(1)), (5, inner(5))]),
    marks=root_of(MARKS, [1, 2]),
    by_owner=root_of(BY_OWNER, [(3, 1, inner(1)), (4, 1, inner(1))]),
)


def told(old, new):
    """Return the changes of a state as paths and JSON."""

    def shown(view):
        return None if view is None else to_json(view, STORE)

    return [
        (".".join(change.path), shown(change.old), shown(change.new))
        for change in changes(View(type(old), old), View(type(new), new), STORE)
    ]


def test_nothing_differs_from_itself():
    assert told(OLD, OLD) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"count": 2}, [("count", 1, 2)]),
        ({"items": (1, 3)}, [("items", [1, 2], [1, 3])]),
        ({"inner": saved(1, 7)}, [("inner.fee", "0", "7")]),
        ({"maybe": saved(1)}, [("maybe", None, {"/": str(saved(1))})]),
        (
            {"code": saved(1)},
            [("code", {"/": str(OLD.code)}, {"/": str(saved(1))})],
        ),
        (
            {"people": root_of(PEOPLE, [(BOB, TokenAmount(3)), (CAT, TokenAmount(4))])},
            [("people.f0101", "1", None), ("people.f0102", "2", "3"), ("people.f0103", None, "4")],
        ),
        (
            {"sectors": root_of(SECTORS, [(5, inner(6)), (70, inner(7))])},
            [
                ("sectors.0", {"size": 1, "fee": "0"}, None),
                ("sectors.5.size", 5, 6),
                ("sectors.70", None, {"size": 7, "fee": "0"}),
            ],
        ),
        (
            {"marks": root_of(MARKS, [2, 3])},
            [("marks.1", True, None), ("marks.3", None, True)],
        ),
        (
            {"by_owner": root_of(BY_OWNER, [(3, 1, inner(2)), (3, 2, inner(9))])},
            [
                ("by_owner.4", {"/": str(root_of(BY_OWNER.inner, [(1, inner(1))]))}, None),
                ("by_owner.3.1.size", 1, 2),
                ("by_owner.3.2", None, {"size": 9, "fee": "0"}),
            ],
        ),
        (
            {"count": 9, "inner": saved(3)},
            [("count", 1, 9), ("inner.size", 1, 3)],
        ),
    ],
)
def test_the_smallest_parts_that_differ_are_told(fields, expected):
    assert told(OLD, replace(OLD, **fields)) == expected


def test_what_was_there_may_be_gone():
    gone = [("maybe", {"/": str(saved(1))}, None)]
    assert told(replace(OLD, maybe=saved(1)), OLD) == gone
    both = told(replace(OLD, maybe=saved(1)), replace(OLD, maybe=saved(2)))
    assert both == [("maybe.size", 1, 2)]


def test_records_of_two_kinds_differ_as_a_whole():
    assert told(Other("a"), inner(1)) == [("", {"name": "a"}, {"size": 1, "fee": "0"})]


def test_collections_of_two_shapes_differ_as_a_whole():
    """A token says itself how wide the nodes of its maps are."""
    narrow = token.empty(STORE)
    wide_root = token.balances_shape(5).empty_root(STORE)
    full = token.balances_shape(5).open(STORE, None)
    full.set(7, TokenAmount(1))
    wide = replace(narrow, balances=full.flush(), allowances=wide_root, bit_width=5)
    assert told(narrow, wide) == [
        ("balances", {"/": str(narrow.balances)}, {"/": str(wide.balances)}),
        ("bit_width", 3, 5),
    ]
    emptied = replace(wide, balances=wide_root)
    assert told(wide, emptied) == [("balances.7", "1", None)]


def test_what_cannot_be_read_is_said():
    with pytest.raises(LocalFault):
        told(OLD, replace(OLD, people=Cid.of(b"missing")))
    with pytest.raises(DecodeError):
        told(OLD, replace(OLD, inner=put_cbor(STORE, 7)))
    with pytest.raises(DecodeError):
        told(OLD, replace(OLD, sectors=put_cbor(STORE, 7)))
