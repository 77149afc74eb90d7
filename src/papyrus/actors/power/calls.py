"""How other actors call the storage power actor."""

from papyrus.actors.power.params import (
    CURRENT_TOTAL_POWER,
    ENROLL_CRON_EVENT,
    UPDATE_CLAIMED_POWER,
    UPDATE_PLEDGE_TOTAL,
    CurrentTotalPowerReturn,
    EnrollCronEventParams,
    UpdateClaimedPowerParams,
)
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


def current_total_power(rt: Runtime) -> CurrentTotalPowerReturn:
    """Return power and pledge of the network, as of the end of the epoch before."""
    return read_return(CurrentTotalPowerReturn, rt.send(STORAGE_POWER, CURRENT_TOTAL_POWER))


def update_claimed_power(rt: Runtime, raw_byte_delta: int, quality_adjusted_delta: int) -> None:
    """Change the calling miner's power, in bytes; nothing is sent where it does not change."""
    if raw_byte_delta or quality_adjusted_delta:
        params = UpdateClaimedPowerParams(raw_byte_delta, quality_adjusted_delta)
        rt.send(STORAGE_POWER, UPDATE_CLAIMED_POWER, params)


def enroll_cron_event(rt: Runtime, epoch: int, payload: bytes) -> None:
    """Have the calling miner woken at the end of an epoch and told the payload."""
    rt.send(STORAGE_POWER, ENROLL_CRON_EVENT, EnrollCronEventParams(epoch, payload))


def update_pledge_total(rt: Runtime, delta: TokenAmount) -> None:
    """Change the pledge of the network; nothing is sent where it does not change."""
    if delta:
        rt.send(STORAGE_POWER, UPDATE_PLEDGE_TOTAL, delta)
