"""What the methods of the reward actor take and return."""

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.ipld.schema import I64, BigInt
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

AWARD_BLOCK_REWARD = 2
THIS_EPOCH_REWARD = 3
UPDATE_NETWORK_KPI = 4


@cbor_tuple
class AwardBlockRewardParams(Record):
    """What a block has earned its miner beside the block reward."""

    miner: Address
    penalty: TokenAmount
    """To be paid for messages that should not have been included; it is scaled up."""
    gas_reward: TokenAmount
    """The tips, which the reward actor holds already."""
    win_count: I64
    """How often the miner has won in this epoch."""


@cbor_tuple
class ThisEpochRewardReturn(Record):
    """The reward of the epoch, smoothed, and the power that the network is to grow to."""

    reward_smoothed: FilterEstimate
    """In attoFIL; `this_epoch_reward_smoothed` in builtin-actors."""
    baseline_power: BigInt
    """In bytes; `this_epoch_baseline_power` in builtin-actors."""
