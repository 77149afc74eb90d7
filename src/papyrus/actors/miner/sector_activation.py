"""Announced sectors become proven ones: their deposit turns into pledge, a deadline gets them."""

from collections.abc import Sequence
from dataclasses import replace

from papyrus.actors.miner.data_activation import ActivatedData
from papyrus.actors.miner.fees import daily_proof_fee
from papyrus.actors.miner.funds import (
    add_initial_pledge,
    add_pre_commit_deposit,
    require_balance_invariants,
    unlocked_balance,
)
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.placement import assign_sectors_to_deadlines
from papyrus.actors.miner.pledge import PledgeInputs
from papyrus.actors.miner.power import quality_adjusted_power_for_weight
from papyrus.actors.miner.pre_commits import delete_pre_commits
from papyrus.actors.miner.sectors import (
    SIMPLE_QUALITY_POWER,
    SectorOnChainInfo,
    SectorPreCommitOnChainInfo,
)
from papyrus.actors.miner.state import State, open_sectors
from papyrus.actors.power.calls import update_pledge_total
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, insufficient_funds
from papyrus.vm.runtime import Runtime


def activate_pre_commits(
    rt: Runtime,
    pre_commits: Sequence[SectorPreCommitOnChainInfo],
    data: Sequence[ActivatedData],
    inputs: PledgeInputs,
    info: MinerInfo,
) -> None:
    """Turn pre-commitments, each with its data, into sectors; power comes with their first proof.

    Aborts where one would live too short a time now, and where there are not the funds to pledge.
    """
    policy = rt.policy
    state = rt.load(State)
    sectors = [
        _sector_of(policy, rt.epoch, info.sector_size, pre_commit, activated, inputs)
        for pre_commit, activated in zip(pre_commits, data, strict=True)
    ]
    state = put_sectors(rt.store, state, sectors)
    state = delete_pre_commits(rt.store, state, [sector.sector_number for sector in sectors])
    state = assign_sectors_to_deadlines(
        rt.store,
        state,
        policy,
        rt.epoch,
        sectors,
        info.window_post_partition_sectors,
        info.sector_size,
    )
    deposits = sum((pre_commit.pre_commit_deposit for pre_commit in pre_commits), ZERO)
    state = add_pre_commit_deposit(state, -deposits)
    pledge = sum((sector.initial_pledge for sector in sectors), ZERO)
    require_funds_for_pledge(state, rt.balance, pledge)
    state = add_initial_pledge(state, pledge)
    require_balance_invariants(state, rt.balance)
    rt.save(state)

    update_pledge_total(rt, pledge)


def new_sector(
    number: int,
    seal_proof: int,
    sealed_cid: Cid,
    epoch: int,
    expiration: int,
    pledge: TokenAmount,
    daily_fee: TokenAmount,
    *,
    deal_weight: int = 0,
    verified_deal_weight: int = 0,
) -> SectorOnChainInfo:
    """Return a sector that is proven at an epoch."""
    return SectorOnChainInfo(
        sector_number=number,
        seal_proof=seal_proof,
        sealed_cid=sealed_cid,
        deprecated_deal_ids=(),
        activation=epoch,
        expiration=expiration,
        deal_weight=deal_weight,
        verified_deal_weight=verified_deal_weight,
        initial_pledge=pledge,
        expected_day_reward=None,
        expected_storage_pledge=None,
        power_base_epoch=epoch,
        replaced_day_reward=None,
        sector_key_cid=None,
        flags=SIMPLE_QUALITY_POWER,
        daily_fee=daily_fee,
    )


def require_funds_for_pledge(state: State, balance: TokenAmount, pledge: TokenAmount) -> None:
    """Abort with insufficient funds where what is not locked does not cover a pledge."""
    unlocked = unlocked_balance(state, balance)
    if unlocked < pledge:
        raise insufficient_funds(
            f"insufficient funds for aggregate initial pledge requirement {pledge}, "
            f"available: {unlocked}"
        )


def put_sectors(store: Blockstore, state: State, new_sectors: Sequence[SectorOnChainInfo]) -> State:
    """Store sectors under their numbers, in place of any that are there."""
    sectors = open_sectors(store, state)
    sectors.put(new_sectors)
    return replace(state, sectors=sectors.flush())


def _sector_of(
    policy: Policy,
    epoch: int,
    sector_size: int,
    pre_commit: SectorPreCommitOnChainInfo,
    data: ActivatedData,
    inputs: PledgeInputs,
) -> SectorOnChainInfo:
    """Return the sector that a pre-commitment becomes at an epoch."""
    announced = pre_commit.info
    duration = announced.expiration - epoch
    if duration < policy.min_sector_expiration:
        raise illegal_argument(
            f"precommit {announced.sector_number} has lifetime {duration} less than minimum "
            f"{policy.min_sector_expiration}. ignoring"
        )
    verified_weight = data.verified_space * duration
    power = quality_adjusted_power_for_weight(sector_size, duration, verified_weight)
    return new_sector(
        announced.sector_number,
        announced.seal_proof,
        announced.sealed_cid,
        epoch,
        announced.expiration,
        inputs.initial_pledge(power),
        daily_proof_fee(policy, inputs.circulating_supply, power),
        deal_weight=data.unverified_space * duration,
        verified_deal_weight=verified_weight,
    )
