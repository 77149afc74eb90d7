"""What flows into and out of a miner: methods 14, 16, 22 and getters.

`WithdrawBalance`, `GetAvailableBalance`, `MaxTerminationFee` and `InitialPledge` return a bare
`TokenAmount`; `RepayDebt` takes and returns nothing.
"""

from papyrus.ipld.schema import BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import TokenAmount


@cbor_tuple
class ApplyRewardParams(Record):
    """What a block has earned, and what is to be taken for its messages that failed."""

    reward: TokenAmount
    penalty: TokenAmount


@cbor_tuple
class WithdrawBalanceParams(Record):
    """How much to pay out, at most."""

    amount_requested: TokenAmount


@cbor_tuple
class GetVestingFundsReturn(Record):
    """What vests, in order of the epochs."""

    vesting_funds: tuple[tuple[ChainEpoch, TokenAmount], ...]


@cbor_tuple
class MaxTerminationFeeParams(Record):
    """A sector's quality-adjusted bytes and its pledge (FIP-0098)."""

    power: BigInt
    initial_pledge: TokenAmount
