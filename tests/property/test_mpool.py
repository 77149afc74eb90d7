"""The message pool against a model: what was taken waits until the chain has used its turn.

A turn is a sender and a nonce. The model knows every turn that was let in or that a block on some
fork used. Whatever forks come, the pool must hold exactly those turns that the chain has not used.
"""

import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from hypothesis import given, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pool_chain import FIL, GAS, NETWORK, PoolChain, person, pool_of

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.consensus.message_validity import minimum_gas
from papyrus.crypto.signatures import SignatureType
from papyrus.mpool.local_messages import LocalMessages
from papyrus.mpool.message_chains import SenderQueue, gas_reward
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.selection import Candidates, select_messages
from papyrus.mpool.sender_messages import SenderMessages
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid

ALICE, BOB = person(1), person(2)
BELLA = person(3, SignatureType.BLS)
PEOPLE = (ALICE, BOB, BELLA)
PRICES = NETWORK.rules_at(1).prices

people = st.sampled_from(PEOPLE)
premiums = st.sampled_from((1, 2, 10, 100))


class PoolAndModel(RuleBasedStateMachine):
    """A node's pool while messages, blocks, forks and restarts come in any order."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(dir=_fast_folder()))
        self.chain = PoolChain()
        self.chain.fund(*PEOPLE, fil=100)
        self.made = [self.chain.head]
        self.file = LocalMessages(self.folder / "local.sqlite")
        self.pool = pool_of(self.chain, local=self.file)
        self.known = set()
        self.own = set()

    def teardown(self):
        self.file.close()
        shutil.rmtree(self.folder)

    @rule(
        who=people, ahead=st.integers(0, 6), premium=premiums, how=st.sampled_from(("push", "add"))
    )
    def send(self, who, ahead, premium, how):
        nonce = self.nonce(who) + ahead
        with suppress(Invalid):
            getattr(self.pool, how)(who.message(nonce, premium))
            self.known.add((who.address, nonce))
            if how == "push":
                self.own.add((who.address, nonce))

    @rule(where=st.integers(0, 3), taken=st.lists(st.integers(0, 3), min_size=3, max_size=3),
          strange=st.integers(0, 2), nulls=st.integers(0, 2))  # fmt: skip
    def grow(self, where, taken, strange, nulls):
        """Let a block join one of the latest tipsets, and go there."""
        parent = self.made[-1 - min(where, len(self.made) - 1)]
        base = self.pool.select(parent, 1.0)
        block = []
        for one, most in zip(PEOPLE, taken, strict=True):
            own = [signed for signed in base if signed.message.sender == one.address]
            block += own[:most]
        block += self.strangers(parent, block, strange)
        tipset = self.chain.extend(block, on=parent, nulls=nulls)
        self.made.append(tipset)
        self.go(tipset)

    @rule(where=st.integers(0, 5))
    def go_back(self, where):
        """Go to a tipset that was there before, forwards or backwards."""
        self.go(self.made[-1 - min(where, len(self.made) - 1)])

    @rule()
    def restart(self):
        self.file.close()
        self.file = LocalMessages(self.folder / "local.sqlite")
        self.pool = pool_of(self.chain, local=self.file)
        assert self.pool.load_local() == []
        self.known = set(self.own)

    def strangers(self, parent, block, count):
        """Return messages for a block that this node has not heard of, in their turn."""
        used = sum(signed.message.sender == BOB.address for signed in block)
        first = self.chain.account_after(parent, BOB.address).nonce + used
        return [BOB.message(first + place, 3, method=50) for place in range(count)]

    def go(self, tipset):
        change = self.chain.move(self.pool, tipset)
        note(f"at {tipset.height}: {len(change.reverted)} back, {len(change.applied)} on")
        for passed in (*change.reverted, *change.applied):
            for message in self.chain.messages_of(passed).values():
                if message.unsigned.sender != BELLA.address:  # whose blocks lack her signature
                    self.known.add((message.unsigned.sender, message.unsigned.nonce))

    def nonce(self, who):
        return self.chain.account_after(self.chain.head, who.address).nonce

    @invariant()
    def what_was_taken_waits_or_is_used(self):
        expected = {
            (who.address, nonce)
            for who in PEOPLE
            for sender, nonce in self.known
            if sender == who.address and nonce >= self.nonce(who)
        }
        waiting = [(one.message.sender, one.message.nonce) for one in self.pool.pending()]
        assert len(waiting) == len(set(waiting)) == len(self.pool)
        assert set(waiting) == expected

    @invariant()
    def the_next_nonce_is_the_first_that_is_free(self):
        for who in PEOPLE:
            nonce = self.nonce(who)
            taken = {one.message.nonce for one in self.pool.pending_of(who.address)}
            while nonce in taken:
                nonce += 1
            assert self.pool.next_nonce(who.address) == nonce

    @invariant()
    def each_message_is_found_and_counted(self):
        for one in self.pool.pending():
            assert self.pool.find(one.cid).signed is one
            assert self.pool.find(one.message.cid).signed is one
        for who in PEOPLE:
            queue = self.pool.queue(who.address)
            if queue is not None:
                costs = [message.required_funds for message in queue.in_order()]
                assert queue.required_funds(but=2**63) == sum(costs)

    @invariant()
    def the_file_has_what_users_sent(self):
        kept = {(one.message.sender, one.message.nonce) for one in self.file.all()}
        assert self.own <= kept


def _fast_folder():
    memory = Path("/dev/shm")  # noqa: S108 - only its speed is wanted
    return memory if memory.is_dir() else None


TestPool = PoolAndModel.TestCase
TestPool.settings = settings(stateful_step_count=25, max_examples=settings().max_examples // 2)


@st.composite
def queues(draw):
    """Return senders with messages of any worth, some with gaps, poor or light on gas."""
    found = []
    for place in range(draw(st.integers(0, 12))):
        sender = Address.from_id(100 + place)
        is_bls = draw(st.booleans())
        nonce = draw(st.integers(0, 3))
        messages = []
        at = max(nonce - draw(st.integers(0, 2)), 0)
        for _ in range(draw(st.integers(1, 12))):
            premium = draw(st.integers(0, 400))
            cap = premium + draw(st.sampled_from((0, 50, 100, 1000)))
            gas = draw(st.sampled_from((GAS, 10 * GAS, 10**9, 4 * 10**9, 700_000)))
            value = draw(st.sampled_from((0, 0, FIL // 2)))
            messages.append(
                PendingMessage(
                    None, None, None, sender, 100, at, gas, cap, premium, value, cap * gas, is_bls
                )
            )
            at += draw(st.sampled_from((1, 1, 1, 1, 1, 1, 2)))
        balance = draw(st.sampled_from((FIL, FIL // 10**6, 10**12)))
        found.append(SenderQueue(sender, nonce, balance, tuple(messages)))
    return tuple(found)


@given(queues(), st.floats(0, 1), st.sampled_from((0, 100, 300)), st.data())
def test_what_is_chosen_could_be_a_block(senders, quality, base_fee, data):
    priority = tuple(queue.sender for queue in senders[:1] if data.draw(st.booleans()))
    candidates = Candidates(senders, base_fee, PRICES, priority)
    chosen = select_messages(
        candidates, quality, lambda below: data.draw(st.integers(0, below - 1))
    )
    assert len({(one.sender, one.nonce) for one in chosen}) == len(chosen) <= 10_000
    assert sum(one.gas_limit for one in chosen) <= BLOCK_GAS_LIMIT
    assert max(Counter(one.is_bls for one in chosen).values(), default=0) <= 8192
    accounts = {queue.sender: [queue.nonce, queue.balance] for queue in senders}
    for one in chosen:
        account = accounts[one.sender]
        assert one.nonce == account[0]
        assert account[1] >= one.required_funds
        assert one.gas_limit >= minimum_gas(one.length, PRICES)
        account[0] += 1
        account[1] -= one.required_funds + one.value
    earned = Counter()
    for one in chosen:
        earned[one.sender] += gas_reward(one, base_fee)
    assert all(reward >= 0 for reward in earned.values())


@given(st.lists(st.tuples(st.integers(0, 12), premiums, st.booleans(), st.booleans())))
def test_a_senders_messages_are_counted_rightly(steps):
    """Whatever is put and taken, the first free nonce and the funds follow from what is there."""
    queue, model = SenderMessages(0), {}
    used = 0
    for nonce, premium, takes, applied in steps:
        if takes:
            queue.remove(nonce, applied=applied)
            model.pop(nonce, None)
            if applied:
                used = max(used, nonce + 1)
        else:
            message = PendingMessage.of(ALICE.message(nonce, premium), ALICE.address)
            with suppress(Invalid):
                queue.check(message, strict=True)
                queue.put(message)
                model[nonce] = message
    assert queue.in_order() == tuple(model[nonce] for nonce in sorted(model))
    assert queue.required_funds(but=99) == sum(one.required_funds for one in model.values())
    assert queue.next_nonce not in model
