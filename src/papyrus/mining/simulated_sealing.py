"""Adding SIMULATED sectors to a miner: announcing one, and proving it (spec 2.6.1, FIP-0076).

On a development network nobody seals. The replica is made up (`proofs.simulated`), the rest is as
for any sector: it is sealed with a ticket of the chain, announced with a deposit, challenged by the
beacon some epochs later, and proven for exactly that challenge. The messages are for the miner's
worker to send; what the miner's balance lacks for deposit and pledge must come with them.
"""

from collections.abc import Sequence

from papyrus.actors.miner.params.onboarding import (
    PieceActivationManifest,
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    SectorActivationManifest,
)
from papyrus.actors.miner.proof_policy import max_prove_commit_duration
from papyrus.actors.miner.sectors import SectorPreCommitInfo, SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import PRE_COMMITTED_SECTORS
from papyrus.consensus.randomness import beacon_digest, chain_digest
from papyrus.mining.post_scheduler import ChainView, load_miner
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.proof_types import seal_proof_of_window_post
from papyrus.proofs.sector_sizes import seal_sector_size
from papyrus.proofs.simulated import SimulatedProver, is_simulated_replica, simulate_sealing
from papyrus.proofs.statements import PieceInfo, SealStatement, SectorID
from papyrus.rules.policy import policy_of
from papyrus.vm.kernel.random import draw
from papyrus.vm.payloads import encoded
from papyrus.vm.runtime import RandomnessPurpose

_MARGIN = 10 * 2880
"""Epochs added to the shortest life of a sector, so that its message may wait to be executed."""


def announcement(
    view: ChainView,
    miner: int,
    number: int,
    pieces: Sequence[PieceInfo] = (),
    needed_until: ChainEpoch = 0,
) -> PreCommitSectorBatch2Params:
    """Return what announces a new sector of some data, or of zeros: method 28.

    It expires as early as is allowed, and as its data is no longer needed. LookupError where there
    is no such miner, PieceError where the pieces do not fit.
    """
    seal_proof = _seal_proof(view, miner)
    epoch = max(view.head.height - CHAIN_FINALITY, 0)
    sector = simulate_sealing(
        seal_proof, SectorID(miner, number), _seal_randomness(view, miner, epoch), pieces
    )
    return PreCommitSectorBatch2Params(
        (
            SectorPreCommitInfo(
                seal_proof=seal_proof,
                sector_number=number,
                sealed_cid=sector.sealed_cid,
                seal_randomness_epoch=epoch,
                deal_ids=(),
                expiration=max(_expiration(view, seal_proof), needed_until),
                unsealed_cid=sector.unsealed_cid if pieces else None,
            ),
        )
    )


def provable_from(view: ChainView, miner: int, number: int) -> ChainEpoch:
    """Return the first epoch at which an announced sector can be proven; LookupError for none."""
    return _challenge_epoch(view, _announced(view, miner, number)) + 1


def seal_statement(view: ChainView, miner: int, number: int) -> SealStatement:
    """Return what the proof of an announced sector must claim, with no proof in it.

    LookupError where the sector is not announced, or the chain has not come to its challenge.
    """
    announced = _announced(view, miner, number)
    info = announced.info
    size = seal_sector_size(info.seal_proof)
    if size is None:
        raise LocalFault(f"sector {number} has the seal proof {info.seal_proof}, which is unknown")
    return SealStatement(
        registered_proof=info.seal_proof,
        sector_id=SectorID(miner, number),
        deal_ids=(),
        randomness=_seal_randomness(view, miner, info.seal_randomness_epoch),
        interactive_randomness=_challenge(view, miner, _challenge_epoch(view, announced)),
        proof=b"",
        sealed_cid=info.sealed_cid,
        unsealed_cid=info.unsealed_cid or unsealed_sector_cid(size, ()),
    )


def proof_of_sector(
    view: ChainView,
    miner: int,
    number: int,
    prover: SimulatedProver,
    pieces: Sequence[PieceActivationManifest] = (),
) -> ProveCommitSectors3Params:
    """Return what proves an announced sector, with the pieces it was announced with: method 34.

    LookupError as above; LocalFault for a sector with a real replica, which cannot be proven here.
    """
    statement = seal_statement(view, miner, number)
    if not is_simulated_replica(statement.sealed_cid):
        raise LocalFault(
            sentence(
                "sector {} of {} is a real one, and no proof is simulated",
                number,
                Address.from_id(miner),
            )
        )
    return ProveCommitSectors3Params(
        sector_activations=(SectorActivationManifest(number, tuple(pieces)),),
        sector_proofs=(prover.prove_seal(statement),),
        aggregate_proof=b"",
        aggregate_proof_type=None,
        require_activation_success=True,
        require_notification_success=True,
    )


def _seal_proof(view: ChainView, miner: int) -> int:
    _, info = load_miner(view, miner)
    seal_proof = seal_proof_of_window_post(info.window_post_proof_type)
    if seal_proof is None:
        raise LocalFault(
            sentence(
                "{} proves with the unknown type {}",
                Address.from_id(miner),
                info.window_post_proof_type,
            )
        )
    return seal_proof


def _expiration(view: ChainView, seal_proof: int) -> ChainEpoch:
    policy = policy_of(view.network.actors_bundle)
    latest_proof = max_prove_commit_duration(policy, seal_proof) or 0
    return view.next_epoch + latest_proof + policy.min_sector_expiration + _MARGIN


def _announced(view: ChainView, miner: int, number: int) -> SectorPreCommitOnChainInfo:
    state, _ = load_miner(view, miner)
    found = PRE_COMMITTED_SECTORS.open(view.store, state.pre_committed_sectors).get(number)
    if found is None:
        raise LookupError(
            sentence(
                "{} has not announced sector {}, or has proven it", Address.from_id(miner), number
            )
        )
    return found


def _challenge_epoch(view: ChainView, announced: SectorPreCommitOnChainInfo) -> ChainEpoch:
    policy = policy_of(view.network.actors_bundle)
    return announced.pre_commit_epoch + policy.pre_commit_challenge_delay


def _seal_randomness(view: ChainView, miner: int, epoch: ChainEpoch) -> bytes:
    digest = chain_digest(view.source, view.head, epoch)
    return draw(digest, RandomnessPurpose.SEAL_RANDOMNESS, epoch, _entropy(miner))


def _challenge(view: ChainView, miner: int, epoch: ChainEpoch) -> bytes:
    digest = beacon_digest(view.source, view.head, epoch, view.network)
    purpose = RandomnessPurpose.INTERACTIVE_SEAL_CHALLENGE_SEED
    return draw(digest, purpose, epoch, _entropy(miner))


def _entropy(miner: int) -> bytes:
    return encoded(Address, Address.from_id(miner))
