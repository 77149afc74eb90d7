"""Declaring sectors faulty, and faulty ones recovered, before their deadline comes.

A declared fault costs nothing at first: the end of each window charges for what was faulty before
it. A recovery is a promise that the next proof must keep.
"""

from collections.abc import Iterable

from papyrus.actors.dispatch import method
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.deadline_faults import declare_recovered, record_faults
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.funds import repay_debts, require_balance_invariants
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    DeclareFaultsRecoveredParams,
    FaultDeclaration,
    RecoveryDeclaration,
    TerminationDeclaration,
)
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.power import NO_POWER
from papyrus.actors.miner.proving_period import DeadlineInfo, declaration_window
from papyrus.actors.miner.sector_map import DeadlineSectorMap
from papyrus.actors.miner.state import (
    State,
    load_deadlines,
    load_info,
    open_sectors,
    with_deadlines,
)
from papyrus.actors.power.calls import update_claimed_power
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.DECLARE_FAULTS)
def declare_faults(rt: Runtime, params: DeclareFaultsParams) -> None:
    """Make sectors faulty and take their power; ones that were to recover stay faulty."""
    declared = sectors_by_deadline(rt.policy, params.faults)
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)

    deadlines = load_deadlines(rt.store, state)
    sectors = open_sectors(rt.store, state)
    power_delta = NO_POWER
    for index, partition_sectors in declared.items():
        window = _open_to_declarations(rt, state, index)
        deadline, lost = record_faults(
            Scope(rt.store, sectors, info.sector_size, window.quant),
            load_deadline(rt.store, deadlines, index),
            window.last + rt.policy.fault_max_age,
            partition_sectors,
        )
        deadlines = with_deadline(rt.store, rt.policy, deadlines, index, deadline)
        power_delta += lost
    rt.save(with_deadlines(rt.store, state, deadlines))

    update_claimed_power(rt, power_delta.raw, power_delta.quality_adjusted)


@method(numbers.DECLARE_FAULTS_RECOVERED)
def declare_faults_recovered(rt: Runtime, params: DeclareFaultsRecoveredParams) -> None:
    """Note that faulty sectors will be proven again, after paying all fee debt.

    Their power comes back with the proof.
    """
    declared = sectors_by_deadline(rt.policy, params.recoveries)
    state, to_burn = repay_debts(rt.load(State), rt.balance)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    if info.consensus_fault_active(rt.epoch):
        raise forbidden("recovery not allowed during active consensus fault")

    deadlines = load_deadlines(rt.store, state)
    sectors = open_sectors(rt.store, state)
    for index, partition_sectors in declared.items():
        window = _open_to_declarations(rt, state, index)
        deadline = declare_recovered(
            Scope(rt.store, sectors, info.sector_size, window.quant),
            load_deadline(rt.store, deadlines, index),
            partition_sectors,
        )
        deadlines = with_deadline(rt.store, rt.policy, deadlines, index, deadline)
    rt.save(with_deadlines(rt.store, state, deadlines))

    burn_funds(rt, to_burn)
    require_balance_invariants(rt.load(State), rt.balance)


def sectors_by_deadline(
    policy: Policy,
    declarations: Iterable[FaultDeclaration | RecoveryDeclaration | TerminationDeclaration],
) -> DeadlineSectorMap:
    """Return the sectors that are declared; abort where there are too many for one message."""
    declared = DeadlineSectorMap()
    for declaration in declarations:
        declared.add(policy, declaration.deadline, declaration.partition, declaration.sectors)
    declared.require_within(policy.addressed_partitions_max, policy.addressed_sectors_max)
    return declared


def _open_to_declarations(rt: Runtime, state: State, index: int) -> DeadlineInfo:
    """Return a deadline's next window; abort where it is too near for declarations."""
    start = state.current_proving_period_start(rt.policy, rt.epoch)
    window = declaration_window(rt.policy, start, index, rt.epoch)
    if window.fault_cutoff_passed:
        raise illegal_argument(
            f"failed fault declaration at deadline {index}: late fault or recovery declaration"
        )
    return window
