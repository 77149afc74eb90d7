"""Who gets what of the gas a message paid for (FIP-0001 and its over-estimation burn).

The sender pays the base fee on the gas used, burnt; a premium on the whole limit, to the block's
miner; and, for asking for much more gas than it used, a burn on part of the rest. What remains
of the reserved fee comes back. A fee cap below the base fee is made up by the miner.
"""

from dataclasses import dataclass

from papyrus.primitives.amounts import TokenAmount

_FREE_OVERESTIMATE = (11, 10)
"""Asking for up to eleven tenths of the gas used burns nothing."""


@dataclass(frozen=True, slots=True)
class GasOutputs:
    """The split of a message's gas fees, in attoFIL, and of its unused gas, in whole gas."""

    base_fee_burn: TokenAmount
    over_estimation_burn: TokenAmount
    miner_penalty: TokenAmount
    miner_tip: TokenAmount
    refund: TokenAmount
    gas_refund: int
    gas_burned: int


def gas_outputs(
    *,
    gas_used: int,
    gas_limit: int,
    base_fee: TokenAmount,
    fee_cap: TokenAmount,
    premium: TokenAmount,
) -> GasOutputs:
    """Return the split for whole gas and attoFIL a unit; it adds up to fee cap times limit."""
    paid_base_fee = min(base_fee, fee_cap)
    shortfall = base_fee - paid_base_fee
    tip = min(premium, fee_cap - paid_base_fee) * gas_limit
    gas_refund, gas_burned = _unused_gas(gas_used, gas_limit)
    base_fee_burn = paid_base_fee * gas_used
    over_estimation_burn = paid_base_fee * gas_burned
    return GasOutputs(
        base_fee_burn=TokenAmount(base_fee_burn),
        over_estimation_burn=TokenAmount(over_estimation_burn),
        miner_penalty=TokenAmount(shortfall * (gas_used + gas_burned)),
        miner_tip=TokenAmount(tip),
        refund=TokenAmount(fee_cap * gas_limit - base_fee_burn - tip - over_estimation_burn),
        gas_refund=gas_refund,
        gas_burned=gas_burned,
    )


def _unused_gas(gas_used: int, gas_limit: int) -> tuple[int, int]:
    """Return how much of the unused gas is refunded and how much is burnt."""
    if gas_used == 0:
        return 0, gas_limit
    numerator, denominator = _FREE_OVERESTIMATE
    over = min(max(gas_limit - numerator * gas_used // denominator, 0), gas_used)
    remaining = max(gas_limit - gas_used, 0)
    burned = remaining * over // gas_used
    return max(remaining - burned, 0), burned
