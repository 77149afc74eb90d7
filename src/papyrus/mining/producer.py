"""Making a block: who may, who wins, and over which parents (node.md 3.11; Lotus miner/miner.go).

Each epoch a miner takes the heaviest tipset, leaving late blocks the time to arrive, and tries its
luck: its key and the beacon give a ticket and an election proof, which says how often it has won.
If it has, it proves a sector, chooses messages, and waits a little: where a block of its base turns
out to be one of two by the same miner, that block is left out. Then the block is put together. An
epoch in which it made nothing is a null round of its base, and it tries the next one.

This is in two steps, since there is a wait between them: `attempt` and `finish`. Neither waits nor
looks at a clock; `BlockTimes` says when each is due. A finished block must pass the `SlashFilter`
before anybody is shown it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from papyrus.consensus.election import win_count
from papyrus.consensus.randomness import drawn_for_block
from papyrus.consensus.winning_sectors import as_scalar
from papyrus.mining.base_info import MiningBaseInfo, MiningWorld, mining_base_info
from papyrus.mining.block_template import (
    BlockTemplate,
    ProducedBlock,
    Signer,
    bls_signature,
    create_block,
)
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.proof_types import winning_post_proof_of
from papyrus.proofs.statements import PoStProof, SectorInfo
from papyrus.rules.network import Network
from papyrus.types.message import SignedMessage
from papyrus.types.ticket import ElectionProof, Ticket
from papyrus.types.ticket import PoStProof as BlockProof
from papyrus.types.tipset import Tipset
from papyrus.vm.runtime import RandomnessPurpose

MOST_NULL_ROUNDS = CHAIN_FINALITY - 2
"""After more no block is valid, but over genesis: its past would reach up to its own parents."""

_TICKET_RANGE = 1 << 256

Select = Callable[[Tipset, float], Sequence[SignedMessage]]
"""Chooses messages for a block over a base, given the quality of its ticket from 0 to 1."""


class WinningPoStProver(Protocol):
    """Who proves sectors for blocks; it may take seconds."""

    def prove_winning_post(
        self, proof_type: int, randomness: bytes, sectors: Sequence[SectorInfo], miner: int, /
    ) -> tuple[PoStProof, ...]:
        """Return the winning proofs of a miner's sectors."""


@dataclass(frozen=True, slots=True)
class BlockTimes:
    """What a producer leaves the network time for, in seconds."""

    propagation_delay: int = 10
    """From a tipset's own time until its blocks have arrived."""
    equivocation_delay: int = 2
    """From when the base was chosen until two blocks of one miner would have been noticed."""


MAINNET_TIMES = BlockTimes()
LOCAL_TIMES = BlockTimes(propagation_delay=1, equivocation_delay=0)
"""Of Lotus' `2k` build, whose epochs take four seconds."""


@dataclass(frozen=True, slots=True)
class MiningBase:
    """A tipset to build on, and the epochs since it that are known to stay without a block."""

    tipset: Tipset
    null_rounds: int = 0

    @property
    def epoch(self) -> ChainEpoch:
        """The epoch of a block over this base."""
        return self.tipset.height + self.null_rounds + 1

    def due_at(self, network: Network, times: BlockTimes) -> int:
        """Return the Unix seconds from which the base may be taken for complete."""
        passed = network.block_delay * self.null_rounds
        return self.tipset.min_timestamp + passed + times.propagation_delay

    def block_time(self, network: Network) -> int:
        """Return the Unix seconds of a block over this base, before which it is not sent."""
        return self.tipset.min_timestamp + network.block_delay * (self.null_rounds + 1)


def next_base(last: MiningBase | None, head: Tipset) -> MiningBase:
    """Return what to build on after an attempt on the last base, given the heaviest tipset.

    Where the head is still the last base's tipset, one more round of it is null.
    """
    if last is None or last.tipset.key != head.key:
        return MiningBase(head)
    return replace(last, null_rounds=last.null_rounds + 1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A won election, with all of the block that does not depend on the wait."""

    miner: Address
    base: MiningBase
    info: MiningBaseInfo
    ticket: Ticket
    election_proof: ElectionProof
    win_post_proof: tuple[BlockProof, ...]
    messages: tuple[SignedMessage, ...]


def attempt(
    miner: Address,
    base: MiningBase,
    world: MiningWorld,
    signer: Signer,
    prover: WinningPoStProver,
    select: Select,
) -> Attempt | None:
    """Try for a block over a base; None where the miner has not won, or may not make one.

    LookupError where it is no miner or a beacon round is not out yet; LocalFault where the worker's
    key is not there.
    """
    info = mining_base_info(miner, base.epoch, base.tipset, world)
    if info is None or not info.is_eligible:
        return None
    election_proof = run_election(miner, base.epoch, info, signer)
    if election_proof is None:
        return None
    ticket = draw_ticket(miner, base, info, world.network, signer)
    return Attempt(
        miner=miner,
        base=base,
        info=info,
        ticket=ticket,
        election_proof=election_proof,
        win_post_proof=_prove(miner, base.epoch, info, prover),
        messages=tuple(select(base.tipset, ticket_quality(ticket))),
    )


def finish(
    won: Attempt, head: Tipset, world: MiningWorld, signer: Signer, select: Select
) -> ProducedBlock:
    """Return the block of an attempt, now that the heaviest tipset is `head`.

    Where blocks of the base are no longer in the tipset of its height, the block goes without them:
    their miners have equivocated. Nothing new is taken in.
    """
    base, ticket, messages = won.base, won.ticket, won.messages
    left = still_in(base.tipset, head)
    if left is not base.tipset:
        base = replace(base, tipset=left)
        if left.blocks[0].ticket != won.base.tipset.blocks[0].ticket:
            ticket = draw_ticket(won.miner, base, won.info, world.network, signer)
        messages = tuple(select(left, ticket_quality(ticket)))
    template = BlockTemplate(
        miner=won.miner,
        base=base.tipset,
        epoch=base.epoch,
        ticket=ticket,
        election_proof=won.election_proof,
        beacon_entries=won.info.beacon_entries,
        win_post_proof=won.win_post_proof,
        messages=messages,
    )
    return create_block(template, won.info.worker_key, world, signer)


def produce(
    miner: Address,
    base: MiningBase,
    world: MiningWorld,
    signer: Signer,
    prover: WinningPoStProver,
    select: Select,
) -> ProducedBlock | None:
    """Try for a block and finish it at once, where nobody else could equivocate meanwhile."""
    won = attempt(miner, base, world, signer, prover, select)
    return None if won is None else finish(won, base.tipset, world, signer, select)


def still_in(base: Tipset, head: Tipset) -> Tipset:
    """Return the base without those of its blocks that are no longer in the tipset of its height.

    It stays itself where the head is of another height, or has none of its blocks (as in Lotus).
    """
    if head.height != base.height or head.key == base.key:
        return base
    kept = [
        block for block, cid in zip(base.blocks, base.key.cids, strict=True) if cid in head.key.cids
    ]
    return Tipset.of(kept) if kept and len(kept) < len(base.blocks) else base


def run_election(
    miner: Address, epoch: ChainEpoch, info: MiningBaseInfo, signer: Signer
) -> ElectionProof | None:
    """Return a miner's election proof of an epoch, or None where it has not won."""
    drawn = drawn_for_block(info.beacon, RandomnessPurpose.ELECTION_PROOF_PRODUCTION, epoch, miner)
    proof = bls_signature(signer, info.worker_key, drawn).data
    if info.network_power <= 0:
        return None
    wins = win_count(proof, info.miner_power, info.network_power)
    return ElectionProof(wins, proof) if wins else None


def draw_ticket(
    miner: Address, base: MiningBase, info: MiningBaseInfo, network: Network, signer: Signer
) -> Ticket:
    """Return a miner's ticket for a block over a base."""
    entropy = b""
    parent_ticket = base.tipset.blocks[0].ticket
    if network.ticket_follows_parent_at(base.epoch) and parent_ticket is not None:
        entropy = parent_ticket.vrf_proof
    drawn = drawn_for_block(
        info.beacon, RandomnessPurpose.TICKET_PRODUCTION, base.epoch - 1, miner, entropy
    )
    return Ticket(bls_signature(signer, info.worker_key, drawn).data)


def ticket_quality(ticket: Ticket) -> float:
    """Return how likely a block with a ticket is to come first in its tipset, from 0 to 1."""
    return 1 - int.from_bytes(ticket.digest, "big") / _TICKET_RANGE


def _prove(
    miner: Address, epoch: ChainEpoch, info: MiningBaseInfo, prover: WinningPoStProver
) -> tuple[BlockProof, ...]:
    proof_type = winning_post_proof_of(info.window_post_proof)
    if proof_type is None:
        raise LocalFault(
            sentence("{} proves with type {}, which is unknown", miner, info.window_post_proof)
        )
    drawn = drawn_for_block(
        info.beacon, RandomnessPurpose.WINNING_POST_CHALLENGE_SEED, epoch, miner
    )
    proofs = prover.prove_winning_post(proof_type, as_scalar(drawn), info.sectors, miner.id)
    return tuple(BlockProof(proof.post_proof, proof.proof_bytes) for proof in proofs)
