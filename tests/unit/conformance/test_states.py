"""The first difference between two states."""

import pytest

from papyrus.conformance.states import actor_names, state_difference
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.actor import ActorState, StateRoot

CODE = {name: Cid.of(name.encode(), RAW) for name in ("system", "account", "miner")}


@pytest.fixture
def store() -> MemoryBlockstore:
    return MemoryBlockstore()


def actor(store, name: str, state: object, balance: int = 0, nonce: int = 0) -> ActorState:
    return ActorState(CODE[name], put_cbor(store, state), nonce, TokenAmount(balance), None)


def tree(store, actors: dict[int, ActorState], version: int = 5) -> Cid:
    manifest = put_cbor(store, [[name, code] for name, code in CODE.items()])
    hamt = Hamt(store)
    for actor_id, value in {0: actor(store, "system", [manifest]), **actors}.items():
        hamt.set(Address.from_id(actor_id), value.to_ipld())
    root = StateRoot(version=version, actors=hamt.flush(), info=put_cbor(store, []))
    return put_cbor(store, root.to_ipld())


def test_names_come_from_the_manifest_of_the_state(store):
    assert actor_names(store, tree(store, {})) == {code: name for name, code in CODE.items()}


def test_a_state_without_manifest_names_nothing(store):
    assert actor_names(store, Cid.of(b"\x80")) == {}
    assert actor_names(store, put_cbor(store, [5, Hamt(store).flush(), Cid.of(b"\x80")])) == {}
    hamt = Hamt(store)
    hamt.set(Address.from_id(0), actor(store, "system", 7).to_ipld())
    root = StateRoot(version=5, actors=hamt.flush(), info=Cid.of(b"\x80"))
    assert actor_names(store, put_cbor(store, root.to_ipld())) == {}


def test_the_lowest_actor_that_differs_is_described_field_by_field(store):
    old = {
        100: actor(store, "account", [1], balance=5, nonce=1),
        101: actor(store, "miner", [b"same", [1, 2]]),
        102: actor(store, "miner", [3]),
    }
    new = old | {
        101: actor(store, "miner", [b"same", [1, 7]], balance=-1),
        102: actor(store, "miner", [4]),
    }
    heads = old[101].head, new[101].head
    assert state_difference(store, tree(store, old), tree(store, new)) == (
        "actor f0101 (miner): balance: expected 0, got -1",
        f"actor f0101 (miner): head: expected {heads[0]}, got {heads[1]}",
        "actor f0101 (miner): state/[1][1]: expected 2, got 7",
        "2 actors differ; the others: f0102",
    )


def test_another_code_is_named(store):
    old, new = ({100: actor(store, name, [1])} for name in ("account", "miner"))
    assert state_difference(store, tree(store, old), tree(store, new)) == (
        "actor f0100 (account): code: expected account, got miner",
    )


def test_an_actor_only_one_state_holds(store):
    some = {100: actor(store, "account", [1])}
    assert state_difference(store, tree(store, some), tree(store, {})) == (
        "actor f0100 (account): expected one, got none",
    )
    assert state_difference(store, tree(store, {}), tree(store, some)) == (
        "actor f0100 (account): expected none, got one",
    )


def test_state_trees_of_two_versions_are_not_compared_further(store):
    assert state_difference(store, tree(store, {}), tree(store, {}, version=4)) == (
        "the state trees' versions differ: expected 5, got 4",
    )


def test_missing_blocks_are_said_to_be(store):
    missing = Cid.of(b"\x81\x05")
    assert state_difference(store, missing, tree(store, {})) == (
        f"the two states cannot be compared: block {missing} is missing from the store",
    )
