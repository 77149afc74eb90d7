"""Sectors are proven without having been announced: method 36 (FIP-0092)."""

from dataclasses import replace

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.dispatch import method
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.cron_events import enroll_proving_deadline
from papyrus.actors.miner.emit import sector_activated
from papyrus.actors.miner.fees import daily_proof_fee
from papyrus.actors.miner.funds import (
    add_initial_pledge,
    repay_debts,
    require_balance_invariants,
)
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import (
    ProveCommitSectorsNonInteractiveParams,
    SectorNonInteractiveActivation,
)
from papyrus.actors.miner.placement import assign_sectors_to_deadline
from papyrus.actors.miner.pledge import current_pledge_inputs
from papyrus.actors.miner.proof_policy import can_prove_commit_non_interactive
from papyrus.actors.miner.proving_period import deadline_is_mutable
from papyrus.actors.miner.seal_validation import (
    require_proven_together,
    require_valid_aggregate,
    validate_non_interactive,
)
from papyrus.actors.miner.sector_activation import (
    new_sector,
    put_sectors,
    require_funds_for_pledge,
)
from papyrus.actors.miner.sector_numbers import allocate_sector_numbers
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import State, load_info
from papyrus.actors.power.calls import update_pledge_total
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.proof_types import SNARK_PACK_V2
from papyrus.vm.aborts import forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.PROVE_COMMIT_SECTORS_NI)
def prove_commit_sectors_ni(
    rt: Runtime, params: ProveCommitSectorsNonInteractiveParams
) -> BatchReturn:
    """Add sectors of zeros to the deadline that is asked for; one proof covers them all.

    Sectors that cannot be committed so are left out, unless all must succeed. Fee debt is paid.
    """
    state = rt.load(State)
    info = load_info(rt.store, state)
    require_valid_aggregate(
        params.aggregate_proof,
        len(params.sectors),
        least=rt.policy.min_aggregated_sectors_non_interactive,
        most=rt.policy.max_aggregated_sectors_non_interactive,
        longest=rt.policy.max_aggregated_proof_size,
    )
    rt.require_caller(*info.controllers)
    _require_mutable(rt, state, params.proving_deadline)
    if info.consensus_fault_active(rt.epoch):
        raise forbidden("ProveCommitSectorsNI not allowed during active consensus fault")
    seal_proof = params.seal_proof_type
    if not can_prove_commit_non_interactive(rt.policy, seal_proof):
        raise illegal_argument(f"unsupported seal proof type {seal_proof}")
    if params.aggregate_proof_type != SNARK_PACK_V2:
        raise illegal_argument("aggregate proof type must be SnarkPackV2")

    results, claims, taken = validate_non_interactive(
        rt, params.sectors, seal_proof, all_or_nothing=params.require_activation_success
    )
    if results.success_count == 0:
        raise illegal_argument("no valid NI commits specified")
    valid = results.successes(params.sectors)
    require_proven_together(
        rt, claims, valid[0].sealer_id, seal_proof, SNARK_PACK_V2, params.aggregate_proof
    )
    sectors = _sectors_of(rt, info, seal_proof, valid)
    pledge = sum((sector.initial_pledge for sector in sectors), ZERO)
    enrolled = _add_sectors(rt, info, sectors, taken, params.proving_deadline, pledge)
    update_pledge_total(rt, pledge)

    state = rt.load(State)
    require_balance_invariants(state, rt.balance)
    for sector in sectors:
        sector_activated(rt, sector.sector_number, None, ())
    if not enrolled:
        enroll_proving_deadline(rt, state.deadline_info(rt.policy, rt.epoch).last)
    return results


def _require_mutable(rt: Runtime, state: State, deadline: int) -> None:
    """Abort unless there is such a deadline, and its window is neither open nor next."""
    if deadline >= rt.policy.deadlines_in_period:
        raise illegal_argument(f"proving deadline index {deadline} invalid")
    period_start = state.current_proving_period_start(rt.policy, rt.epoch)
    if not deadline_is_mutable(rt.policy, period_start, deadline, rt.epoch):
        raise forbidden(f"proving deadline {deadline} must not be the current or next deadline ")


def _sectors_of(
    rt: Runtime, info: MinerInfo, seal_proof: int, valid: list[SectorNonInteractiveActivation]
) -> list[SectorOnChainInfo]:
    """Return the sectors that are to be added; without data they all pledge and pay the same."""
    inputs = current_pledge_inputs(rt)
    pledge = inputs.initial_pledge(info.sector_size)
    daily_fee = daily_proof_fee(rt.policy, inputs.circulating_supply, info.sector_size)
    return [
        new_sector(
            sector.sector_number,
            seal_proof,
            sector.sealed_cid,
            rt.epoch,
            sector.expiration,
            pledge,
            daily_fee,
        )
        for sector in valid
    ]


def _add_sectors(
    rt: Runtime,
    info: MinerInfo,
    sectors: list[SectorOnChainInfo],
    taken: BitField,
    deadline: int,
    pledge: TokenAmount,
) -> bool:
    """Add sectors to a deadline and pay all debt; return whether cron ran for the miner before.

    Quirk: the numbers of the sectors that are left out are taken as well.
    """
    state = rt.load(State)
    require_funds_for_pledge(state, rt.balance, pledge)
    cron_was_active = state.deadline_cron_active
    state = replace(state, deadline_cron_active=True)
    state = allocate_sector_numbers(rt.store, state, taken)
    state = put_sectors(rt.store, state, sectors)
    state = assign_sectors_to_deadline(
        rt.store,
        state,
        rt.policy,
        rt.epoch,
        sectors,
        info.window_post_partition_sectors,
        info.sector_size,
        deadline,
    )
    state = add_initial_pledge(state, pledge)
    state, to_burn = repay_debts(state, rt.balance)
    rt.save(state)

    burn_funds(rt, to_burn)
    return cron_was_active
