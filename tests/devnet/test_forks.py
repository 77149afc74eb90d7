"""Three producers whose network fails them in every way agree once it works again.

The nodes are real, each with one miner's key; the network between them and the time are played. A
state machine draws what happens: partitions, delays, loss, blocks that come twice, producers that
sleep, epochs without a block, one miner that signs two blocks at once, checkpoints set by hand.
"""

import sys
from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from simulated_network import MINERS, SimulatedNetwork

from papyrus.actors.checks.state import check_state
from papyrus.consensus.fork_choice import breaks_tie
from papyrus.consensus.verdicts import Fault
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.primitives.epochs import CHAIN_FINALITY

pytestmark = pytest.mark.slow

ATTACKER = 2
EVERYBODY = frozenset(range(MINERS))
PARTITIONS = ((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, 2))


@pytest.fixture
def network():
    with SimulatedNetwork() as network:
        yield network


def pass_epochs(network, count):
    for _ in range(count):
        network.run(network.pass_epoch())


def heal(network, epochs=6):
    network.run(network.heal(epochs))


def expect_sound(network):
    """Expect that all agree, nobody honest did wrong, nothing is lost, and the state is whole."""
    network.check_agreement()
    network.check_honesty()
    network.check_messages()
    peer = network.peers[0]
    root = network.run(peer.node.states.after(peer.head)).state_root
    report = check_state(peer.chain.blocks, root, epoch=peer.head.height, total=TOTAL_SUPPLY)
    assert report.is_whole
    assert report.findings == ()


def test_equal_weights_are_decided_by_tickets(network):
    """Two forks of one weight are made until there are some; all nodes choose the same."""
    for _ in range(30):
        network.partition = (0, 1, 1)
        network.peers[2].is_awake = False
        pass_epochs(network, 2)
        mine, theirs = network.peers[0].head, network.peers[1].head
        weights = network.peers[0].chain.weight(mine), network.peers[1].chain.weight(theirs)
        if weights[0] == weights[1] and mine.parents != theirs.parents:
            break
        heal(network, 1)
    else:
        pytest.fail("no two forks had one weight")
    chosen = mine if breaks_tie(mine, theirs) else theirs
    network.partition = (0, 0, 0)
    for peer in network.peers:
        network.send_head(peer)
    network.run(network.deliver_until(network.clock.time() + 8))
    assert {peer.head.key for peer in network.peers} == {chosen.key}


def test_equivocator_counts_for_nothing_where_both_its_blocks_are_known(network):
    pass_epochs(network, 2)
    network.equivocates, network.shows_both, network.slowness = {ATTACKER}, True, 0.1
    pass_epochs(network, 10)
    heal(network)
    assert network.counts["equivocations"] > 4
    twins = {twin.cid for pair in network.twins_made for twin in pair}
    for peer in network.peers:
        tipset = peer.head
        while tipset.height:
            assert twins.isdisjoint(tipset.key.cids)
            tipset = peer.chain.tipset(tipset.parents)
    expect_sound(network)


def test_twins_shown_to_different_nodes_do_not_divide_them_for_long(network):
    network.equivocates = {ATTACKER}
    pass_epochs(network, 10)
    heal(network)
    assert network.counts["equivocations"] > 4
    expect_sound(network)


def test_checkpoint_is_not_left_for_a_heavier_fork(network):
    pass_epochs(network, 3)
    network.partition = (0, 1, 1)
    pass_epochs(network, 6)
    alone = network.peers[0]
    checkpoint = alone.chain.tipset(alone.head.parents)
    assert checkpoint.height > 4
    alone.chain.set_checkpoint(checkpoint)
    heal(network)
    assert alone.chain.is_ancestor(checkpoint, alone.head)
    assert network.peers[1].head.key == network.peers[2].head.key != alone.head.key
    assert alone.refusals[Fault.FORK_BEFORE_CHECKPOINT] > 0

    alone.chain.remove_checkpoint()
    heal(network)
    assert not alone.chain.is_ancestor(checkpoint, alone.head)
    expect_sound(network)


class Forks(RuleBasedStateMachine):
    """What may happen to three producers."""

    total: ClassVar[Counter[str]] = Counter()

    def __init__(self):
        super().__init__()
        self.network = SimulatedNetwork()
        self.network.__enter__()

    def teardown(self):
        """Whatever happened, they agree in the end."""
        network = self.network
        try:
            heal(network)
            for peer in network.peers:
                checkpoint = peer.chain.checkpoint
                if checkpoint is not None:
                    assert peer.chain.is_ancestor(checkpoint, peer.head)
                    peer.chain.remove_checkpoint()
            heal(network)
            expect_sound(network)
            self.total.update(network.counts)
            for peer in network.peers:
                self.total.update({f"refused as {why}": n for why, n in peer.refusals.items()})
                self.total["deepest reorganisation"] = max(
                    self.total["deepest reorganisation"], peer.deepest
                )
        finally:
            network.__exit__(None, None, None)

    @rule(epochs=st.integers(1, 4))
    def let_time_pass(self, epochs):
        pass_epochs(self.network, epochs)

    @rule(partition=st.sampled_from(PARTITIONS), epochs=st.integers(1, 3))
    def divide(self, partition, epochs):
        self.network.partition = partition
        pass_epochs(self.network, epochs)

    @rule(loss=st.sampled_from((0, 0.2, 0.6)), duplication=st.sampled_from((0, 0.5)))
    def lose_and_repeat(self, loss, duplication):
        self.network.loss, self.network.duplication = loss, duplication

    @rule(slowness=st.sampled_from((0.1, 0.5, 1, 3)), seed=st.integers(0, 2**32))
    def slow_down(self, slowness, seed):
        self.network.slowness = slowness
        self.network.chance.seed(seed)

    @rule(awake=st.sets(st.sampled_from(sorted(EVERYBODY)), min_size=1))
    def sleep_and_wake(self, awake):
        for peer in self.network.peers:
            peer.is_awake = peer.place in awake

    @rule(epochs=st.integers(1, 5))
    def stay_without_blocks(self, epochs):
        awake = [peer.is_awake for peer in self.network.peers]
        for peer in self.network.peers:
            peer.is_awake = False
        pass_epochs(self.network, epochs)
        for peer, was_awake in zip(self.network.peers, awake, strict=True):
            peer.is_awake = was_awake

    @rule(attacks=st.booleans())
    def equivocate(self, attacks):
        self.network.equivocates = {ATTACKER} if attacks else set()

    @rule(
        place=st.sampled_from(sorted(EVERYBODY)), amounts=st.lists(st.integers(0, 99), max_size=3)
    )
    def pay(self, place, amounts):
        for amount in amounts:
            self.network.run(self.network.pay(place, amount))

    @rule(place=st.sampled_from(sorted(EVERYBODY)), depth=st.integers(0, 6))
    def set_checkpoint(self, place, depth):
        chain = self.network.peers[place].chain
        chain.set_checkpoint(chain.tipset_at(max(0, chain.head.height - depth)))

    @rule()
    def meet(self):
        """Everybody tells the others its head, as far as they can be reached."""
        for peer in self.network.peers:
            self.network.send_head(peer)


def run_machine(examples, steps):
    """Play so many schedules, and return what happened in them."""
    Forks.total = Counter()
    run_state_machine_as_test(
        Forks,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            # An example takes seconds: what failed is told by its steps, however many they are.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Forks.total


def test_all_agree_after_any_schedule():
    schedules, to_heal = 4, 2 * 6
    total = run_machine(schedules, 16)
    assert total["epochs"] > schedules * to_heal


@pytest.mark.full
def test_all_agree_after_schedules_of_two_thousand_epochs(capsys):
    total = Counter()
    while total["epochs"] < 2_000:
        deepest = total["deepest reorganisation"]
        found = run_machine(5, 80)
        total += found
        total["deepest reorganisation"] = max(deepest, found["deepest reorganisation"])
    with capsys.disabled():
        for what, count in sorted(total.items()):
            sys.stdout.write(f"\n{count:>8,}  {what}")
    assert total["equivocations"] > 10
    assert 10 < total["deepest reorganisation"] < CHAIN_FINALITY


@pytest.mark.full
def test_partition_longer_than_finality_is_never_healed_by_itself(network):
    """Each side is final to itself, and refuses the other, though it is heavier."""
    pass_epochs(network, 3)
    network.partition = (0, 1, 1)
    pass_epochs(network, 1_200)
    alone, other = network.peers[0], network.peers[1]
    for peer in (alone, other):
        assert tipsets_above(peer, 3) > CHAIN_FINALITY
    # What a few epochs have been built on; heads themselves may still win blocks.
    before = {peer: peer.chain.tipset_at(peer.head.height - 10) for peer in network.peers}
    heal(network)
    for peer, head in before.items():
        assert peer.chain.is_ancestor(head, peer.head)
    assert other.chain.weight(other.head) > alone.chain.weight(alone.head)
    assert alone.refusals[Fault.FORK_TOO_LONG] > 0

    # Whoever runs the node may change its mind by hand.
    alone.is_moved_by_hand = True
    alone.chain.set_head(alone.chain.tipset(other.head.key))
    alone.is_moved_by_hand = False
    heal(network)
    expect_sound(network)


def tipsets_above(peer, height):
    """Return how many tipsets of the peer's chain are higher."""
    tipset, count = peer.head, 0
    while tipset.height > height:
        tipset, count = peer.chain.tipset(tipset.parents), count + 1
    return count
