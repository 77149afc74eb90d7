"""Power, and what miners must put down for it, as Lotus tells them."""

from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.market.bounds import TOTAL_FILECOIN, minimum_provider_collateral
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.monies import initial_pledge_for_power, pre_commit_deposit_for_power
from papyrus.actors.miner.power import (
    quality_adjusted_power_for_weight,
    quality_adjusted_power_max,
)
from papyrus.actors.power.state import CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import REWARD, STORAGE_MARKET, STORAGE_POWER
from papyrus.consensus.power_table import PowerTable
from papyrus.consensus.supply import CirculatingSupply, circulating_supply
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.sentences import sentence
from papyrus.proofs.sector_sizes import seal_sector_size
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.views.market import proposal_of
from papyrus.rpc.views.miner_sectors import PreCommitInfoView
from papyrus.rpc.views.state_at import StateAt

_MARGIN_NUMERATOR, _MARGIN_DENOMINATOR = 110, 100
"""Lotus adds a tenth to what is needed now, since the message lands some epochs later."""


@dataclass(frozen=True, slots=True)
class ClaimView:
    """Power in bytes."""

    raw_byte_power: TokenAmount
    quality_adj_power: TokenAmount


@dataclass(frozen=True, slots=True)
class MinerPowerView:
    """A miner's power beside the network's."""

    miner_power: ClaimView
    total_power: ClaimView
    has_min_power: bool


@dataclass(frozen=True, slots=True)
class SupplyView:
    """The circulating supply that the machine reports, and its parts, in attoFIL."""

    fil_vested: TokenAmount
    fil_mined: TokenAmount
    fil_burnt: TokenAmount
    fil_locked: TokenAmount
    fil_circulating: TokenAmount
    fil_reserve_disbursed: TokenAmount


@dataclass(frozen=True, slots=True)
class CollateralBounds:
    """What a provider puts down for a deal, in attoFIL."""

    min: TokenAmount
    max: TokenAmount


@dataclass(frozen=True, slots=True)
class PreCommitted:
    """What is asked of a pre-commitment when its deposit is reckoned."""

    seal_proof: int
    sector_number: Annotated[int, Named("SectorNumber")] = 0
    expiration: int = 0


def list_miners(state: StateAt) -> list[Address]:
    """Return every miner that has a claim of power."""
    own = _power(state)
    return list(CLAIMS.open(state.store, own.claims).keys())


def miner_power(state: StateAt, miner: Address | None) -> MinerPowerView:
    """Return a miner's power, nothing where it has no claim; None asks for the network's alone."""
    own = _power(state)
    total = ClaimView(
        TokenAmount(own.total_raw_byte_power), TokenAmount(own.total_quality_adjusted_power)
    )
    nothing = MinerPowerView(ClaimView(ZERO, ZERO), total, has_min_power=False)
    if miner is None:
        return nothing
    table = PowerTable.of(state.tree)
    claim = table.claim(state.id_of(miner))
    if claim is None:
        return nothing
    return MinerPowerView(
        ClaimView(TokenAmount(claim.raw_byte_power), TokenAmount(claim.quality_adjusted_power)),
        total,
        has_min_power=table.meets_minimum(state.policy, claim),
    )


def supply(state: StateAt) -> SupplyView:
    """Return the supply that the machine reports to actors."""
    found = _supply(state)
    return SupplyView(
        found.vested,
        found.mined,
        found.burnt,
        found.locked,
        found.circulating,
        found.reserve_disbursed,
    )


def pre_commit_deposit(state: StateAt, announced: PreCommitted) -> TokenAmount:
    """Return the deposit for announcing a sector, with Lotus' margin."""
    size = _size_of(announced.seal_proof)
    deposit = pre_commit_deposit_for_power(
        _reward(state).this_epoch_reward_smoothed,
        _power(state).this_epoch_quality_adjusted_power_smoothed,
        quality_adjusted_power_max(size),
    )
    return _with_margin(deposit)


def sector_pledge(state: StateAt, duration: int, size: int, verified_size: int) -> TokenAmount:
    """Return the pledge for a sector of bytes and epochs, some verified, with Lotus' margin."""
    if duration <= 0:
        raise RpcError(ErrorCode.GENERIC, "sector duration must greater than 0")
    if size <= 0:
        raise RpcError(ErrorCode.GENERIC, "sector size must be non-zero")
    if not 0 <= verified_size <= size:
        raise RpcError(ErrorCode.GENERIC, "verified size must be less than or equal to sector size")
    power = quality_adjusted_power_for_weight(size, duration, verified_size * duration)
    return _with_margin(_pledge(state, power))


def announced_pledge(state: StateAt, miner: Address, announced: PreCommitInfoView) -> TokenAmount:
    """Return the pledge for a sector as it was announced, with Lotus' margin.

    RpcError where one of its deals cannot be activated in it.
    """
    verified = _verified_space_time(state, miner, announced)
    duration = announced.expiration - state.epoch
    if duration <= 0:
        raise RpcError(ErrorCode.GENERIC, f"the sector expires at {announced.expiration}: too late")
    size = _size_of(announced.seal_proof)
    return _with_margin(_pledge(state, quality_adjusted_power_for_weight(size, duration, verified)))


def creation_deposit(state: StateAt) -> TokenAmount:
    """Return what a new miner puts down (FIP-0077), in attoFIL."""
    return _pledge(state, state.policy.create_miner_deposit_power)


def collateral_bounds(state: StateAt, piece_size: int) -> CollateralBounds:
    """Return what a provider may put down for a deal of padded bytes; the least has a margin."""
    least = minimum_provider_collateral(
        state.policy,
        piece_size,
        _power(state).total_raw_byte_power,
        _reward(state).this_epoch_baseline_power,
        _supply(state).circulating,
    )
    return CollateralBounds(_with_margin(least), TOTAL_FILECOIN)


def _verified_space_time(state: StateAt, miner: Address, announced: PreCommitInfoView) -> int:
    """Return the bytes times epochs of the verified deals in an announced sector."""
    own = state.record(STORAGE_MARKET, "storagemarket", MarketState)
    provider = Address.from_id(state.id_of(miner))
    deal_ids = announced.deal_ids or []
    if len(set(deal_ids)) < len(deal_ids):
        raise RpcError(ErrorCode.GENERIC, "a deal is named more than once")
    total = 0
    for deal_id in deal_ids:
        proposal = proposal_of(state, own, deal_id)
        if proposal is None:
            raise RpcError(ErrorCode.GENERIC, f"no such deal {deal_id}")
        if proposal.provider != provider:
            raise RpcError(
                ErrorCode.GENERIC,
                sentence("cannot activate deal {}: its provider is {}", deal_id, proposal.provider),
            )
        if proposal.start_epoch < state.epoch or proposal.end_epoch > announced.expiration:
            raise RpcError(
                ErrorCode.GENERIC,
                f"cannot activate deal {deal_id}: it lasts from {proposal.start_epoch} to "
                f"{proposal.end_epoch}",
            )
        total += proposal.piece_size * proposal.duration if proposal.verified_deal else 0
    return total


def _pledge(state: StateAt, power: int) -> TokenAmount:
    network, reward = _power(state), _reward(state)
    return initial_pledge_for_power(
        power,
        reward.this_epoch_baseline_power,
        reward.this_epoch_reward_smoothed,
        network.this_epoch_quality_adjusted_power_smoothed,
        _supply(state).circulating,
        state.epoch - network.ramp_start_epoch,
        network.ramp_duration_epochs,
    )


def _with_margin(amount: TokenAmount) -> TokenAmount:
    return TokenAmount(amount * _MARGIN_NUMERATOR // _MARGIN_DENOMINATOR)


def _size_of(seal_proof: int) -> int:
    size = seal_sector_size(seal_proof)
    if size is None:
        raise RpcError(ErrorCode.GENERIC, f"no sector size is known for seal proof {seal_proof}")
    return size


def _supply(state: StateAt) -> CirculatingSupply:
    return circulating_supply(state.network, state.epoch, state.tree)


def _power(state: StateAt) -> PowerState:
    return state.record(STORAGE_POWER, "storagepower", PowerState)


def _reward(state: StateAt) -> RewardState:
    return state.record(REWARD, "reward", RewardState)
