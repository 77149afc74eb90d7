"""The ends of a partition's sectors: they expire, or are terminated and then paid for."""

from dataclasses import replace

from papyrus.actors.miner.epoch_queue import BitfieldQueue
from papyrus.actors.miner.expiration_faults import remove_sectors
from papyrus.actors.miner.expirations import ExpirationQueue, ExpirationSet
from papyrus.actors.miner.partition import (
    EARLY_TERMINATED,
    Partition,
    Scope,
    open_expirations,
    require_valid,
)
from papyrus.actors.miner.power import PowerPair, power_of_sectors
from papyrus.actors.miner.quantization import NO_QUANTIZATION, QuantSpec
from papyrus.actors.miner.sectors import select_sectors
from papyrus.actors.miner.termination_result import TerminationResult
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, illegal_state


def terminate_sectors(
    scope: Scope, policy: Policy, partition: Partition, epoch: int, numbers: BitField
) -> tuple[Partition, ExpirationSet, PowerPair]:
    """Terminate live sectors, whatever their state, and note them for their fee.

    Returns also what was removed, whose active power is that of proven sectors only, and the power
    of the unproven ones. Aborts with an illegal argument where a sector is not live.
    """
    if not partition.live_sectors.contains_all(numbers):
        raise illegal_argument("can only terminate live sectors")
    sectors = scope.sectors.load(numbers)
    queue = open_expirations(scope, partition)
    removed, recovering_power = remove_sectors(
        queue, policy, sectors, partition.faults, partition.recoveries
    )
    gone = removed.sectors
    unproven = gone & partition.unproven
    unproven_power = power_of_sectors(scope.sector_size, select_sectors(sectors, unproven))
    after = replace(
        partition,
        expirations=queue.flush(),
        early_terminated=_with_early_termination(scope.store, partition, epoch, gone),
        faults=partition.faults - gone,
        recoveries=partition.recoveries - gone,
        terminated=partition.terminated | gone,
        unproven=partition.unproven - unproven,
        live_power=partition.live_power - removed.active_power - removed.faulty_power,
        faulty_power=partition.faulty_power - removed.faulty_power,
        recovering_power=partition.recovering_power - recovering_power,
        unproven_power=partition.unproven_power - unproven_power,
    )
    require_valid(after)
    proven = replace(removed, active_power=removed.active_power - unproven_power)
    return after, proven, unproven_power


def pop_expired_sectors(
    store: Blockstore, partition: Partition, until: int, quant: QuantSpec
) -> tuple[Partition, ExpirationSet]:
    """Terminate the sectors that expire up to and at an epoch; note the early ones for their fee.

    Aborts where sectors are unproven or recovering, which a window's end must have resolved.
    """
    if partition.unproven:
        raise illegal_state("cannot pop expired sectors from a partition with unproven sectors")
    queue = ExpirationQueue(store, partition.expirations, quant)
    popped = queue.pop_until(until)
    if partition.recoveries:
        raise illegal_state("unexpected recoveries while processing expirations")
    if not partition.recovering_power.is_zero:
        raise illegal_state("unexpected recovering power while processing expirations")
    if partition.terminated.contains_any(popped.sectors):
        raise illegal_state("expiring sectors already terminated")
    after = replace(
        partition,
        expirations=queue.flush(),
        early_terminated=_with_early_termination(store, partition, until, popped.early_sectors),
        terminated=partition.terminated | popped.sectors,
        faults=partition.faults - popped.sectors,
        live_power=partition.live_power - popped.active_power - popped.faulty_power,
        faulty_power=partition.faulty_power - popped.faulty_power,
    )
    require_valid(after)
    return after, popped


def pop_early_terminations(
    store: Blockstore, partition: Partition, max_sectors: int
) -> tuple[Partition, TerminationResult, bool]:
    """Take up to so many sectors that have terminated early and not been paid for.

    Returns also whether there are more.
    """
    array = EARLY_TERMINATED.open(store, partition.early_terminated)
    taken: dict[int, BitField] = {}
    remaining: dict[int, BitField] = {}
    processed = 0
    for epoch, numbers in array.items():
        count = min(max_sectors - processed, numbers.count())
        taken[epoch] = numbers.slice(0, count)
        remaining[epoch] = numbers - taken[epoch]
        processed += count
        if processed >= max_sectors:
            break
    for epoch, numbers in remaining.items():
        if numbers:
            array.set(epoch, numbers)
        else:
            array.delete(epoch)
    after = replace(partition, early_terminated=array.flush())
    require_valid(after)
    return after, TerminationResult(taken, 1, processed), len(array) > 0


def _with_early_termination(
    store: Blockstore, partition: Partition, epoch: int, numbers: BitField
) -> Cid:
    """Return the root of the early terminations with sectors that ended at an epoch."""
    array = EARLY_TERMINATED.open(store, partition.early_terminated)
    queue = BitfieldQueue(array, NO_QUANTIZATION)
    queue.add(epoch, numbers)
    return queue.flush()
