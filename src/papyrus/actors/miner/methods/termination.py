"""Giving sectors up before their time: `TerminateSectors`."""

from dataclasses import replace

from papyrus.actors.dispatch import method
from papyrus.actors.miner.cron_events import enroll_early_terminations
from papyrus.actors.miner.deadline_termination import terminate_sectors as terminate_in_deadline
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.early_terminations import process_early_terminations
from papyrus.actors.miner.funds import require_balance_invariants
from papyrus.actors.miner.methods.faults import sectors_by_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import TerminateSectorsParams, TerminateSectorsReturn
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.proving_period import deadline_is_mutable
from papyrus.actors.miner.sector_map import DeadlineSectorMap
from papyrus.actors.miner.state import (
    State,
    load_deadlines,
    load_info,
    open_sectors,
    with_deadlines,
)
from papyrus.actors.power.calls import current_total_power, update_claimed_power
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.primitives.bitfield import BitField
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.TERMINATE_SECTORS)
def terminate_sectors(rt: Runtime, params: TerminateSectorsParams) -> TerminateSectorsReturn:
    """End sectors of deadlines whose windows are neither open nor next, and pay for what has ended.

    Without sectors, only pay. While sectors remain to be paid for nothing can be withdrawn, and
    cron goes on with them.
    """
    declared = sectors_by_deadline(rt.policy, params.terminations)
    state = rt.load(State)
    had_terminations = bool(state.early_terminations)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    state, lost = _without_sectors(rt, state, info.sector_size, declared)
    rt.save(state)

    reward = this_epoch_reward(rt).reward_smoothed
    network_power = current_total_power(rt).quality_adjusted_power_smoothed
    more = process_early_terminations(rt, reward, network_power)
    if more and not had_terminations:
        enroll_early_terminations(rt)
    require_balance_invariants(rt.load(State), rt.balance)
    update_claimed_power(rt, -lost.raw, -lost.quality_adjusted)
    return TerminateSectorsReturn(not more)


def _without_sectors(
    rt: Runtime, state: State, sector_size: int, declared: DeadlineSectorMap
) -> tuple[State, PowerPair]:
    """Return the state with sectors terminated, and the active power lost."""
    policy = rt.policy
    sectors = open_sectors(rt.store, state)
    deadlines = load_deadlines(rt.store, state)
    period_start = state.current_proving_period_start(policy, rt.epoch)
    all_lost = NO_POWER
    for index, partition_sectors in declared.items():
        if not deadline_is_mutable(policy, period_start, index, rt.epoch):
            raise illegal_argument(f"cannot terminate sectors in immutable deadline {index}")
        deadline, lost = terminate_in_deadline(
            Scope(rt.store, sectors, sector_size, state.quant_of_deadline(policy, index)),
            policy,
            load_deadline(rt.store, deadlines, index),
            rt.epoch,
            partition_sectors,
        )
        deadlines = with_deadline(rt.store, policy, deadlines, index, deadline)
        all_lost += lost
    due = state.early_terminations | BitField.from_bits(index for index, _ in declared.items())
    return replace(with_deadlines(rt.store, state, deadlines), early_terminations=due), all_lost
