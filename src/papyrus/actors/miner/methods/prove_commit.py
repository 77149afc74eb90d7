"""Announced sectors are proven: method 34."""

from collections.abc import Sequence

from papyrus.actors.common.batches import BatchReturn, stack
from papyrus.actors.common.proofs import batch_verify_seals
from papyrus.actors.dispatch import method
from papyrus.actors.miner.commd import full_unsealed_cid
from papyrus.actors.miner.data_activation import SectorPieces, activate_pieces
from papyrus.actors.miner.emit import sector_activated
from papyrus.actors.miner.notifications import SectorContent, notify_data_consumers
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import (
    ProveCommitSectors3Params,
    SectorActivationManifest,
)
from papyrus.actors.miner.pledge import current_pledge_inputs
from papyrus.actors.miner.pre_commits import must_get_pre_commits
from papyrus.actors.miner.seal_validation import (
    SealClaim,
    require_proven_together,
    require_short_proofs,
    require_valid_aggregate,
    validate_pre_commits,
)
from papyrus.actors.miner.sector_activation import activate_pre_commits
from papyrus.actors.miner.sectors import SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import State, load_info
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.proof_types import SNARK_PACK_V2
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.runtime import Runtime

_Announced = tuple[SectorActivationManifest, SectorPreCommitOnChainInfo]


@method(numbers.PROVE_COMMIT_SECTORS_3)
def prove_commit_sectors_3(rt: Runtime, params: ProveCommitSectors3Params) -> BatchReturn:
    """Turn announced sectors into proven ones that hold the data they list (FIP-0076).

    The sectors that are not ready, are not proven or whose allocations cannot be claimed are left
    out, unless all must succeed; where the pieces of one do not make up its CommD, or there are not
    the funds to pledge, all fail. Then those who follow the data are told of it (FIP-0109).
    """
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    activations = params.sector_activations
    pre_commits = must_get_pre_commits(
        rt.store, state, [activation.sector_number for activation in activations]
    )
    if not pre_commits:
        raise illegal_argument("no sectors to prove")
    _require_one_kind_of_proof(rt.policy, params, pre_commits[0].info.seal_proof)

    all_or_nothing = params.require_activation_success
    valid, claims = validate_pre_commits(rt, pre_commits, all_or_nothing=all_or_nothing)
    if valid.success_count == 0:
        raise illegal_argument("no valid precommits specified")
    announced = valid.successes(list(zip(activations, pre_commits, strict=True)))
    proven = _prove(rt, params, claims, valid)
    if proven.success_count == 0:
        raise illegal_argument("no valid proofs specified")
    announced = proven.successes(announced)
    with_data, data = activate_pieces(
        rt, [_pieces_of(*each) for each in announced], all_or_nothing=all_or_nothing
    )
    if with_data.success_count == 0:
        raise illegal_argument("all data activations failed")
    announced = with_data.successes(announced)

    inputs = current_pledge_inputs(rt)
    activate_pre_commits(rt, [pre_commit for _, pre_commit in announced], data, inputs, info)
    for (_, pre_commit), activated in zip(announced, data, strict=True):
        sector = pre_commit.info
        sector_activated(rt, sector.sector_number, sector.unsealed_cid, activated.pieces)
    notify_data_consumers(
        rt,
        [
            SectorContent(activation.sector_number, pre_commit.info.expiration, activation.pieces)
            for activation, pre_commit in announced
        ],
        require_success=params.require_notification_success,
    )
    return stack([valid, proven, with_data])


def _require_one_kind_of_proof(
    policy: Policy, params: ProveCommitSectors3Params, seal_proof: int
) -> None:
    """Abort unless there is either a proof for each sector or an aggregate."""
    sectors = len(params.sector_activations)
    if bool(params.sector_proofs) == bool(params.aggregate_proof):
        raise illegal_argument("exactly one of sector proofs or aggregate proof must be non-empty")
    if params.sector_proofs:
        if params.aggregate_proof_type is not None:
            raise illegal_argument("aggregate proof type must be null with batched proofs")
        if sectors != len(params.sector_proofs):
            raise illegal_argument(
                f"mismatched lengths: {sectors} sector activations, "
                f"{len(params.sector_proofs)} proofs"
            )
        require_short_proofs(seal_proof, params.sector_proofs)
        return
    if params.aggregate_proof_type != SNARK_PACK_V2:
        raise illegal_argument("aggregate proof type must be SnarkPackV2")
    require_valid_aggregate(
        params.aggregate_proof,
        sectors,
        least=policy.min_aggregated_sectors,
        most=policy.max_aggregated_sectors,
        longest=policy.max_aggregated_proof_size,
    )


def _prove(
    rt: Runtime,
    params: ProveCommitSectors3Params,
    claims: Sequence[SealClaim],
    valid: BatchReturn,
) -> BatchReturn:
    """Return which of the valid sectors are proven; an aggregate proves all of them, or aborts."""
    if not params.sector_proofs:
        require_proven_together(
            rt,
            claims,
            rt.receiver_id,
            claims[0].seal_proof,
            SNARK_PACK_V2,
            params.aggregate_proof,
        )
        return BatchReturn.of([ExitCode.OK] * valid.success_count)
    with_proofs = valid.successes(list(zip(claims, params.sector_proofs, strict=True)))
    verdicts = batch_verify_seals(
        rt, [claim.statement(rt.receiver_id, proof) for claim, proof in with_proofs]
    )
    if params.require_activation_success:
        for (claim, _), verdict in zip(with_proofs, verdicts, strict=True):
            if not verdict:
                raise illegal_argument(
                    f"invalid proof for sector {claim.sector_number} while requiring activation "
                    f"success: {verdicts}"
                )
    return BatchReturn.of(
        ExitCode.OK if verdict else ExitCode.USR_ILLEGAL_ARGUMENT for verdict in verdicts
    )


def _pieces_of(
    activation: SectorActivationManifest, pre_commit: SectorPreCommitOnChainInfo
) -> SectorPieces:
    announced = pre_commit.info
    return SectorPieces(
        announced.sector_number,
        announced.expiration,
        announced.seal_proof,
        activation.pieces,
        full_unsealed_cid(announced.unsealed_cid, announced.seal_proof),
    )
