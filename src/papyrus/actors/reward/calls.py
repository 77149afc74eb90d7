"""How other actors call the reward actor."""

from papyrus.actors.reward.params import (
    THIS_EPOCH_REWARD,
    UPDATE_NETWORK_KPI,
    ThisEpochRewardReturn,
)
from papyrus.actors.singletons import REWARD
from papyrus.ipld.cid import CBOR
from papyrus.ipld.schema import BigInt
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import encoded, read_return
from papyrus.vm.runtime import Runtime


def this_epoch_reward(rt: Runtime) -> ThisEpochRewardReturn:
    """Return the reward of this epoch, smoothed, and the baseline power."""
    return read_return(ThisEpochRewardReturn, rt.send(REWARD, THIS_EPOCH_REWARD))


def update_network_kpi(rt: Runtime, realized_power: int) -> None:
    """Tell the reward actor the network's raw power in bytes, at the end of an epoch."""
    rt.send(REWARD, UPDATE_NETWORK_KPI, Block(CBOR, encoded(BigInt, realized_power)))
