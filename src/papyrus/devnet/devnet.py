"""A running devnet: a node, the miners that make its blocks, and who decides when.

It is a node like any other. Its blocks are made by the rules, judged by the rules and executed like
anybody's; what is simulated is the storage, which nobody keeps and whose proofs a verifier of the
same name checks. Miners try for each epoch in turn; the epoch in which none wins is a null round.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import randrange

from papyrus.consensus.block_validity import TipsetState
from papyrus.consensus.chain import load_header
from papyrus.consensus.selection import messages_of
from papyrus.devnet.caretaker import Caretaker
from papyrus.devnet.clock import DevnetClock
from papyrus.devnet.miners import DevnetMiner, unable
from papyrus.devnet.options import DevnetOptions
from papyrus.devnet.people import People
from papyrus.devnet.unfit import executed_or_none
from papyrus.ipld.blockstore import Blockstore
from papyrus.mining.base_info import BeaconSource, MiningWorld
from papyrus.mining.block_template import ProducedBlock
from papyrus.mining.post_scheduler import ChainView
from papyrus.mining.producer import MiningBase, produce
from papyrus.mining.slash_filter import SlashFilter
from papyrus.mpool.selection import Candidates, select_messages
from papyrus.node.block_intake import FullBlock
from papyrus.node.known_senders import know_senders
from papyrus.node.logging import part
from papyrus.node.market_funds import MarketFunds
from papyrus.node.node import Node
from papyrus.node.payment_channels import PaymentChannels
from papyrus.node.sending import Sending
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.primitives.sentences import sentence
from papyrus.proofs.simulated import SimulatedProver
from papyrus.storage.database import Database
from papyrus.types.block import BlockHeader
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.wallet.errors import WalletError

MOST_NULL_ROUNDS = 100
"""Epochs in a row without a winner after which something must be wrong."""

MOST_IDLE = 2
"""Tipsets without a message after which those that wait are taken to wait for something else."""

MOST_AT_ONCE = 100_000

_EPOCHS_WITHOUT_BLOCKS = 20
"""A third of a window, in which miners prove their sectors."""

_log = part("devnet")


class Mining(StrEnum):
    """When a devnet makes a tipset."""

    INSTANT = "instant"
    """As soon as a message waits, and one more to tell what became of it."""
    INTERVAL = "interval"
    """Every block time."""
    MIXED = "mixed"
    """Both."""
    MANUAL = "manual"
    """When asked to."""

    @property
    def at_once(self) -> bool:
        """Whether a message that waits is a reason."""
        return self in (Mining.INSTANT, Mining.MIXED)

    @property
    def by_time(self) -> bool:
        """Whether time that passes is a reason."""
        return self in (Mining.INTERVAL, Mining.MIXED)


@dataclass(slots=True)
class Devnet:
    """A devnet that runs."""

    node: Node
    sending: Sending
    market_funds: MarketFunds
    payment_channels: PaymentChannels
    options: DevnetOptions
    people: People
    clock: DevnetClock
    beacons: BeaconSource
    mining: Mining
    interval: float
    """Seconds on the wall between two tipsets, where time is a reason to make one."""
    prover: SimulatedProver
    caretaker: Caretaker
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever changes the chain."""
    travels: int = 0
    """How often the chain went back to an earlier tipset."""
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _may_have_signed: bool = True
    """Whether there may be signed blocks on the head that the chain does not have."""
    _expected: ChainEpoch = 0
    """The height that someone waits for; 0 where nobody does."""

    @property
    def miners(self) -> tuple[Address, ...]:
        """Those that make blocks."""
        return self.caretaker.miners

    async def view(self) -> ChainView:
        """Return the chain up to the head, as the next epoch's messages find it."""
        node = self.node
        head = node.chain.head
        root = (await node.states.after(head)).state_root
        return ChainView(node.network, node.thread.source, node.chain.blocks, head, root)

    async def look_after(self, address: Address) -> DevnetMiner:
        """Look after a miner from here on, and return it.

        LocalFault where there is no such miner, or its worker's key is not in the wallet.
        """
        view = await self.view()
        await self.caretaker.look(view, self.travels)
        return await self.caretaker.take_on(view, address)

    # Making tipsets.

    async def mine(self, count: int = 1, null_rounds: int = 0) -> Tipset:
        """Make tipsets one after the other, the first after some null rounds; return the last.

        LocalFault for more than can be made at once.
        """
        if not (1 <= count <= MOST_AT_ONCE and 0 <= null_rounds <= MOST_NULL_ROUNDS):
            raise LocalFault(
                f"{count} tipsets after {null_rounds} null rounds: 1 to {MOST_AT_ONCE} can be made "
                f"at once, after {MOST_NULL_ROUNDS} null rounds at most"
            )
        for place in range(count):
            async with self.turn:
                head = await self.make_tipset(null_rounds if place == 0 else 0)
        return head

    async def advance(self, epochs: int) -> Tipset:
        """Let so many epochs pass, or a few more, most of them without blocks; return the head.

        There is a tipset often enough that the proofs for every window come in time, and the last
        one follows another at once, so that the state below it has seen the epochs that passed.
        """
        if not 1 <= epochs <= MOST_AT_ONCE:
            raise LocalFault(f"{epochs} epochs: 1 to {MOST_AT_ONCE} can pass at once")
        head = self.node.chain.head
        target = head.height + epochs
        while head.height < target:
            step = max(min(target - head.height - 1, _EPOCHS_WITHOUT_BLOCKS), 1)
            head = await self.mine(null_rounds=step - 1)
        return head

    async def make_tipset(self, null_rounds: int = 0) -> Tipset:
        """Make one tipset, in a turn that the caller has, and return it."""
        node = self.node
        if self._may_have_signed:
            await self._take_up_signed()
        # Wherever this breaks off, by a full disk or a client that goes away, as after a start.
        self._may_have_signed = True
        base = node.chain.head
        outcome = await node.states.after(base)
        await node.executed.catch_up()
        view = await self.view()
        await self.caretaker.look(view, self.travels)
        await self.caretaker.prove_windows(view)
        after = TipsetState(outcome.state_root, outcome.receipts_root)
        world = MiningWorld(
            network=node.network,
            source=node.thread.source,
            store=node.chain.blocks,
            state_after=lambda _base: after,
            beacons=self.beacons,
        )
        unsigned: list[LocalFault] = []
        for nulls in range(null_rounds, null_rounds + MOST_NULL_ROUNDS):
            attempt = MiningBase(base, nulls)
            won, unsigned = await self._won(attempt, world)
            blocks = [block for block in won if await self._may_sign(block, base)]
            if blocks:
                self.clock.advance_to(attempt.block_time(node.network))
                await node.intake.take([_full(block) for block in blocks])
                self._may_have_signed = False
                await node.executed.catch_up()
                return node.chain.head
        if len(unsigned) == len(self.miners):
            raise unsigned[0]
        raise LocalFault(
            sentence(
                "no miner won in {} epochs after {}: have they lost their power? "
                "`papyrus miner info {}` tells",
                MOST_NULL_ROUNDS,
                base.height,
                self.miners[0],
            )
        )

    async def _won(
        self, base: MiningBase, world: MiningWorld
    ) -> tuple[list[ProducedBlock], list[LocalFault]]:
        """Return the blocks of an epoch, kept and executed, which their miners may still sign.

        And why others could not sign. The worker that counts is that of some epochs before.
        """
        node = self.node
        while True:
            await know_senders(node.pool, node.view, base.tipset, node.pool.senders())
            candidates = node.pool.candidates(base.tipset)

            def select(
                _base: Tipset, quality: float, candidates: Candidates = candidates
            ) -> Sequence[SignedMessage]:
                chosen = select_messages(candidates, quality, randrange)
                return [message.signed for message in chosen]

            blocks: list[ProducedBlock] = []
            unsigned: list[LocalFault] = []
            for miner in self.miners:
                try:
                    block = await node.thread.run(
                        produce, miner, base, world, node.wallet, self.prover, select
                    )
                except WalletError as error:
                    unsigned.append(unable(miner, error))
                    self.caretaker.tell(miner, unsigned[-1])
                    continue
                if block is not None:
                    blocks.append(block)
            # They are kept before they are signed for good: ended in between, they are taken up.
            await node.thread.run(_keep, node.chain.database, blocks)
            if not blocks or await executed_or_none(node, base.tipset, blocks) is not None:
                return blocks, unsigned

    async def _may_sign(self, block: ProducedBlock, base: Tipset) -> bool:
        """Return whether a miner may sign a block; from then on it may sign no other."""
        conflict = await self.node.slash_filter.run(SlashFilter.admit, block.header, base.height)
        if conflict is not None:
            _log.warning("a block was not signed", miner=block.header.miner, why=conflict)
            return False
        self.node.metrics.blocks_produced.inc()
        return True

    async def _take_up_signed(self) -> None:
        """Take in the blocks on the head that were signed when the devnet was ended.

        Others in their place would be signed twice.
        """
        node = self.node
        head = node.chain.head
        store = node.chain.blocks
        signed = [
            load_header(store, cid)
            for cid in await node.slash_filter.run(SlashFilter.signed_above, head.height)
            if store.has(cid)
        ]
        fitting = [header for header in signed if TipsetKey(header.parents) == head.key]
        blocks = [header for header in fitting if header.height == fitting[0].height]
        if blocks:
            self.clock.advance_to(blocks[0].timestamp)
            await node.intake.take([_stored(store, header) for header in blocks])

    # When.

    async def run(self) -> None:
        """Make tipsets for the reasons that the mode has, until cancelled."""
        end = self.node.pool.subscribe(lambda _event: self._wanted.set())
        tasks = []
        if self.mining.at_once:
            tasks.append(asyncio.create_task(self._mine_what_waits(), name="mine at once"))
        if self.mining.by_time:
            tasks.append(asyncio.create_task(self._mine_in_time(), name="mine in time"))
        try:
            await asyncio.gather(*tasks, asyncio.Event().wait())
        finally:
            end()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def expect(self, height: ChainEpoch) -> None:
        """Hear that someone waits for a height; where messages are a reason to mine, so is that."""
        if height > self._expected:
            self._expected = height
            self._wanted.set()

    async def _mine_what_waits(self) -> None:
        self._wanted.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._mine_while_messages_wait()
                await self._mine_what_is_expected()
            except PapyrusError as error:
                _log.error("no tipset was made", why=error)

    async def _mine_while_messages_wait(self) -> None:
        """Make tipsets until nothing waits that can be taken, and all that was taken is told of.

        The child of a tipset tells what became of its messages; it may have taken some itself.
        """
        travels = self.travels
        is_told, idle = True, 0
        while True:
            async with self.turn:
                if self.travels != travels:
                    travels, is_told, idle = self.travels, True, 0
                if is_told and not len(self.node.pool):
                    return
                head = await self.make_tipset()
            is_told = not self.node.view.messages_of(head)
            idle = idle + 1 if is_told else 0
            if idle == MOST_IDLE or (idle and not len(self.node.pool)):
                return

    async def _mine_what_is_expected(self) -> None:
        travels = self.travels
        try:
            while self.travels == travels and self.node.chain.head.height < self._expected:
                async with self.turn:
                    await self.make_tipset()
        finally:
            self._expected = 0

    async def _mine_in_time(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            # Where making them takes longer than the interval, those missed are not made up for.
            due = max(due + self.interval, loop.time())
            await asyncio.sleep(due - loop.time())
            try:
                await self.mine()
            except PapyrusError as error:
                _log.error("no tipset was made", why=error)


def _stored(store: Blockstore, header: BlockHeader) -> FullBlock:
    """Return a block whose messages are in a store."""
    messages = messages_of(store, header)
    return FullBlock(
        header,
        tuple(one for one in messages if isinstance(one, Message)),
        tuple(one for one in messages if isinstance(one, SignedMessage)),
    )


def _keep(database: Database, blocks: Sequence[ProducedBlock]) -> None:
    with database.batch() as batch:
        for block in blocks:
            block.put(batch)


def _full(block: ProducedBlock) -> FullBlock:
    return FullBlock(block.header, block.bls_messages, block.signed_messages)
