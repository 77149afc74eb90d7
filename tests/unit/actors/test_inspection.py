"""Any state as JSON with names, and a path of names and keys to any part of it."""

from dataclasses import replace
from enum import IntEnum
from typing import Annotated

import pytest

from papyrus.actors.common.collections import (
    ADDRESS_KEY,
    BYTES_KEY,
    CID_KEY,
    UNSIGNED_KEY,
    ArrayShape,
    MapShape,
    RecordShape,
    SetShape,
)
from papyrus.actors.common.nested_collections import MapOfMapsShape, MultimapShape, SetMultimapShape
from papyrus.actors.inspection import (
    View,
    runs_text,
    select,
    shape_of,
    show_key,
    state_view,
    to_json,
)
from papyrus.actors.verifreg.state import PROPOSAL_IDS, RemoveDataCapProposalID
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, BigInt
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError

STORE = MemoryBlockstore()
ANN, BOB = Address.from_id(101), Address.from_id(102)


@cbor_tuple
class Inner(Record):
    """A record that is linked to."""

    size: U64
    power: BigInt


PEOPLE = MapShape(ADDRESS_KEY, TokenAmount)
NAMED = MapShape(BYTES_KEY, Inner)
SECTORS = ArrayShape(Inner, 3)
PIECES = SetShape(CID_KEY)
BY_OWNER = MapOfMapsShape(UNSIGNED_KEY, MapShape(UNSIGNED_KEY, Inner))
SCHEDULE = SetMultimapShape(UNSIGNED_KEY, UNSIGNED_KEY)
QUEUE = MultimapShape(UNSIGNED_KEY, ArrayShape(Inner, 3))


@cbor_tuple
class State(Record):
    """A state with a field of every kind."""

    owner: Address
    funds: TokenAmount
    power: BigInt
    live: bool
    count: U64
    data: bytes
    numbers: BitField
    code: Cid
    inner: Annotated[Cid, RecordShape(Inner)]
    maybe: Annotated[Cid, RecordShape(Inner)] | None
    nothing: BigInt | None
    items: tuple[Inner, ...]
    signers: tuple[Address, ...]
    people: Annotated[Cid, PEOPLE]
    named: Annotated[Cid, NAMED]
    sectors: Annotated[Cid, SECTORS]
    pieces: Annotated[Cid, PIECES]
    by_owner: Annotated[Cid, BY_OWNER]
    schedule: Annotated[Cid, SCHEDULE]
    queue: Annotated[Cid, QUEUE]


def collection(shape, fill):
    opened = shape.open(STORE, None)
    fill(opened)
    return opened.flush()


CODE = Cid.of(b"code")
INNER = Inner(2048, 2**70)
INNER_JSON = {"size": 2048, "power": str(2**70)}
LINK = RecordShape(Inner).save(STORE, INNER)


def fill_people(people):
    people.set(ANN, TokenAmount(5))
    people.set(BOB, TokenAmount(6))


STATE = State(
    owner=ANN,
    funds=TokenAmount(10**18),
    power=2**65,
    live=True,
    count=7,
    data=b"\x01\xff",
    numbers=BitField.from_ranges([(0, 5), (9, 10)]),
    code=CODE,
    inner=LINK,
    maybe=LINK,
    nothing=None,
    items=(INNER,),
    signers=(ANN, BOB),
    people=collection(PEOPLE, fill_people),
    named=collection(NAMED, lambda named: named.set(b"\xab", INNER)),
    sectors=collection(SECTORS, lambda sectors: sectors.set(9, INNER)),
    pieces=collection(PIECES, lambda pieces: pieces.add(CODE)),
    by_owner=collection(BY_OWNER, lambda owners: owners.set(3, 4, INNER)),
    schedule=collection(SCHEDULE, lambda schedule: schedule.add(30, [1, 2])),
    queue=collection(QUEUE, lambda queue: queue.append(8, INNER)),
)
VIEW = state_view(State, RecordShape(State).save(STORE, STATE), STORE)


def link(cid):
    return {"/": str(cid)}


def test_a_state_is_shown_with_its_names_and_its_links_unread():
    assert to_json(VIEW, STORE) == {
        "owner": "f0101",
        "funds": str(10**18),
        "power": str(2**65),
        "live": True,
        "count": 7,
        "data": "01ff",
        "numbers": "0-4, 9",
        "code": link(CODE),
        "inner": link(LINK),
        "maybe": link(LINK),
        "nothing": None,
        "items": [INNER_JSON],
        "signers": ["f0101", "f0102"],
        "people": link(STATE.people),
        "named": link(STATE.named),
        "sectors": link(STATE.sectors),
        "pieces": link(STATE.pieces),
        "by_owner": link(STATE.by_owner),
        "schedule": link(STATE.schedule),
        "queue": link(STATE.queue),
    }


def test_links_are_followed_as_deep_as_asked():
    one = to_json(VIEW, STORE, depth=1)
    assert one["code"] == link(CODE)
    assert one["inner"] == one["maybe"] == INNER_JSON
    assert one["people"] == {"f0101": "5", "f0102": "6"}
    assert one["named"] == {"ab": INNER_JSON}
    assert one["sectors"] == {"9": INNER_JSON}
    assert one["pieces"] == {str(CODE): True}
    assert one["by_owner"]["3"].keys() == {"/"}
    two = to_json(VIEW, STORE, depth=2)
    assert two["by_owner"] == {"3": {"4": INNER_JSON}}
    assert two["schedule"] == {"30": {"1": True, "2": True}}
    assert two["queue"] == {"8": {"0": INNER_JSON}}


def test_no_more_entries_are_shown_than_asked():
    assert to_json(VIEW, STORE, depth=1, limit=2)["people"] == {"f0101": "5", "f0102": "6"}
    cut = to_json(VIEW, STORE, depth=1, limit=1)["people"]
    assert cut.pop("...") == "more than 1"
    assert len(cut) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("owner", "f0101"),
        ("items.0.size", 2048),
        ("signers.1", "f0102"),
        ("inner.power", str(2**70)),
        ("maybe.size", 2048),
        ("people.f0102", "6"),
        ("named.ab.size", 2048),
        ("sectors.9.power", str(2**70)),
        (f"pieces.{CODE}", True),
        ("by_owner.3.4.size", 2048),
        ("schedule.30.2", True),
        ("queue.8.0.size", 2048),
    ],
)
def test_a_path_leads_to_any_part(path, value):
    assert to_json(select(VIEW, path.split("."), STORE), STORE) == value


def test_no_path_is_the_state_itself():
    assert select(VIEW, [], STORE) == VIEW


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("ownr", "the state has no 'ownr': it has owner, funds, "),
        ("items.1", "items has no '1'"),
        ("items.-1", "items has no '-1'"),
        ("items.0.weight", "items.0 has no 'weight': it has size, power"),
        ("count.1", "count has no '1'"),
        ("code.x", "code has no 'x'"),
        ("nothing.x", "nothing has no 'x'"),
        ("inner.weight", "inner has no 'weight': it begins with size, power"),
        ("people.f0103", "people has no 'f0103': it begins with "),
        ("people.f01x", "people has no 'f01x'"),
        ("people.", "people has no ''"),
        ("named.zz", "named has no 'zz': it begins with ab"),
        ("sectors.1", "sectors has no '1': it begins with 9"),
        ("sectors.-1", "sectors has no '-1'"),
        ("sectors.x", "sectors has no 'x'"),
        (f"sectors.{2**70}", "sectors has no '"),
        ("pieces.x", "pieces has no 'x'"),
        (f"pieces.{LINK}", f"pieces has no '{LINK}'"),
        ("by_owner.3.5", "by_owner.3 has no '5': it begins with 4"),
        ("by_owner.-1", "by_owner has no '-1'"),
        ("schedule.30.3", "schedule.30 has no '3'"),
        ("queue.9", "queue has no '9'"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends(path, reason):
    with pytest.raises(LookupError) as raised:
        select(VIEW, path.split("."), STORE)
    assert reason in raised.value.args[0]


def test_an_empty_collection_says_so():
    root = RecordShape(State).save(STORE, replace(STATE, people=PEOPLE.empty_root(STORE)))
    with pytest.raises(LookupError, match="people has no 'f05': it is empty"):
        select(state_view(State, root, STORE), ["people", "f05"], STORE)


def test_a_state_of_another_kind_is_refused():
    with pytest.raises(DecodeError):
        state_view(State, put_cbor(STORE, [1, 2]), STORE)


def test_only_annotated_roots_have_a_shape():
    assert shape_of(Cid) is None
    assert shape_of(U64) is None
    assert shape_of(Annotated[Cid, PEOPLE]) is PEOPLE
    assert shape_of(Annotated[Cid, BY_OWNER]).keys is UNSIGNED_KEY


def test_a_number_with_a_name_is_shown_as_a_number():
    class Kind(IntEnum):
        """A kind of something."""

        OTHER = 3

    shown = to_json(View(Kind, Kind.OTHER), STORE)
    assert shown == 3
    assert type(shown) is int


def test_runs_are_as_short_as_can_be():
    assert runs_text(BitField()) == ""
    assert runs_text(BitField.from_ranges([(3, 4), (5, 7)])) == "3, 5-6"


def test_a_key_is_shown_as_it_is_written():
    pair = ANN, BOB
    opened = PROPOSAL_IDS.open(STORE, None)
    opened.set(pair, RemoveDataCapProposalID(4))
    root = opened.flush()
    view = View(Annotated[Cid, PROPOSAL_IDS], root)
    assert show_key(pair) == "f0101,f0102"
    assert to_json(view, STORE, depth=1) == {"f0101,f0102": {"id": 4}}
    assert select(view, ["f0101,f0102", "id"], STORE).value == 4
    with pytest.raises(LookupError, match="it begins with f0101,f0102"):
        select(view, ["f0101"], STORE)
    assert [show_key(key) for key in (b"\xab", ANN, CODE, 5)] == ["ab", "f0101", str(CODE), "5"]
