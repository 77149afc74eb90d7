"""How a block comes into the chain, whoever made it (node.md 3.2, 3.3).

Its messages are kept, its parents executed, and then it is judged by every rule. A block found good
is kept and takes part in the choice of the head; one that breaks a rule for good is remembered as
bad, and so is whatever builds on it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from papyrus.chain.bad_blocks import BadBlocks
from papyrus.chain.head_changes import HeadChange
from papyrus.chain.store import ChainStore
from papyrus.consensus.block_validity import BlockWorld, TipsetState, validate_block
from papyrus.consensus.verdicts import Fault
from papyrus.consensus.winning_sectors import WinningPoStVerifier
from papyrus.node.chain_thread import ChainThread
from papyrus.node.metrics import Metrics
from papyrus.node.sync_log import SyncLog
from papyrus.node.tipset_states import TipsetStates
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey


@dataclass(frozen=True, slots=True)
class FullBlock:
    """A block with its messages."""

    header: BlockHeader
    bls_messages: tuple[Message, ...]
    signed_messages: tuple[SignedMessage, ...]


@dataclass(frozen=True, slots=True)
class BlockIntake:
    """Where blocks come in."""

    chain: ChainStore
    states: TipsetStates
    network: Network
    verifier: WinningPoStVerifier
    judge: ChainThread
    bad_blocks: BadBlocks
    now: Callable[[], float]
    """Unix seconds."""
    metrics: Metrics
    log: SyncLog
    flushed: Callable[[], Awaitable[None]]
    """Returns when what the chain noted is on the disk."""

    async def take(self, blocks: Sequence[FullBlock]) -> HeadChange | None:
        """Judge blocks of one epoch, keep them, and return how that moved the head, durably.

        Raises Invalid with the first rule that one of them breaks, and keeps none of them then;
        LocalFault where this machine cannot tell.
        """
        if not blocks:
            return None
        headers = [block.header for block in blocks]
        with self.log.taking(self.chain.head, Tipset.of(headers[:1])):
            for block in blocks:
                # The root of a block's messages is kept together with them.
                if not self.chain.blocks.has(block.header.messages):
                    await self.judge.run(
                        self.chain.put_messages, block.bls_messages, block.signed_messages
                    )
            for header in headers:
                await self._judge_once(header)
            await self.judge.run(self.chain.put_headers, headers)
            self.chain.take_up(headers)
            change = self.chain.consider(Tipset.of(headers[:1]))
            await self.flushed()
            return change

    async def judge_again(self, tipset: Tipset) -> None:
        """Judge the blocks of a tipset whether they are known or not; genesis is always good.

        Raises Invalid with the first rule that one of them breaks.
        """
        if tipset.key == self.chain.genesis.key:
            return
        for header in tipset.blocks:
            await self._judge(header)

    async def _judge_once(self, header: BlockHeader) -> None:
        if self.chain.has_block(header):
            return
        self._expect_no_bad(header)
        try:
            with self.metrics.block_validation.time():
                await self._judge(header)
        except Invalid as fault:
            self.metrics.blocks_refused.labels(str(fault.fault)).inc()
            self.bad_blocks.add_verdict(header.cid, fault)
            raise
        self.metrics.blocks_accepted.inc()

    async def _judge(self, header: BlockHeader) -> None:
        base = self.chain.tipset(TipsetKey(header.parents))
        outcome = await self.states.after(base)
        after = TipsetState(outcome.state_root, outcome.receipts_root)
        world = BlockWorld(
            network=self.network,
            source=self.judge.source,
            store=self.chain.blocks,
            verifier=self.verifier,
            state_after=lambda _base: after,
            now=int(self.now()),
        )
        await self.judge.run(validate_block, header, world)

    def _expect_no_bad(self, header: BlockHeader) -> None:
        """Refuse a block that is known to be bad, or builds on one that is."""
        reason = self.bad_blocks.reason(header.cid)
        if reason is not None:
            raise Invalid(Fault.KNOWN_BAD, reason)
        for parent in header.parents:
            reason = self.bad_blocks.reason(parent)
            if reason is not None:
                self.bad_blocks.add(header.cid, sentence("it builds on {}: {}", parent, reason))
                raise Invalid(Fault.BAD_ANCESTOR, f"it builds on {parent}: {reason}")
