"""Making the state smaller: dead sectors are dropped, and unused numbers thrown away."""

from dataclasses import replace

from papyrus.actors.dispatch import method
from papyrus.actors.miner.deadline_termination import compact_partitions as compact_in_deadline
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    CompactPartitionsParams,
    CompactSectorNumbersParams,
)
from papyrus.actors.miner.placement import deadline_scope
from papyrus.actors.miner.proof_policy import max_partitions_loaded
from papyrus.actors.miner.proving_period import deadline_available_for_compaction
from papyrus.actors.miner.sector_numbers import allocate_sector_numbers
from papyrus.actors.miner.state import State, load_deadlines, load_info, with_deadlines
from papyrus.rules.policy import MAX_SECTOR_NUMBER
from papyrus.vm.aborts import forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.COMPACT_PARTITIONS)
def compact_partitions(rt: Runtime, params: CompactPartitionsParams) -> None:
    """Remove partitions of a deadline and add their live sectors anew; the dead ones are forgotten.

    The deadline must be neither open nor next nor in dispute, the partitions without faults, and
    all its terminated sectors paid for.
    """
    policy = rt.policy
    if params.deadline >= policy.deadlines_in_period:
        raise illegal_argument(f"invalid deadline {params.deadline}")
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    period_start = state.current_proving_period_start(policy, rt.epoch)
    if not deadline_available_for_compaction(policy, period_start, params.deadline, rt.epoch):
        raise forbidden(
            f"cannot compact deadline {params.deadline} during its challenge window, or the prior "
            f"challenge window, or before {policy.dispute_window} epochs have passed since its "
            "last challenge window ended"
        )
    limit = max_partitions_loaded(policy, info.window_post_partition_sectors)
    if params.partitions.count() > limit:
        raise illegal_argument(f"too many partitions {params.partitions.count()}, limit {limit}")
    deadlines = load_deadlines(rt.store, state)
    scope = deadline_scope(rt.store, state, policy, params.deadline, info.sector_size)
    deadline, dead = compact_in_deadline(
        scope,
        load_deadline(rt.store, deadlines, params.deadline),
        info.window_post_partition_sectors,
        params.partitions,
    )
    scope.sectors.delete(dead)
    deadlines = with_deadline(rt.store, policy, deadlines, params.deadline, deadline)
    rt.save(with_deadlines(rt.store, replace(state, sectors=scope.sectors.flush()), deadlines))


@method(numbers.COMPACT_SECTOR_NUMBERS)
def compact_sector_numbers(rt: Runtime, params: CompactSectorNumbersParams) -> None:
    """Take sector numbers without using them, so that the set of those taken gets simpler."""
    mask = params.mask_sector_numbers
    last = mask.last()
    if last is None:
        raise illegal_argument("invalid mask bitfield")
    if last > MAX_SECTOR_NUMBER:
        raise illegal_argument(f"masked sector number {last} exceeded max sector number")
    state = rt.load(State)
    rt.require_caller(*load_info(rt.store, state).controllers)
    rt.save(allocate_sector_numbers(rt.store, state, mask, allow_collisions=True))
