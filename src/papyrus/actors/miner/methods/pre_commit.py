"""Sectors are announced, with a deposit: method 28."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from papyrus.actors.dispatch import method
from papyrus.actors.market.calls import verify_deals_for_activation
from papyrus.actors.market.params import SectorDeals
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.commd import full_unsealed_cid, is_unsealed_sector
from papyrus.actors.miner.cron_events import enroll_proving_deadline
from papyrus.actors.miner.emit import sector_precommitted
from papyrus.actors.miner.funds import (
    add_pre_commit_deposit,
    available_balance,
    repay_debts,
    require_balance_invariants,
)
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.lifetimes import require_valid_expiration
from papyrus.actors.miner.monies import pre_commit_deposit_for_power
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import PreCommitSectorBatch2Params
from papyrus.actors.miner.power import quality_adjusted_power_max
from papyrus.actors.miner.pre_commits import put_pre_commits, schedule_cleanups
from papyrus.actors.miner.proof_policy import (
    can_pre_commit_seal_proof,
    is_sealed_sector,
    max_deals_in_sector,
    max_prove_commit_duration,
)
from papyrus.actors.miner.seal_validation import require_new_number
from papyrus.actors.miner.sector_numbers import allocate_sector_numbers
from papyrus.actors.miner.sectors import SectorPreCommitInfo, SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import State, load_info
from papyrus.actors.power.calls import current_total_power
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.ipld.cid import Cid
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.proof_types import window_post_proof_of
from papyrus.rules.policy import MAX_SECTOR_NUMBER, Policy
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state, insufficient_funds
from papyrus.vm.runtime import Runtime


@method(numbers.PRE_COMMIT_SECTOR_BATCH_2)
def pre_commit_sector_batch_2(rt: Runtime, params: PreCommitSectorBatch2Params) -> None:
    """Announce sectors, each for a deposit that it keeps until it is proven, or forfeits.

    All or none are announced. Their numbers are taken for good; fee debt is paid. A sector names
    its CommD (FIP-0084), which is checked where it names deals; all deals together are asked about
    before anything is known of the caller.
    """
    policy, epoch = rt.policy, rt.epoch
    taken = _require_acceptable(policy, epoch, params.sectors)
    reward = this_epoch_reward(rt).reward_smoothed
    power = current_total_power(rt).quality_adjusted_power_smoothed
    computed = _unsealed_cids_of_deals(rt, params.sectors)

    state = rt.load(State)
    available = available_balance(state, rt.balance)
    state, to_burn = repay_debts(state, rt.balance)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    if info.consensus_fault_active(epoch):
        raise forbidden("pre-commit not allowed during active consensus fault")
    deposit = pre_commit_deposit_for_power(
        reward, power, quality_adjusted_power_max(info.sector_size)
    )
    kept = []
    cleanups = []
    for sector, unsealed_cid in zip(params.sectors, computed, strict=True):
        _require_fits_miner(policy, info, sector)
        if unsealed_cid is not None:
            _require_same_commd(sector, unsealed_cid)
        kept.append(SectorPreCommitOnChainInfo(sector, deposit, epoch))
        cleanups.append((_clean_up_epoch(policy, epoch, sector), sector.sector_number))
    deposits = deposit * len(kept)
    if available < deposits:
        raise insufficient_funds(
            f"insufficient funds {available} for pre-commit deposit: {deposits}"
        )
    state = add_pre_commit_deposit(state, deposits)
    state = allocate_sector_numbers(rt.store, state, taken)
    state = put_pre_commits(rt.store, state, kept)
    state = schedule_cleanups(rt.store, state, policy, cleanups)
    for number in taken:
        sector_precommitted(rt, number)
    cron_was_active = state.deadline_cron_active
    rt.save(replace(state, deadline_cron_active=True))

    burn_funds(rt, to_burn)
    state = rt.load(State)
    require_balance_invariants(state, rt.balance)
    if not cron_was_active:
        enroll_proving_deadline(rt, state.deadline_info(policy, epoch).last)


def _require_acceptable(
    policy: Policy, epoch: int, sectors: Sequence[SectorPreCommitInfo]
) -> BitField:
    """Return the numbers of sectors; abort where one could not be announced by any miner."""
    if not sectors:
        raise illegal_argument("batch empty")
    taken: set[int] = set()
    for sector in sectors:
        require_new_number(taken, sector.sector_number)
        if not can_pre_commit_seal_proof(policy, sector.seal_proof):
            raise illegal_argument(f"unsupported seal proof type {sector.seal_proof}")
        if sector.sector_number > MAX_SECTOR_NUMBER:
            raise illegal_argument(f"sector number {sector.sector_number} out of range 0..(2^63-1)")
        if not is_sealed_sector(sector.sealed_cid):
            raise illegal_argument("sealed CID had wrong prefix")
        _require_recent_randomness(policy, epoch, sector.seal_randomness_epoch)
        if sector.unsealed_cid is not None and not is_unsealed_sector(sector.unsealed_cid):
            raise illegal_argument("unsealed CID had wrong prefix")
        # The sector's life is counted from when it may be proven last.
        activation = epoch + _max_prove_commit_duration(policy, sector)
        require_valid_expiration(policy, epoch, activation, sector.expiration, sector.seal_proof)
    return BitField.from_bits(taken)


def _require_recent_randomness(policy: Policy, epoch: int, seal_randomness_epoch: int) -> None:
    if seal_randomness_epoch >= epoch:
        raise illegal_argument(
            f"seal challenge epoch {seal_randomness_epoch} must be before now {epoch}"
        )
    earliest = epoch - policy.max_pre_commit_randomness_lookback
    if seal_randomness_epoch < earliest:
        raise illegal_argument(
            f"seal challenge epoch {seal_randomness_epoch} too old, must be after {earliest}"
        )


def _max_prove_commit_duration(policy: Policy, sector: SectorPreCommitInfo) -> int:
    longest = max_prove_commit_duration(policy, sector.seal_proof)
    if longest is None:
        raise illegal_argument(f"no max seal duration set for proof type: {sector.seal_proof}")
    return longest


def _unsealed_cids_of_deals(
    rt: Runtime, sectors: Iterable[SectorPreCommitInfo]
) -> Sequence[Cid | None]:
    """Return the CommD that each sector's deals make up; the market is asked if there are any."""
    deals = [
        SectorDeals(sector.sector_number, sector.seal_proof, sector.expiration, sector.deal_ids)
        for sector in sectors
    ]
    if not any(sector.deal_ids for sector in deals):
        return [None] * len(deals)
    computed = verify_deals_for_activation(rt, deals)
    if len(computed) != len(deals):
        raise illegal_state(
            f"deal weight request returned {len(computed)} records, expected {len(deals)}"
        )
    return computed


def _require_fits_miner(policy: Policy, info: MinerInfo, sector: SectorPreCommitInfo) -> None:
    proof = window_post_proof_of(sector.seal_proof)
    if proof != info.window_post_proof_type:
        raise illegal_argument(
            f"sector Window PoSt proof type {proof} must match miner Window PoSt proof type "
            f"{info.window_post_proof_type} (seal proof type {sector.seal_proof})"
        )
    most = max_deals_in_sector(policy, info.sector_size)
    if len(sector.deal_ids) > most:
        raise illegal_argument(f"too many deals for sector {len(sector.deal_ids)} > {most}")


def _require_same_commd(sector: SectorPreCommitInfo, computed: Cid) -> None:
    declared = full_unsealed_cid(sector.unsealed_cid, sector.seal_proof)
    if declared != computed:
        raise illegal_argument(f"computed {computed} and passed {declared} CommDs not equal")


def _clean_up_epoch(policy: Policy, epoch: int, sector: SectorPreCommitInfo) -> int:
    """Return when a pre-commitment lapses: some time after it can be proven no more."""
    longest = _max_prove_commit_duration(policy, sector)
    return epoch + longest + policy.expired_pre_commit_clean_up_delay
