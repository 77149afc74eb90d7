"""Sectors of zeros are made to encode data: method 35."""

from collections.abc import Sequence

from papyrus.actors.common.batches import BatchReturn, stack
from papyrus.actors.common.proofs import verify_replica_update
from papyrus.actors.dispatch import method
from papyrus.actors.miner.commd import full_unsealed_cid
from papyrus.actors.miner.data_activation import SectorPieces, activate_pieces, unsealed_cid_of
from papyrus.actors.miner.emit import sector_updated
from papyrus.actors.miner.notifications import SectorContent, notify_data_consumers
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import ProveReplicaUpdates3Params
from papyrus.actors.miner.replica_updates import (
    ReplicaUpdate,
    apply_updates,
    validate_updates,
)
from papyrus.actors.miner.state import State, load_info, open_sectors
from papyrus.actors.power.calls import update_claimed_power, update_pledge_total
from papyrus.ipld.cid import Cid
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.statements import ReplicaUpdateStatement
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.PROVE_REPLICA_UPDATES_3)
def prove_replica_updates_3(rt: Runtime, params: ProveReplicaUpdates3Params) -> BatchReturn:
    """Let sectors without data hold the data that is listed, from now on (FIP-0076).

    The sectors that may not be updated, are not proven or whose allocations cannot be claimed are
    left out, unless all must succeed. Power changes at once. Then those who follow the data are
    told of it (FIP-0109).
    """
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    _require_one_kind_of_proof(params)
    updates = _updates_of(rt, state, params)
    valid = validate_updates(rt, state, updates, params)
    _require_proof_for_each(params)
    valid_updates = valid.successes(updates)
    proven, unsealed_cids = _prove(rt, params, valid_updates)
    if proven.success_count == 0:
        raise illegal_argument("no valid updates")
    proven_updates = proven.successes(valid_updates)
    with_data, data = activate_pieces(
        rt,
        [_pieces_of(update) for update in proven_updates],
        all_or_nothing=params.require_activation_success,
    )
    if with_data.success_count == 0:
        raise illegal_argument("all data activations failed")
    done = with_data.successes(proven_updates)
    power, pledge = apply_updates(rt, list(zip(done, data, strict=True)), info.sector_size)
    update_pledge_total(rt, pledge)
    update_claimed_power(rt, power.raw, power.quality_adjusted)

    for update, activated in zip(done, data, strict=True):
        number = update.manifest.sector
        sector_updated(rt, number, unsealed_cids[number], activated.pieces)
    notify_data_consumers(
        rt,
        [
            SectorContent(update.manifest.sector, update.sector.expiration, update.manifest.pieces)
            for update in done
        ],
        require_success=params.require_notification_success,
    )
    return stack([valid, proven, with_data])


def _require_one_kind_of_proof(params: ProveReplicaUpdates3Params) -> None:
    """Abort unless there are either proofs of sectors or an aggregate, and its type with it."""
    if bool(params.sector_proofs) == bool(params.aggregate_proof):
        raise illegal_argument("exactly one of sector proofs or aggregate proof must be non-empty")
    if params.sector_proofs and params.aggregate_proof_type is not None:
        raise illegal_argument(
            "aggregate proof type must be empty when sector proofs are specified"
        )
    if params.aggregate_proof and params.aggregate_proof_type is None:
        raise illegal_argument(
            "aggregate proof type must be specified when aggregate proof is specified"
        )


def _require_proof_for_each(params: ProveReplicaUpdates3Params) -> None:
    if not params.sector_proofs:
        raise illegal_argument("aggregate update proofs not yet supported")
    if len(params.sector_updates) != len(params.sector_proofs):
        raise illegal_argument(
            f"mismatched lengths: {len(params.sector_updates)} sector updates, "
            f"{len(params.sector_proofs)} proofs"
        )


def _updates_of(
    rt: Runtime, state: State, params: ProveReplicaUpdates3Params
) -> list[ReplicaUpdate]:
    """Return the updates with their sectors and proofs; abort where there is no such sector.

    Proofs may be missing as yet, or too many.
    """
    sectors = open_sectors(rt.store, state)
    updates = []
    for place, manifest in enumerate(params.sector_updates):
        proof = params.sector_proofs[place] if place < len(params.sector_proofs) else b""
        updates.append(ReplicaUpdate(manifest, sectors.must_get(manifest.sector), proof))
    return updates


def _prove(
    rt: Runtime, params: ProveReplicaUpdates3Params, updates: Sequence[ReplicaUpdate]
) -> tuple[BatchReturn, dict[int, Cid | None]]:
    """Return which updates are proven, and the CommD of each sector, None for zeros."""
    codes = []
    unsealed_cids: dict[int, Cid | None] = {}
    for update in updates:
        manifest, sector = update.manifest, update.sector
        unsealed_cid = unsealed_cid_of(rt, manifest.pieces, sector.seal_proof)
        unsealed_cids[manifest.sector] = unsealed_cid
        statement = ReplicaUpdateStatement(
            update_proof_type=params.update_proofs_type,
            old_sealed_cid=sector.sealed_cid,
            new_sealed_cid=manifest.new_sealed_cid,
            new_unsealed_cid=full_unsealed_cid(unsealed_cid, sector.seal_proof),
            proof=tuple(update.proof),
        )
        if verify_replica_update(rt, statement):
            codes.append(ExitCode.OK)
        elif params.require_activation_success:
            raise illegal_argument(
                f"invalid proof for sector {manifest.sector} while requiring activation success"
            )
        else:
            codes.append(ExitCode.USR_ILLEGAL_ARGUMENT)
    return BatchReturn.of(codes), unsealed_cids


def _pieces_of(update: ReplicaUpdate) -> SectorPieces:
    sector = update.sector
    return SectorPieces(
        sector.sector_number,
        sector.expiration,
        sector.seal_proof,
        update.manifest.pieces,
        None,
    )
