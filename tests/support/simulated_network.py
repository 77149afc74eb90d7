"""Several devnet nodes of one genesis in one process, on one clock, with a network that is played.

Each node is a real one, with its own folder, and holds the key of one miner, for which it tries in
each epoch as a producer on any network does: on its own head, a little before the epoch begins.
Blocks and messages travel for a while, get lost, come twice, or do not get across a partition. A
node that hears of a block whose ancestors it lacks fetches them from whoever sent it, if it can be
reached. One miner may be told to equivocate: it signs two blocks and shows each to other nodes.
"""

import asyncio
import heapq
import itertools
import random
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

from papyrus.actors.engine import NativeActors
from papyrus.chain.opening import GenesisBlocks
from papyrus.consensus.block_validity import TipsetState
from papyrus.consensus.faults import fault_kind
from papyrus.consensus.selection import messages_by_kind, messages_of
from papyrus.devnet.beacon import DevnetBeacon
from papyrus.devnet.genesis import build_devnet, devnet_network
from papyrus.devnet.options import DevnetOptions
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.mining.base_info import MiningWorld
from papyrus.mining.block_template import bls_signature
from papyrus.mining.post_scheduler import ChainView, due_proofs, proof_message
from papyrus.mining.producer import MiningBase, attempt, finish
from papyrus.mining.slash_filter import SlashFilter
from papyrus.node.block_intake import FullBlock
from papyrus.node.clock import VirtualClock
from papyrus.node.config import Config
from papyrus.node.node import NodePlan, open_node
from papyrus.node.repository import open_repository
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import CHAIN_FINALITY
from papyrus.primitives.errors import Invalid
from papyrus.proofs.simulated import SimulatedProver, SimulatedVerifier
from papyrus.rules.policy import policy_of
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import TipsetKey
from papyrus.wallet.wallet import memory_wallet

MINERS = 3
OPTIONS = DevnetOptions(miners=MINERS, accounts=MINERS)
TIMESTAMP = 1_700_000_000
EPOCH = OPTIONS.epoch_seconds
PROPAGATION, EQUIVOCATION_WAIT = 2.0, 1.0
"""Seconds after an epoch's blocks when the next are tried for, and before the try is finished."""

TRANSFER_GAS, PROOF_GAS = 10_000_000, 200_000_000
FEE_CAP, PREMIUM = TokenAmount(10**9), TokenAmount(10**5)
MEMORY = Path("/dev/shm")  # noqa: S108 - only its speed is wanted


@cache
def genesis():
    """Return the network and the blocks of the genesis that all nodes share."""
    people = OPTIONS.people()
    settings = OPTIONS.settings(TIMESTAMP)
    network = devnet_network(settings, people)
    store = MemoryBlockstore()
    made = build_devnet(settings, people, store, NativeActors(policy_of(network.actors_bundle)))
    return network, GenesisBlocks(made.genesis.cid, tuple(store.blocks.items()))


class Peer:
    """One node, its miner, and what it takes to make blocks."""

    def __init__(self, place, folder, clock, stack):
        self.place = place
        people = OPTIONS.people()
        self.worker, self.account = people.workers[place], people.accounts[place].key
        self.miner = Address.from_id(1000 + place)
        self.prover = SimulatedProver()
        network, blocks = genesis()
        repository = stack.enter_context(open_repository(folder, "devnet"))
        self.beacons = DevnetBeacon(people.beacon_secret)
        plan = NodePlan(
            network=network, repository=repository, config=Config(), clock=clock,
            wallet=memory_wallet([self.worker, self.account], OPTIONS.chain_id),
            beacons=self.beacons, verifier=SimulatedVerifier(), proofs="simulated",
            genesis=blocks, workers=0,
        )  # fmt: skip
        self.node = stack.enter_context(open_node(plan))
        self.is_awake = True
        self.is_moved_by_hand = False
        self.deepest = 0
        self.refusals = Counter()
        self.signed = []
        self.pushed = set()
        self.node.chain.subscribe(self._hear)

    @property
    def chain(self):
        return self.node.chain

    @property
    def head(self):
        return self.node.chain.head

    def _hear(self, change):
        self.deepest = max(self.deepest, len(change.reverted))
        checkpoint = self.chain.checkpoint
        assert self.is_moved_by_hand or len(change.reverted) < CHAIN_FINALITY, (
            "reorganised past finality"
        )
        assert checkpoint is None or all(t.key != checkpoint.key for t in change.reverted), (
            "reorganised past its checkpoint"
        )

    # Making blocks.

    async def world(self, base):
        outcome = await self.node.states.after(base)
        after = TipsetState(outcome.state_root, outcome.receipts_root)
        node = self.node
        return MiningWorld(
            network=node.network, source=node.thread.source, store=node.chain.blocks,
            state_after=lambda _base: after, beacons=self.beacons,
        )  # fmt: skip

    def select(self, base, quality):
        return self.node.pool.select(base, quality)

    async def try_for(self, epoch):
        """Return a won attempt at an epoch on the own head, or None."""
        head = self.head
        if head.height >= epoch:
            return None
        await self.node.executed.catch_up()
        base = MiningBase(head, epoch - 1 - head.height)
        world = await self.world(head)
        won = attempt(self.miner, base, world, self.node.wallet, self.prover, self.select)
        return None if won is None else (won, world)

    async def finished(self, tried):
        """Return the block of an attempt, if the miner may sign it."""
        won, world = tried
        block = finish(won, self.head, world, self.node.wallet, self.select)
        parents = self.chain.tipset(TipsetKey(block.header.parents))
        admitted = self.node.slash_filter.run(SlashFilter.admit, block.header, parents.height)
        if await admitted is not None:
            return None
        self.signed.append(block.header)
        return FullBlock(block.header, block.bls_messages, block.signed_messages)

    def twins(self, tried):
        """Return two blocks of an attempt, which nobody honest would both sign."""
        won, world = tried
        block = finish(won, self.head, world, self.node.wallet, self.select)
        found = []
        for mark in (0, 1):
            unsigned = replace(block.header, block_sig=None, fork_signaling=mark)
            signature = bls_signature(self.node.wallet, self.worker.address, unsigned.signing_bytes)
            header = replace(unsigned, block_sig=signature)
            found.append(FullBlock(header, block.bls_messages, block.signed_messages))
        return found

    async def proofs(self):
        """Return the messages of the proofs that are due, signed and pushed."""
        head = self.head
        root = (await self.node.states.after(head)).state_root
        pool, network = self.node.pool, self.node.network
        await self.node.executed.catch_up()
        if pool.pending_of(self.worker.address):
            return []
        view = ChainView(network, self.node.thread.source, self.chain.blocks, head, root)
        return [
            self.push(
                self.worker, proof_message(self.miner.id, self.worker.address, due), PROOF_GAS
            )
            for due in due_proofs(view, self.miner.id, self.prover)
        ]

    def push(self, key, message, gas=TRANSFER_GAS):
        """Push a message of a key with its next nonce, and return it."""
        nonce = self.node.pool.next_nonce(key.address)
        message = replace(
            message, nonce=nonce, gas_limit=gas, gas_fee_cap=FEE_CAP, gas_premium=PREMIUM
        )
        signed = SignedMessage(message, key.sign(bytes(message.cid)))
        self.node.pool.push(signed)
        self.pushed.add(signed)
        return signed

    # Taking blocks.

    async def take(self, blocks):
        """Take blocks of one tipset; count why they, or where they lead, are refused."""
        try:
            await self.node.intake.take(blocks)
        except Invalid as error:
            self.refusals[error.fault] += 1

    async def receive(self, block, sender, reaches):
        """Take a block that another node sent, and what it stands on, from that node."""
        missing, parents = [], TipsetKey(block.header.parents)
        while not all(self.chain.blocks.has(cid) for cid in parents.cids):
            if not reaches():
                self.refusals["out of reach"] += 1
                return
            tipset = sender.chain.tipset(parents)
            missing.append(sender.full(tipset))
            parents = tipset.parents
        for blocks in reversed(missing):
            await self.take(blocks)
        await self.take([block])

    def full(self, tipset):
        """Return the blocks of a tipset with their messages."""
        return [
            FullBlock(header, *messages_by_kind(self.chain.blocks, header))
            for header in tipset.blocks
        ]

    async def hear_message(self, signed):
        """Let a message of another node wait, unless it may not."""
        await self.node.executed.catch_up()
        try:
            self.node.pool.add(signed)
        except Invalid as error:
            self.refusals[error.fault] += 1


class SimulatedNetwork:
    """The nodes and what travels between them."""

    def __init__(self, seed=0):
        self.chance = random.Random(seed)  # noqa: S311 - any schedule, the same each time
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.runner = asyncio.Runner()
        self.stack = ExitStack()
        self.clock = VirtualClock(TIMESTAMP)
        self.peers = []
        self.partition = (0,) * MINERS
        self.loss = self.duplication = 0.0
        self.slowness = 0.3
        self.equivocates = frozenset()
        """Places of those miners that sign two blocks whenever they win."""
        self.shows_both = False
        """Whether they show both to everybody, rather than one here and the other there."""
        self.counts = Counter()
        self.epoch = 0
        self._travelling = []
        self._order = itertools.count()
        self._dishonest = set()
        self.twins_made = []

    def __enter__(self):
        try:
            self.runner.run(self._open())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *error):
        self._close()

    async def _open(self):
        for place in range(MINERS):
            folder = self.folder / str(place)
            self.peers.append(Peer(place, folder, self.clock, self.stack))
            # What follows the head is asked for when it is needed, so that a tipset whose blocks
            # come one by one is not executed after each.
            await self.peers[-1].node.states.after(self.peers[-1].head)

    def _close(self):
        for peer in self.peers:
            self.runner.run(peer.node.stop())
        self.stack.close()
        self.runner.close()
        shutil.rmtree(self.folder)

    def run(self, work):
        return self.runner.run(work)

    # How things travel.

    def reaches(self, sender, receiver):
        return self.partition[sender.place] == self.partition[receiver.place]

    def send(self, sender, receiver, arrive):
        """Let something travel: `arrive` is awaited when it is there, perhaps twice, or never."""
        copies = 2 if self.chance.random() < self.duplication else 1
        for _ in range(copies):
            if not self.reaches(sender, receiver) or self.chance.random() < self.loss:
                self.counts["lost"] += 1
                continue
            moment = self.clock.time() + self.chance.random() * self.slowness * EPOCH
            heapq.heappush(self._travelling, (moment, next(self._order), arrive))

    def send_block(self, sender, block, receivers):
        for receiver in receivers:

            async def arrive(receiver=receiver):
                reach = lambda: self.reaches(sender, receiver)  # noqa: E731
                await receiver.receive(block, sender, reach)

            self.send(sender, receiver, arrive)

    def send_message(self, sender, signed):
        for receiver in self.others(sender):

            async def arrive(receiver=receiver):
                await receiver.hear_message(signed)

            self.send(sender, receiver, arrive)

    def send_head(self, sender):
        """Tell the others of the own head, as nodes do that meet."""
        for block in sender.full(sender.head) if sender.head.height else ():
            self.send_block(sender, block, self.others(sender))

    def others(self, peer):
        return [other for other in self.peers if other is not peer]

    async def deliver_until(self, moment):
        """Let time pass, and everything arrive that arrives until then."""
        while self._travelling and self._travelling[0][0] <= moment:
            at, _, arrive = heapq.heappop(self._travelling)
            await self.clock.advance_to(max(at, self.clock.time()))
            await arrive()
        await self.clock.advance_to(moment)

    # How time passes.

    async def pass_epoch(self):
        """Let each awake miner try for the next epoch, and what it makes travel."""
        self.epoch += 1
        begins = TIMESTAMP + self.epoch * EPOCH
        await self.deliver_until(begins - EPOCH + PROPAGATION)
        tried = {}
        for peer in self.peers:
            if peer.is_awake:
                for signed in await peer.proofs():
                    self.send_message(peer, signed)
                tried[peer] = await peer.try_for(self.epoch)
        await self.deliver_until(begins - EPOCH + PROPAGATION + EQUIVOCATION_WAIT)
        made = {}
        for peer, won in tried.items():
            if won is None:
                continue
            if peer.place in self.equivocates:
                made[peer] = self._twins_of(peer, won)
            elif (block := await peer.finished(won)) is not None:
                made[peer] = (block, block)
            else:
                self.counts["not signed, for it would be a fault"] += 1
        await self.deliver_until(begins)
        for peer, (block, other) in made.items():
            self.counts["blocks"] += 1
            await peer.take([block])
            receivers = self.others(peer)
            if self.shows_both and other is not block:
                await peer.take([other])
                self.send_block(peer, block, receivers)
                self.send_block(peer, other, receivers)
            else:
                self.send_block(peer, block, receivers[:1])
                self.send_block(peer, other, receivers[1:])
        self.counts["epochs"] += 1
        self.counts["null rounds of all"] += not made

    def _twins_of(self, peer, won):
        self._dishonest.add(peer)
        self.counts["equivocations"] += 1
        twins = peer.twins(won)
        self.twins_made.append(tuple(twin.header for twin in twins))
        return twins

    async def pay(self, place, amount):
        """Let a node push a payment and tell the others."""
        peer = self.peers[place]
        await peer.node.executed.catch_up()
        to = self.peers[(place + 1) % MINERS].account.address
        message = Message(
            0, to, peer.account.address, 0, TokenAmount(amount), 0, FEE_CAP, PREMIUM, 0, b""
        )
        self.send_message(peer, peer.push(peer.account, message))
        self.counts["payments"] += 1

    async def heal(self, epochs=6):
        """Let everybody reach everybody, without loss, until they agree."""
        self.partition = (0,) * MINERS
        self.loss = self.duplication = 0.0
        self.slowness = 0.3
        self.equivocates = frozenset()
        for peer in self.peers:
            peer.is_awake = True
        for _ in range(epochs):
            for peer in self.peers:
                self.send_head(peer)
            await self.pass_epoch()
        for peer in self.peers:
            self.send_head(peer)
        await self.deliver_until(self.clock.time() + 2 * EPOCH)
        self.epoch = int(self.clock.time() - TIMESTAMP) // EPOCH

    # What must hold.

    def check_honesty(self):
        """No honest miner signed two blocks that prove a fault; each pair of twins does."""
        for peer in self.peers:
            if peer in self._dishonest:
                continue
            blocks = sorted(peer.signed, key=lambda block: block.height)
            for first, second in itertools.combinations(blocks[-60:], 2):
                assert fault_kind(first, second, None) is None, (first, second)
            by_height = {block.height: block for block in blocks}
            for block in blocks:
                parent = peer.chain.tipset(TipsetKey(block.parents))
                own = by_height.get(parent.height)
                assert own is None or own.cid in block.parents, "left out its own block"
        for first, second in self.twins_made:
            assert fault_kind(first, second, None) is not None

    def check_agreement(self):
        """All nodes have one head, the heaviest, and one state after it."""
        heads = {peer.head.key for peer in self.peers}
        assert len(heads) == 1, [
            (p.place, p.head.height, p.chain.weight(p.head)) for p in self.peers
        ]
        head = self.peers[0].head
        for peer in self.peers:
            for height in range(head.height - 5, head.height + 1):
                for tipset in peer.chain.tipsets_at(height):
                    assert peer.chain.weight(tipset) <= peer.chain.weight(head)
        states = {self.run(peer.node.states.after(head)) for peer in self.peers}
        assert len(states) == 1

    def check_messages(self):
        """Each message that a node's user pushed is on the chain, or waits there still."""
        for peer in self.peers:
            on_chain = set()
            tipset = peer.head
            while tipset.height:
                for block in tipset.blocks:
                    for message in messages_of(peer.chain.blocks, block):
                        on_chain.add(getattr(message, "message", message).cid)
                tipset = peer.chain.tipset(tipset.parents)
            waiting = {signed.message.cid for signed in peer.node.pool.pending()}
            lost = [
                signed.message.nonce
                for signed in peer.pushed
                if signed.message.cid not in on_chain | waiting
            ]
            assert not lost, f"node {peer.place} lost messages with the nonces {lost}"
