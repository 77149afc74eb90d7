"""The state tree: reading, undoing, writing back."""

import pytest

from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, LocalFault
from papyrus.types.actor import EMPTY_STATE, ActorState, StateRoot
from papyrus.vm.state_tree import StateTree

CODE = Cid.of(b"code", 0x55)
ALICE = Address.actor(b"alice")
BOB = Address.actor(b"bob")


def actor(balance=0, head=EMPTY_STATE):
    return ActorState(CODE, head, 0, TokenAmount(balance))


def state(store, actors, version=5):
    """Store a tree of actors by ID and return its root."""
    hamt = Hamt(store)
    for actor_id, value in actors.items():
        hamt.set(Address.from_id(actor_id), value)
    return put_cbor(store, StateRoot(version, hamt.flush(), put_cbor(store, [])).to_ipld())


@pytest.fixture
def store():
    return MemoryBlockstore()


@pytest.fixture
def tree(store):
    """Return a tree with an init actor that knows Alice, and her account."""
    names = Hamt(store)
    names.set(ALICE, 100)
    init = put_cbor(store, [names.flush(), 2000, "network"])
    actors = {1: actor(head=init).to_ipld(), 100: actor(7).to_ipld()}
    return StateTree(store, state(store, actors))


def reopened(tree):
    """Return the tree as it is after being written."""
    return StateTree(tree.store, tree.flush())


@pytest.mark.parametrize("version", [0, 4, 6])
def test_only_version_five_can_be_executed(store, version):
    with pytest.raises(LocalFault, match=f"has version {version};"):
        StateTree(store, state(store, {}, version))


def test_a_root_that_is_none_is_this_machines_fault(store):
    with pytest.raises(LocalFault, match="not the root of a state tree"):
        StateTree(store, put_cbor(store, []))
    with pytest.raises(LocalFault):
        StateTree(store, Cid.of(b"missing"))


def test_an_unchanged_tree_is_written_as_it_was(store):
    root = state(store, {5: actor(3).to_ipld()})
    tree = StateTree(store, root)
    assert tree.get(5) == actor(3)
    assert tree.get(6) is None
    assert tree.flush() == root


def test_changes_are_seen_at_once_and_written_at_the_end(tree):
    tree.set(7, actor(1))
    tree.deposit(7, TokenAmount(2))
    tree.delete(100)
    assert (tree.get(7), tree.get(100)) == (actor(3), None)
    again = reopened(tree)
    assert (again.get(7), again.get(100)) == (actor(3), None)


def test_an_actor_made_and_deleted_leaves_no_trace(tree):
    before = reopened(tree).flush()
    tree.set(7, actor(1))
    tree.delete(7)
    assert tree.flush() == before


def test_a_reverted_transaction_takes_everything_back(tree):
    before = tree.flush()
    tree.begin()
    tree.set(100, actor(9))
    tree.set(7, actor(1))
    tree.begin()
    assert tree.register(BOB) == 2000
    tree.end(revert=False)
    tree.end(revert=True)
    assert (tree.get(100), tree.get(7), tree.resolve(BOB)) == (actor(7), None, None)
    assert tree.flush() == before
    assert tree.register(BOB) == 2000


def test_an_inner_transaction_is_undone_alone(tree):
    tree.begin()
    tree.set(100, actor(9))
    tree.begin()
    tree.set(100, actor(10))
    tree.end(revert=True)
    tree.end(revert=False)
    assert reopened(tree).get(100) == actor(9)


def test_what_was_kept_cannot_be_undone_by_a_later_transaction(tree):
    tree.begin()
    tree.set(100, actor(9))
    tree.end(revert=False)
    tree.begin()
    tree.end(revert=True)
    assert tree.get(100) == actor(9)


def test_a_tree_is_not_written_inside_a_transaction(tree):
    tree.begin()
    with pytest.raises(Fatal, match="inside a transaction"):
        tree.flush()


def test_addresses_are_resolved_and_given_ids_in_order(tree):
    assert tree.resolve(Address.from_id(5555)) == 5555
    assert (tree.resolve(ALICE), tree.resolve(BOB)) == (100, None)
    assert tree.register(BOB) == 2000
    assert tree.register(Address.actor(b"carol")) == 2001
    assert tree.resolve(BOB) == 2000
    again = reopened(tree)
    assert (again.resolve(BOB), again.resolve(ALICE)) == (2000, 100)
    assert again.register(Address.actor(b"dave")) == 2002


def test_the_rest_of_the_init_actors_state_is_kept(tree):
    tree.register(BOB)
    again = reopened(tree)
    _, _, next_id, rest = again._init_state()
    assert (next_id, rest) == (2001, ["network"])


def test_a_deposit_needs_an_actor(tree):
    with pytest.raises(Fatal, match="no actor 7 to receive 1 attoFIL"):
        tree.deposit(7, TokenAmount(1))


def test_a_tree_without_init_actor_resolves_nothing(store):
    tree = StateTree(store, state(store, {}))
    with pytest.raises(Fatal, match="no init actor"):
        tree.resolve(ALICE)


def test_an_actor_that_cannot_be_read_is_fatal(store):
    tree = StateTree(store, state(store, {5: ["no", "actor"]}))
    with pytest.raises(Fatal, match="actor 5 cannot be read"):
        tree.get(5)
