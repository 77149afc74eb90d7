"""Whether a block may join the chain (spec 4.1, node.md 3.3).

A block is judged as the next one on its parent tipset: first what it says of itself, then its place
after its parents, then its miner's right to make it, its messages, and last what executing its
parents gives. The order is Lotus' (`chain/consensus/filcns`); where it runs checks side by side,
the order here is the one they are written in. The first rule broken is the verdict.

Everything the judgement needs comes from outside as a `BlockWorld`: earlier tipsets, the states
behind them, the clock. Nothing is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from papyrus.consensus.base_fee import base_fee_after
from papyrus.consensus.beacon import check_beacon_entries
from papyrus.consensus.block_messages import check_block_messages
from papyrus.consensus.chain import TipsetSource, load_header
from papyrus.consensus.election import win_count
from papyrus.consensus.eligibility import require_claim, require_eligible
from papyrus.consensus.lookback import Lookback, lookback
from papyrus.consensus.miner_states import MinerState
from papyrus.consensus.power_table import PowerTable
from papyrus.consensus.randomness import drawn_for_block, latest_beacon_entry
from papyrus.consensus.selection import messages_by_kind
from papyrus.consensus.verdicts import Fault
from papyrus.consensus.weight import weight
from papyrus.consensus.winning_sectors import (
    WinningPoStVerifier,
    winning_sectors,
    winning_statement,
)
from papyrus.consensus.worker_keys import key_of, worker_of
from papyrus.crypto import vrf
from papyrus.crypto.signatures import verify
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.address import Protocol as AddressProtocol
from papyrus.primitives.errors import DecodeError, Invalid, LocalFault, SyscallError
from papyrus.primitives.sentences import sentence
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader
from papyrus.types.ticket import BeaconEntry, ElectionProof, Ticket
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.runtime import RandomnessPurpose
from papyrus.vm.state_tree import StateTree

ALLOWED_CLOCK_DRIFT = 1
"""Seconds by which a block's time may be ahead of the clock."""


class Executed(Protocol):
    """What executing a tipset gave, whoever tells it."""

    @property
    def state_root(self) -> Cid:
        """The state after it."""

    @property
    def receipts_root(self) -> Cid:
        """The receipts of its messages."""


@dataclass(frozen=True, slots=True)
class TipsetState:
    """What executing a tipset gave, and no more."""

    state_root: Cid
    receipts_root: Cid


@dataclass(frozen=True, slots=True)
class BlockWorld:
    """Everything around a block that judging it needs."""

    network: Network
    source: TipsetSource
    """Where earlier tipsets are found."""
    store: Blockstore
    """Where the block's messages are, and the states of a finality back."""
    verifier: WinningPoStVerifier
    state_after: Callable[[Tipset], Executed]
    """Executes a tipset, or knows what it gave."""
    now: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A block in its place, with what several checks ask for."""

    header: BlockHeader
    ticket: Ticket
    election_proof: ElectionProof
    miner: int
    base: Tipset
    """The parent tipset."""
    past: Lookback
    """By what its miner is judged."""
    past_tree: StateTree
    """The state after the tipset of that past."""
    previous: BeaconEntry
    """The latest beacon entry of the chain up to the base."""
    world: BlockWorld

    @property
    def beacon(self) -> BeaconEntry:
        """The entry from which the block's randomness is drawn."""
        entries = self.header.beacon_entries
        return entries[-1] if entries else self.previous

    def drawn(self, purpose: RandomnessPurpose, epoch: int, entropy: bytes = b"") -> bytes:
        """Return the miner's randomness of an epoch for a purpose."""
        return drawn_for_block(self.beacon, purpose, epoch, self.header.miner, entropy)

    def worker(self) -> Address:
        """Return the key that signs for the miner; Invalid where the lookback state has none."""
        try:
            return key_of(self.past_tree, worker_of(self.past_tree, self.miner))
        except (LookupError, DecodeError) as error:
            raise Invalid(Fault.WORKER_KEY, error) from error


def validate_block(header: BlockHeader, world: BlockWorld) -> None:
    """Return where a block is valid; its messages must be in the store.

    Raises Invalid with the first rule that it breaks, LocalFault where this machine lacks something
    (a parent, a message, a state) and so cannot tell. The genesis block is not to be judged.
    """
    block = placed(header, world)
    for check in CHECKS:
        check(block)


def placed(header: BlockHeader, world: BlockWorld) -> Candidate:
    """Return a block in its place, once it is complete and has a past to be judged by."""
    ticket, election_proof = require_complete(header)
    base = parent_tipset(header, world)
    try:
        past = lookback(world.source, base, header.height)
    except LookupError as error:
        raise Invalid(Fault.NO_LOOKBACK, error) from error
    try:
        previous = latest_beacon_entry(world.source, base)
    except LookupError as error:
        raise Invalid(Fault.BEACON_NOT_FOUND, error) from error
    return Candidate(
        header=header,
        ticket=ticket,
        election_proof=election_proof,
        miner=header.miner.id,
        base=base,
        past=past,
        past_tree=StateTree(world.store, past.state_root),
        previous=previous,
        world=world,
    )


def require_complete(header: BlockHeader) -> tuple[Ticket, ElectionProof]:
    """Refuse a header in which a part is missing, and return the parts that may be."""
    if header.election_proof is None:
        raise Invalid(Fault.NO_ELECTION_PROOF, "the block has no election proof")
    if header.ticket is None:
        raise Invalid(Fault.NO_TICKET, "the block has no ticket")
    if header.block_sig is None:
        raise Invalid(Fault.NO_BLOCK_SIGNATURE, "the block has no signature")
    if header.bls_aggregate is None:
        raise Invalid(Fault.NO_BLS_AGGREGATE, "the block has no BLS aggregate")
    if header.miner.protocol is not AddressProtocol.ID:
        raise Invalid(Fault.MINER_NOT_AN_ID, sentence("the miner is {}", header.miner))
    return header.ticket, header.election_proof


def parent_tipset(header: BlockHeader, world: BlockWorld) -> Tipset:
    """Return the tipset a block builds on; Invalid where its parents are none."""
    if not header.parents:
        raise Invalid(Fault.NO_PARENTS, "the block has no parents")
    try:
        return world.source.tipset(TipsetKey(header.parents))
    except LocalFault:
        # Either a parent is missing here, or the parents do not belong together.
        headers = [load_header(world.store, cid) for cid in header.parents]
        try:
            Tipset.of(headers)
        except DecodeError as error:
            raise Invalid(Fault.PARENTS_NO_TIPSET, error) from error
        raise


def check_height(block: Candidate) -> None:
    """Require that the block is higher than its parents."""
    if block.header.height <= block.base.height:
        raise Invalid(
            Fault.HEIGHT_NOT_ABOVE_PARENT,
            f"height {block.header.height}, and the parent's is {block.base.height}",
        )


def check_timestamp(block: Candidate) -> None:
    """Require that the block's time is its epoch's."""
    epochs = block.header.height - block.base.height
    expected = block.base.min_timestamp + block.world.network.block_delay * epochs
    if block.header.timestamp != expected:
        raise Invalid(Fault.TIMESTAMP, f"{block.header.timestamp}, not {expected}")


def check_clock(block: Candidate) -> None:
    """Require that the block's time has come."""
    if block.header.timestamp > block.world.now + ALLOWED_CLOCK_DRIFT:
        raise Invalid(
            Fault.TIMESTAMP_IN_FUTURE,
            f"the block is of {block.header.timestamp}, and it is {block.world.now}",
        )


def check_parent_weight(block: Candidate) -> None:
    """Require that the block states the weight of the chain it extends."""
    expected = weight(block.base, block.world.store)
    if block.header.parent_weight != expected:
        raise Invalid(Fault.PARENT_WEIGHT, f"{block.header.parent_weight}, not {expected}")


def check_worker(block: Candidate) -> None:
    """Require that the miner has a worker's key by which the block can be checked."""
    block.worker()


def check_claim(block: Candidate) -> None:
    """Require that the miner is in the power table that the block builds on."""
    require_claim(block.miner, block.base, block.world.store)


def check_ticket(block: Candidate) -> None:
    """Require that the ticket is the worker's and no other."""
    height = block.header.height
    entropy = b""
    parent_ticket = block.base.blocks[0].ticket
    if block.world.network.ticket_follows_parent_at(height) and parent_ticket is not None:
        entropy = parent_ticket.vrf_proof
    drawn = block.drawn(RandomnessPurpose.TICKET_PRODUCTION, height - 1, entropy)
    if not _is_vrf_proof(block.worker(), drawn, block.ticket.vrf_proof):
        raise Invalid(Fault.TICKET, sentence("the ticket is not that of {}", block.header.miner))


def check_signature(block: Candidate) -> None:
    """Require that the worker signed the block."""
    signature = block.header.block_sig
    if signature is None or not verify(signature, block.worker(), block.header.signing_bytes):
        raise Invalid(
            Fault.BLOCK_SIGNATURE, sentence("the signature is not that of {}", block.header.miner)
        )


def check_beacon(block: Candidate) -> None:
    """Require that the block carries the beacon's rounds since its parents."""
    check_beacon_entries(
        block.world.network,
        block.header.height,
        block.base.height,
        block.previous,
        block.header.beacon_entries,
    )


def check_winning_post(block: Candidate) -> None:
    """Require that the miner shows that it holds the sectors challenged."""
    world, header = block.world, block.header
    drawn = block.drawn(RandomnessPurpose.WINNING_POST_CHALLENGE_SEED, header.height)
    try:
        state = MinerState.of(block.past_tree, block.miner)
        sectors = winning_sectors(state, block.miner, drawn)
        statement = winning_statement(block.miner, drawn, sectors, header.win_post_proof)
        holds = world.verifier.verify_winning_post(statement)
    except (LookupError, SyscallError) as error:
        raise Invalid(Fault.WINNING_POST, error) from error
    if not holds:
        numbers = [sector.sector_number for sector in sectors]
        raise Invalid(Fault.WINNING_POST, f"the proof of sectors {numbers} does not hold")


def check_eligibility(block: Candidate) -> None:
    """Require that the block claims a win, and its miner was eligible for one."""
    if block.election_proof.win_count < 1:
        raise Invalid(Fault.WIN_COUNT_NOT_POSITIVE, f"{block.election_proof.win_count} wins")
    world = block.world
    try:
        require_eligible(block.miner, block.base, block.past, world.network, world.store)
    except LookupError as error:
        raise Invalid(Fault.MINER_WITHOUT_CLAIM, error) from error


def check_election_proof(block: Candidate) -> None:
    """Require that the election proof is the worker's and no other."""
    drawn = block.drawn(RandomnessPurpose.ELECTION_PROOF_PRODUCTION, block.header.height)
    if not _is_vrf_proof(block.worker(), drawn, block.election_proof.vrf_proof):
        raise Invalid(
            Fault.ELECTION_PROOF, sentence("the proof is not that of {}", block.header.miner)
        )


def check_win_count(block: Candidate) -> None:
    """Require that the miner won as often as the block claims."""
    table = PowerTable.of(block.past_tree)
    claim = table.claim(block.miner)
    if claim is None or table.total_quality_adjusted_power <= 0:
        raise Invalid(Fault.WIN_COUNT, "the lookback state shows no power to win with")
    proof = block.election_proof
    expected = win_count(
        proof.vrf_proof, claim.quality_adjusted_power, table.total_quality_adjusted_power
    )
    if proof.win_count != expected:
        raise Invalid(Fault.WIN_COUNT, f"{proof.win_count} wins claimed, {expected} drawn")


def check_messages(block: Candidate) -> None:
    """Require that the block's messages may stand in it."""
    world = block.world
    bls_messages, signed_messages = messages_by_kind(world.store, block.header)
    check_block_messages(
        block.header,
        bls_messages,
        signed_messages,
        StateTree(world.store, block.base.parent_state_root),
        StateTree(world.store, world.state_after(block.base).state_root),
        world.network,
    )


def check_base_fee(block: Candidate) -> None:
    """Require that the block states the base fee that follows."""
    expected = base_fee_after(block.base, block.world.store, block.world.network)
    if block.header.parent_base_fee != expected:
        raise Invalid(Fault.BASE_FEE, f"{block.header.parent_base_fee}, not {expected}")


def check_state(block: Candidate) -> None:
    """Require that the block states what executing its parents gave."""
    header, outcome = block.header, block.world.state_after(block.base)
    if header.parent_state_root != outcome.state_root:
        raise Invalid(Fault.STATE_ROOT, f"{header.parent_state_root}, not {outcome.state_root}")
    if header.parent_message_receipts != outcome.receipts_root:
        raise Invalid(
            Fault.RECEIPTS_ROOT, f"{header.parent_message_receipts}, not {outcome.receipts_root}"
        )


CHECKS = (
    check_height,
    check_timestamp,
    check_clock,
    check_parent_weight,
    check_worker,
    check_claim,
    check_ticket,
    check_signature,
    check_beacon,
    check_winning_post,
    check_eligibility,
    check_election_proof,
    check_win_count,
    check_messages,
    check_base_fee,
    check_state,
)
"""What is asked of a block in its place, in order; what takes long comes last."""


def _is_vrf_proof(worker: Address, message: bytes, proof: bytes) -> bool:
    return worker.protocol is AddressProtocol.BLS and vrf.verify(worker.payload, message, proof)
