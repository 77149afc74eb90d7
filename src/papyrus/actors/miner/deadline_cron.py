"""What the end of a window does to a miner, and how terminated sectors are taken to be paid for."""

from dataclasses import dataclass, replace

from papyrus.actors.miner.deadline_faults import process_deadline_end
from papyrus.actors.miner.deadline_termination import (
    pop_early_terminations as pop_from_deadline,
)
from papyrus.actors.miner.deadline_termination import pop_expired_sectors
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.funds import add_initial_pledge
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.state import State, load_deadlines, with_deadlines
from papyrus.actors.miner.termination_result import TerminationResult
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class AdvanceDeadlineResult:
    """What the end of a window has changed."""

    pledge_delta: TokenAmount = ZERO
    """Not positive: the pledge of sectors that expired on time."""
    power_delta: PowerPair = NO_POWER
    """Of the active power; not positive."""
    previously_faulty_power: PowerPair = NO_POWER
    """Faulty before, recovering or not."""
    detected_faulty_power: PowerPair = NO_POWER
    """What became faulty, and what should have recovered."""
    total_faulty_power: PowerPair = NO_POWER
    """Faulty after that and before expirations."""
    daily_fee: TokenAmount = ZERO
    """What the deadline's sectors pay for the day (FIP-0100)."""
    live_power: PowerPair = NO_POWER
    """Of the deadline, whatever the state of its sectors."""


def advance_deadline(
    store: Blockstore, state: State, policy: Policy, epoch: int
) -> tuple[State, AdvanceDeadlineResult]:
    """End the window of the current deadline: find faults, let sectors expire, move on."""
    window = state.deadline_info(policy, epoch)
    if not window.period_started:
        return state, AdvanceDeadlineResult()
    next_index = (window.index + 1) % policy.deadlines_in_period
    state = replace(state, current_deadline=next_index)
    if next_index == 0:
        state = replace(state, proving_period_start=window.next_period_start)
    deadlines = load_deadlines(store, state)
    deadline = load_deadline(store, deadlines, window.index)
    previously_faulty = deadline.faulty_power
    if not deadline.is_live:
        return state, AdvanceDeadlineResult(
            previously_faulty_power=previously_faulty, total_faulty_power=previously_faulty
        )
    fault_expiration = window.last + policy.fault_max_age
    deadline, power_delta, detected_faulty = process_deadline_end(
        store, deadline, window.quant, fault_expiration, state.sectors
    )
    total_faulty = deadline.faulty_power
    deadline, expired = pop_expired_sectors(store, deadline, window.last, window.quant)
    # The pledge of sectors that expire early is kept until their termination fee is taken.
    state = add_initial_pledge(state, -expired.on_time_pledge)
    if expired.early_sectors:
        due = state.early_terminations | BitField.from_bits([window.index])
        state = replace(state, early_terminations=due)
    deadlines = with_deadline(store, policy, deadlines, window.index, deadline)
    return with_deadlines(store, state, deadlines), AdvanceDeadlineResult(
        pledge_delta=-expired.on_time_pledge,
        power_delta=power_delta - expired.active_power,
        previously_faulty_power=previously_faulty,
        detected_faulty_power=detected_faulty,
        total_faulty_power=total_faulty,
        daily_fee=deadline.daily_fee,
        live_power=deadline.live_power,
    )


def pop_early_terminations(
    store: Blockstore, state: State, policy: Policy, max_partitions: int, max_sectors: int
) -> tuple[State, TerminationResult, bool]:
    """Take some sectors that have terminated early and not been paid for.

    Returns also whether there are more.
    """
    result = TerminationResult()
    if not state.early_terminations:
        return state, result, False
    deadlines = load_deadlines(store, state)
    finished: list[int] = []
    for index in state.early_terminations:
        deadline, popped, more = pop_from_deadline(
            store,
            load_deadline(store, deadlines, index),
            max_partitions - result.partitions_processed,
            max_sectors - result.sectors_processed,
        )
        result += popped
        if not more:
            finished.append(index)
        deadlines = with_deadline(store, policy, deadlines, index, deadline)
        if not result.below_limit(max_partitions, max_sectors):
            break
    unfinished = state.early_terminations - BitField.from_bits(finished)
    state = replace(state, early_terminations=unfinished)
    return with_deadlines(store, state, deadlines), result, bool(unfinished)
