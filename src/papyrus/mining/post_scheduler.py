"""Proving each day that sectors are still there, in time (spec 2.6.2, node.md 3.11; Lotus wdpost).

A miner's day has 48 windows, and in each of them the sectors of one deadline are to be proven by
`SubmitWindowedPoSt`; what is not proven loses its power at the window's end. Given the head of the
chain, `due_proofs` returns the proofs that are still to be sent for the window that the next epoch
lies in. It keeps nothing: asked again after the proofs are on chain, it returns none.

What a proof must cover is found by doing to a copy of the state what the actor will do to the state
itself, so that both always agree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from papyrus.actors.miner.deadline import Deadline, open_partitions
from papyrus.actors.miner.deadline_proofs import record_proven_sectors
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import PoStPartition, SubmitWindowedPoStParams
from papyrus.actors.miner.partition import Partition, Scope
from papyrus.actors.miner.proof_policy import max_partitions_loaded
from papyrus.actors.miner.proving_period import DeadlineInfo
from papyrus.actors.miner.state import State, load_deadlines, load_info, open_sectors
from papyrus.consensus.chain import TipsetSource
from papyrus.consensus.randomness import beacon_digest, chain_digest
from papyrus.consensus.worker_keys import miner_head
from papyrus.ipld.blockstore import Blockstore, BufferedBlockstore, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import ActorError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.statements import PoStProof, SectorInfo
from papyrus.rules.network import Network
from papyrus.rules.policy import Policy, policy_of
from papyrus.types.message import MESSAGE_VERSION, Message
from papyrus.types.tipset import Tipset
from papyrus.vm.kernel.random import draw
from papyrus.vm.payloads import encoded
from papyrus.vm.runtime import RandomnessPurpose
from papyrus.vm.state_tree import StateTree

NO_SECTORS = BitField()


class WindowPoStProver(Protocol):
    """Who proves sectors for windows; it may take minutes."""

    def prove_window_post(
        self, proof_type: int, randomness: bytes, sectors: Sequence[SectorInfo], miner: int, /
    ) -> tuple[PoStProof, ...]:
        """Return the window proofs of a miner's sectors."""


@dataclass(frozen=True, slots=True)
class ChainView:
    """The chain up to a head, as the next epoch's messages find it."""

    network: Network
    source: TipsetSource
    store: Blockstore
    head: Tipset
    state_root: Cid
    """The state after the head."""

    @property
    def next_epoch(self) -> ChainEpoch:
        """The first epoch at which a message may still be executed."""
        return self.head.height + 1


@dataclass(frozen=True, slots=True)
class DueProof:
    """One message that is to be sent before a window closes."""

    params: SubmitWindowedPoStParams
    closes: ChainEpoch
    """The first epoch at which it is too late."""
    sectors: int
    """How many it proves."""


def open_window(view: ChainView, miner: int) -> DeadlineInfo:
    """Return the window that the next epoch lies in; LookupError where there is no such miner."""
    state, _ = load_miner(view, miner)
    return state.deadline_info(policy_of(view.network.actors_bundle), view.next_epoch)


def due_proofs(
    view: ChainView, miner: int, prover: WindowPoStProver, lost: BitField = NO_SECTORS
) -> tuple[DueProof, ...]:
    """Return the proofs still to be sent for the window that the next epoch lies in.

    `lost` are numbers of sectors that cannot be shown; the proofs leave them out, and they become
    faulty. Nothing is due for partitions in which there is nothing to show. LookupError where there
    is no such miner.
    """
    policy = policy_of(view.network.actors_bundle)
    state, info = load_miner(view, miner)
    window = state.deadline_info(policy, view.next_epoch)
    # Nothing of this reaches the store: it is what the actor would write.
    scratch = BufferedBlockstore(view.store)
    deadline = load_deadline(scratch, load_deadlines(scratch, state), window.index)
    scope = Scope(scratch, open_sectors(scratch, state), info.sector_size, window.quant)
    limit = min(
        max_partitions_loaded(policy, info.window_post_partition_sectors),
        policy.posted_partitions_max,
    )
    work = _Work(view, miner, info, policy, window, scope, prover)
    return tuple(
        work.proof(deadline, partitions)
        for partitions in _batches(_unproven(scope, deadline, lost), limit)
    )


def proof_message(miner: int, sender: Address, due: DueProof) -> Message:
    """Return the message of a proof; its nonce and gas are for the mempool to fill in.

    `sender` is the miner's worker, owner or one of its control addresses.
    """
    return Message(
        version=MESSAGE_VERSION,
        to=Address.from_id(miner),
        sender=sender,
        nonce=0,
        value=ZERO,
        gas_limit=0,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=numbers.SUBMIT_WINDOWED_POST,
        params=due.params.to_cbor(),
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """Proving the partitions of one window."""

    view: ChainView
    miner: int
    info: MinerInfo
    policy: Policy
    window: DeadlineInfo
    scope: Scope
    prover: WindowPoStProver

    def proof(self, deadline: Deadline, partitions: tuple[PoStPartition, ...]) -> DueProof:
        """Return the proof of some partitions."""
        view, window = self.view, self.window
        try:
            _, result = record_proven_sectors(
                self.scope, deadline, window.last + self.policy.fault_max_age, partitions
            )
            sectors = self.scope.sectors.load_for_proof(result.sectors, result.ignored_sectors)
        except ActorError as error:
            raise LocalFault(
                sentence("the sectors of {} cannot be read: {}", Address.from_id(self.miner), error)
            ) from error
        challenged = [
            SectorInfo(sector.seal_proof, sector.sector_number, sector.sealed_cid)
            for sector in sectors
        ]
        proofs = self.prover.prove_window_post(
            self.info.window_post_proof_type, self._challenge(), challenged, self.miner
        )
        return DueProof(
            params=SubmitWindowedPoStParams(
                deadline=window.index,
                partitions=partitions,
                proofs=proofs,
                chain_commit_epoch=window.challenge,
                chain_commit_randomness=draw(
                    chain_digest(view.source, view.head, window.challenge),
                    RandomnessPurpose.POST_CHAIN_COMMIT,
                    window.challenge,
                    b"",
                ),
            ),
            closes=window.close,
            sectors=(result.sectors - result.ignored_sectors).count(),
        )

    def _challenge(self) -> bytes:
        """Return the randomness by which the window challenges this miner."""
        view, epoch = self.view, self.window.challenge
        return draw(
            beacon_digest(view.source, view.head, epoch, view.network),
            RandomnessPurpose.WINDOWED_POST_CHALLENGE_SEED,
            epoch,
            encoded(Address, Address.from_id(self.miner)),
        )


def load_miner(view: ChainView, miner: int) -> tuple[State, MinerInfo]:
    """Return a miner's state and who it is; LookupError where there is no such miner."""
    head = miner_head(StateTree(view.store, view.state_root), miner)
    state = State.from_cbor(load(view.store, head))
    return state, load_info(view.store, state)


def _unproven(scope: Scope, deadline: Deadline, lost: BitField) -> Iterator[PoStPartition]:
    """Give the partitions that have something to show and have not shown it."""
    for index, partition in open_partitions(scope.store, deadline).items():
        if index not in deadline.partitions_posted and _to_show(partition, lost):
            yield PoStPartition(index, partition.sectors & lost)


def _batches(
    partitions: Iterator[PoStPartition], limit: int
) -> Iterator[tuple[PoStPartition, ...]]:
    while batch := tuple(islice(partitions, limit)):
        yield batch


def _to_show(partition: Partition, lost: BitField) -> BitField:
    return partition.live_sectors - (partition.faults - partition.recoveries) - lost
