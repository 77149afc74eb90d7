from contextlib import contextmanager
from itertools import pairwise

import pytest

from papyrus.actors.engine import NativeActors
from papyrus.chain.execution import execute_tipset, state_after
from papyrus.chain.messages import receipts_of
from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.chain.states import States
from papyrus.consensus.transition import World
from papyrus.primitives.errors import LocalFault
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.rules.policy import policy_of
from papyrus.storage.chain_index import messages_in
from papyrus.storage.chain_notes import StateAfter, outcome_of
from papyrus.vm.externs import AcceptAllProofs


class Executor:
    """Executes tipsets of a chain by the actors in Python, gas as the chain's receipts have it."""

    def __init__(self, chain, tipsets):
        self.chain = chain
        self.children = {tipset.parents: tipset for tipset in tipsets}
        self.done = []

    def __call__(self, tipset):
        self.done.append(tipset)
        chain = self.chain
        root = self.children[tipset.key].parent_message_receipts
        recorded = receipts_of(chain.database.store, root)

        def world(store):
            return World(
                network=chain.network,
                source=chain.store,
                store=store,
                verifier=AcceptAllProofs(),
                engine=NativeActors(policy_of("testing-fake-proofs")),
                recorded=recorded,
            )

        return state_after(execute_tipset(chain.database, tipset, world))


@contextmanager
def opened(folder, shared):
    path = shared / "chains" / "multisig" / "chain.car.zst"
    if not path.is_file():
        pytest.skip("no chain multisig among the reference data")
    import_snapshot(folder, path, LOTUS_ITEST)
    with open_chain(folder, LOTUS_ITEST) as chain:
        tipsets = [chain.store.head]
        while tipsets[-1].height:
            tipsets.append(chain.store.tipset(tipsets[-1].parents))
        tipsets.reverse()
        yield chain, tipsets


@pytest.fixture
def lotus(folder, shared):
    with opened(folder, shared) as found:
        yield found


def told_by(child):
    return StateAfter(child.parent_state_root, child.parent_message_receipts)


def test_child_on_the_chain_tells_the_state_of_its_parent(lotus):
    chain, tipsets = lotus
    executor = Executor(chain, tipsets)
    states = States(chain.store, chain.notes, executor)
    for parent, child in pairwise(tipsets):
        assert states.after(parent) == told_by(child)
    assert executor.done == []
    assert states.known_after(tipsets[-1]) is None


def test_lost_states_are_computed_again(lotus):
    """With the states before the last tipsets gone, the last that is there is gone on from."""
    chain, tipsets = lotus
    lost = tipsets[-6:]
    chain.database.blocks.remove([tipset.parent_state_root for tipset in lost])
    executor = Executor(chain, tipsets)
    heard = []
    states = States(chain.store, chain.notes, executor, lambda *each: heard.append(each))
    wanted = lost[-2]
    assert states.known_after(wanted) is None
    assert states.after(wanted) == told_by(lost[-1])
    assert executor.done == tipsets[-7:-1]
    assert chain.database.store.has(lost[-1].parent_state_root)
    assert heard == [(wanted, told_by(lost[-1]))]
    executor.done.clear()
    assert states.after(wanted) == told_by(lost[-1])
    assert executor.done == []


def test_outcome_of_the_head_is_there_after_a_restart(folder, shared):
    with opened(folder, shared) as (chain, tipsets):
        parent, head = tipsets[-2:]
        chain.store.set_head(parent)
        executor = Executor(chain, tipsets)
        states = States(
            chain.store,
            chain.notes,
            executor,
            lambda tipset, outcome: chain.follower.record_outcomes(tipset, outcome.receipts_root),
        )
        assert states.known_after(parent) is None
        assert states.after(parent) == told_by(head)
        assert executor.done == [parent]
        assert outcome_of(chain.notes, parent.key) == told_by(head)
        assert all(message.receipt for message in messages_in(chain.index, parent.key))
    with open_chain(folder, LOTUS_ITEST) as chain:
        executor = Executor(chain, [])
        states = States(chain.store, chain.notes, executor)
        assert states.after(parent) == told_by(head)
        assert executor.done == []


def test_outcome_whose_blocks_are_not_here_is_not_written_down(lotus):
    chain, tipsets = lotus
    states = States(chain.store, chain.notes, Executor(chain, tipsets))
    absent = tipsets[3].key.cid
    with pytest.raises(LocalFault, match="must be kept before it is told of"):
        states.record(tipsets[-1], StateAfter(absent, absent))
    assert outcome_of(chain.notes, tipsets[-1].key) is None


def test_states_that_are_gone_for_good_are_told_in_words(lotus, monkeypatch):
    chain, tipsets = lotus
    monkeypatch.setattr("papyrus.chain.states._MOST_EXECUTED", 3)
    chain.database.blocks.remove([tipset.parent_state_root for tipset in tipsets[-4:]])
    states = States(chain.store, chain.notes, Executor(chain, tipsets))
    with pytest.raises(LocalFault, match=r"nor any of the 3 before it: import a snapshot"):
        states.after(tipsets[-1])


def test_machine_that_computes_something_else_is_found_out(lotus):
    chain, tipsets = lotus
    chain.database.blocks.remove([tipset.parent_state_root for tipset in tipsets[-2:]])
    states = States(chain.store, chain.notes, lambda _: told_by(tipsets[1]))
    with pytest.raises(LocalFault, match="its blocks stand on"):
        states.after(tipsets[-2])


def test_only_so_many_outcomes_are_held(lotus, monkeypatch):
    chain, tipsets = lotus
    monkeypatch.setattr("papyrus.chain.states._KEPT", 3)
    states = States(chain.store, chain.notes, Executor(chain, tipsets))
    for tipset in tipsets[:-1]:
        states.after(tipset)
    assert list(states._kept) == [tipset.key for tipset in tipsets[-4:-1]]


def test_genesis_is_its_own_outcome(lotus):
    chain, tipsets = lotus
    genesis = tipsets[0]
    chain.store.set_head(genesis)
    states = States(chain.store, chain.notes, Executor(chain, tipsets))
    assert states.after(genesis) == StateAfter(
        genesis.parent_state_root, genesis.parent_message_receipts
    )
