"""The daily fee of sectors (FIP-0100): a share of the circulating supply for each byte."""

from collections.abc import Iterable

from papyrus.actors.common.smoothing import quotient
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import Policy


def daily_proof_fee(policy: Policy, circulating_supply: TokenAmount, power: int) -> TokenAmount:
    """Return the daily fee of so many quality-adjusted bytes."""
    share = policy.daily_fee_supply_numerator * circulating_supply * power
    return TokenAmount(share // policy.daily_fee_supply_denominator)


def adjusted_daily_proof_fee(daily_fee: TokenAmount, old_power: int, new_power: int) -> TokenAmount:
    """Return a daily fee in proportion to a change of quality-adjusted bytes."""
    if old_power == new_power:
        return daily_fee
    return TokenAmount(quotient(daily_fee * new_power, old_power))


def payable_daily_proof_fee(
    policy: Policy, daily_fee: TokenAmount, day_reward: TokenAmount
) -> TokenAmount:
    """Return what of a daily fee is due, given the reward that can be expected for the day."""
    cap = TokenAmount(day_reward // policy.daily_fee_reward_cap_denominator)
    return min(cap, daily_fee)


def daily_fee_of_sectors(sectors: Iterable[SectorOnChainInfo]) -> TokenAmount:
    """Return the sum of sectors' daily fees."""
    return TokenAmount(sum(sector.daily_fee for sector in sectors))
