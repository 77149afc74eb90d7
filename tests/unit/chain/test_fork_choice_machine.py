"""Blocks in any order: the head is always what somebody who sees all of them at once would choose.

The oracle has no memory. It groups all known blocks by height and parents, leaves out the miners
that made two blocks at a height, and takes the heaviest tipset, the smaller tickets where weights
tie. Heights stay within what the store searches after an equivocation, down to genesis.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from chain_forge import Forge
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from papyrus.chain.opening import open_chain
from papyrus.consensus.weight import weight
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage import chain_index
from papyrus.types.tipset import Tipset

TOP = 4
MINERS = (1000, 1001, 1002)
MEMORY = Path("/dev/shm")  # noqa: S108 - only its speed is wanted


class ForkChoice(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.forge = Forge()
        self.blocks = [self.forge.genesis.blocks[0]]
        self.followed = [self.forge.genesis]
        self.open(self.forge.genesis_blocks)

    def open(self, genesis=None):
        self.context = open_chain(self.folder, LOTUS_ITEST, genesis)
        self.chain = self.context.__enter__()
        self.chain.store.subscribe(self.follow)

    def teardown(self):
        self.context.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    def follow(self, change):
        for tipset in change.reverted:
            assert self.followed.pop() == tipset
        for tipset in change.applied:
            assert tipset.parents == self.followed[-1].key
            self.followed.append(tipset)

    def formable(self):
        made = Counter((block.height, block.miner) for block in self.blocks)
        groups = {}
        for block in self.blocks:
            if made[block.height, block.miner] == 1:
                groups.setdefault((block.height, block.parents), []).append(block)
        return [Tipset.of(group) for group in groups.values()]

    def add(self, block):
        self.forge.store.put(block.cid, block.to_cbor())
        self.blocks.append(block)
        self.chain.store.put_block(block)
        self.chain.store.consider(Tipset.of([block]))

    @rule(data=st.data(), miner=st.sampled_from(MINERS), wins=st.integers(1, 3))
    def make_a_block(self, data, miner, wins):
        parents = [tipset for tipset in self.formable() if tipset.height < TOP]
        parent = data.draw(st.sampled_from(parents))
        height = data.draw(st.integers(parent.height + 1, TOP))
        # No two are the same: such a tie is left as it is, and the oracle sees no order.
        ticket = b"%d " % data.draw(st.integers(0, 9)) + b"%d" % len(self.blocks)
        block = self.forge.on(parent, height, miner, wins=wins, ticket=ticket)
        if block not in self.blocks:
            self.add(block)

    @precondition(lambda self: len(self.blocks) > 1)
    @rule(data=st.data())
    def hear_of_a_block_again(self, data):
        block = data.draw(st.sampled_from(self.blocks[1:]))
        head = self.chain.store.head
        self.chain.store.put_block(block)
        assert self.chain.store.consider(Tipset.of([block])) is None
        assert self.chain.store.head == head

    @rule()
    def restart(self):
        self.context.__exit__(None, None, None)
        self.open()

    @invariant()
    def head_is_the_heaviest(self):
        head = self.chain.store.head
        order = [
            (-weight(tipset, self.forge.store), [b.ticket.digest for b in tipset.blocks])
            for tipset in self.formable()
        ]
        assert (
            -weight(head, self.forge.store), [b.ticket.digest for b in head.blocks]
        ) == min(order)  # fmt: skip

    @invariant()
    def observers_and_index_are_at_the_head(self):
        assert self.followed[-1] == self.chain.store.head
        indexed = [found.key for found in chain_index.tipsets(self.chain.index)]
        assert indexed == [tipset.key for tipset in self.followed]


TestForkChoice = ForkChoice.TestCase
TestForkChoice.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
