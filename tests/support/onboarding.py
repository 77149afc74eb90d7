"""A miner's sectors in a scenario: announced, proven, kept, and extended.

Time jumps: nothing is mined between one thing and the next, and cron ticks when it is told to. A
tick ends the deadline that is open then, so that sectors in other deadlines need not be proven.
"""

from papyrus.actors.market.state import PENDING_ALLOCATIONS, PROPOSALS
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.deadlines import find_sector
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import (
    DataActivationNotification,
    PieceActivationManifest,
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    SectorActivationManifest,
    VerifiedAllocationKey,
)
from papyrus.actors.miner.params.proving import PoStPartition, SubmitWindowedPoStParams
from papyrus.actors.miner.params.upkeep import (
    ExpirationExtension2,
    ExtendSectorExpiration2Params,
    SectorClaim,
)
from papyrus.actors.miner.proving_period import deadline_info_at
from papyrus.actors.miner.sectors import SectorPreCommitInfo
from papyrus.actors.miner.state import State, get_sector, load_deadlines
from papyrus.actors.singletons import STORAGE_MARKET, SYSTEM
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.statements import PieceInfo, PoStProof
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY
from papyrus.vm.runtime import RandomnessPurpose

SECTOR_SIZE = 2048
SEAL_PROOF, WINDOW_POST = 5, 10
"""The registered proof types of sectors of 2 KiB."""
CRON, EPOCH_TICK = 3, 2


def go_to(vm, epoch):
    """Let it be another epoch."""
    vm.each(lambda one: one.change(epoch=epoch))


def tick(vm):
    """Tick cron, as at the end of the epoch."""
    vm.ok(SYSTEM, CRON, EPOCH_TICK)


def sealed_cid(number):
    """Return the CommR of a sector."""
    digest = number.to_bytes(32, "little")
    return Cid.of_digest(digest, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)


def deal(vm, deal_id):
    """Return the proposal of a deal, or None."""
    one = vm.one
    state = one.state(STORAGE_MARKET.id, MarketState)
    return PROPOSALS.open(one.machine.store, state.proposals).get(deal_id)


def pending_allocation(vm, deal_id):
    """Return the allocation that a deal waits to have claimed, or None."""
    one = vm.one
    state = one.state(STORAGE_MARKET.id, MarketState)
    kept = PENDING_ALLOCATIONS.open(one.machine.store, state.pending_deal_allocation_ids)
    return kept.get(deal_id)


def pre_commit(vm, worker, miner, number, deal_ids, expiration):
    """Announce a sector with the data of deals, or of none."""
    pieces = [deal(vm, deal_id) for deal_id in deal_ids]
    data = [PieceInfo(piece.piece_size, piece.piece_cid) for piece in pieces]
    info = SectorPreCommitInfo(
        seal_proof=SEAL_PROOF,
        sector_number=number,
        sealed_cid=sealed_cid(number),
        seal_randomness_epoch=vm.one.epoch - 1,
        deal_ids=(),
        expiration=expiration,
        unsealed_cid=unsealed_sector_cid(SECTOR_SIZE, data) if data else None,
    )
    params = PreCommitSectorBatch2Params((info,))
    vm.ok(worker, miner, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)


def activation(vm, number, deal_ids):
    """Return what a sector is proven to hold: the data of deals, of which the market is told."""
    pieces = []
    for deal_id in deal_ids:
        terms = deal(vm, deal_id)
        allocation = pending_allocation(vm, deal_id)
        client = vm.one.resolve(terms.client)
        key = None if allocation is None else VerifiedAllocationKey(client, allocation)
        told = DataActivationNotification(STORAGE_MARKET, encode(deal_id))
        pieces.append(PieceActivationManifest(terms.piece_cid, terms.piece_size, key, (told,)))
    return SectorActivationManifest(number, tuple(pieces))


def prove_commit(vm, worker, miner, *activations):
    """Prove announced sectors, all or none of them, and return the outcome."""
    params = ProveCommitSectors3Params(
        sector_activations=activations,
        sector_proofs=(bytes(192),) * len(activations),
        aggregate_proof=b"",
        aggregate_proof_type=None,
        require_activation_success=True,
        require_notification_success=True,
    )
    return vm.send(worker, miner, numbers.PROVE_COMMIT_SECTORS_3, params)


def sector(vm, miner, number):
    """Return a proven sector, or None."""
    one = vm.one
    return get_sector(one.machine.store, one.state(miner, State), number)


def place(vm, miner, number):
    """Return the deadline and the partition of a sector."""
    one = vm.one
    store = one.machine.store
    return find_sector(store, load_deadlines(store, one.state(miner, State)), number)


def deadline_at(vm, miner, epoch):
    """Return the deadline that is open in an epoch."""
    state = vm.one.state(miner, State)
    return deadline_info_at(POLICY, state.proving_period_start, epoch)


def go_to_deadline(vm, miner, index, earliest):
    """Let it be the first epoch of a deadline, no sooner than some epoch."""
    epoch = earliest
    while (found := deadline_at(vm, miner, epoch)).index != index or found.open < earliest:
        epoch = found.close
    go_to(vm, found.open)
    return found


def prove_deadline(vm, worker, miner, index, partition, earliest):
    """Prove a partition when its deadline next comes, and let the deadline end."""
    found = go_to_deadline(vm, miner, index, earliest)
    go_to(vm, found.open + 1)
    purpose = int(RandomnessPurpose.POST_CHAIN_COMMIT).to_bytes(8, "big")
    epoch = found.challenge
    ticket = vm.one.externs.chain_randomness(epoch)
    drawn = blake2b_256(purpose + ticket + epoch.to_bytes(8, "big", signed=True))
    params = SubmitWindowedPoStParams(
        deadline=index,
        partitions=(PoStPartition(partition, BitField()),),
        proofs=(PoStProof(WINDOW_POST, bytes(192)),),
        chain_commit_epoch=epoch,
        chain_commit_randomness=drawn,
    )
    vm.ok(worker, miner, numbers.SUBMIT_WINDOWED_POST, params)
    go_to(vm, found.last)
    tick(vm)


def extend(vm, worker, miner, number, expiration, *, keep=(), drop=()):
    """Let a sector last longer, keeping and dropping claims."""
    deadline, partition = place(vm, miner, number)
    extension = ExpirationExtension2(
        deadline=deadline,
        partition=partition,
        sectors=BitField(),
        sectors_with_claims=(SectorClaim(number, keep, drop),),
        new_expiration=expiration,
    )
    params = ExtendSectorExpiration2Params((extension,))
    vm.ok(worker, miner, numbers.EXTEND_SECTOR_EXPIRATION_2, params)
