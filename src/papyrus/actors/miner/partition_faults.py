"""What faults and recoveries do to a partition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from papyrus.actors.miner.expiration_faults import (
    reschedule_all_as_faults,
    reschedule_as_faults,
    reschedule_recovered,
)
from papyrus.actors.miner.expirations import NO_SECTORS, ExpirationQueue
from papyrus.actors.miner.partition import (
    Partition,
    Scope,
    open_expirations,
    require_members,
    require_valid,
)
from papyrus.actors.miner.power import NO_POWER, PowerPair, power_of_sectors
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo, select_sectors
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.vm.aborts import illegal_argument


@dataclass(frozen=True, slots=True)
class FaultsRecorded:
    """What declared faults have changed."""

    new_faults: BitField
    power_delta: PowerPair
    """Of the active power; not positive."""
    new_faulty_power: PowerPair


@dataclass(frozen=True, slots=True)
class SkippedRecorded:
    """What sectors that a proof left out have changed."""

    power_delta: PowerPair
    """Of the active power; not positive."""
    new_faulty_power: PowerPair
    retracted_recovery_power: PowerPair
    """Of sectors that were to recover and did not."""
    has_new_faults: bool


@dataclass(frozen=True, slots=True)
class MissedPost:
    """What a window without a proof has changed."""

    power_delta: PowerPair
    """Of the active power; not positive."""
    penalized_power: PowerPair
    """What became faulty, and what should have recovered."""
    new_faulty_power: PowerPair


def record_faults(
    scope: Scope, partition: Partition, numbers: BitField, fault_expiration: int
) -> tuple[Partition, FaultsRecorded]:
    """Make sectors faulty that were declared so; recovering ones stay faulty.

    They expire early, unless they would before; faulty and terminated ones are passed over. Aborts
    with an illegal argument where a sector is not the partition's.
    """
    require_members(partition, numbers)
    retracted = partition.recoveries & numbers
    new_faults = numbers - partition.terminated - partition.faults
    sectors = scope.sectors.load(new_faults)
    after, power_delta, new_faulty_power = partition, NO_POWER, NO_POWER
    if sectors:
        after, power_delta, new_faulty_power = _add_faults(
            scope, partition, new_faults, sectors, fault_expiration
        )
    power = power_of_sectors(scope.sector_size, scope.sectors.load(retracted))
    after = _remove_recoveries(after, retracted, power)
    require_valid(after)
    return after, FaultsRecorded(new_faults, power_delta, new_faulty_power)


def record_skipped_faults(
    scope: Scope, partition: Partition, skipped: BitField, fault_expiration: int
) -> tuple[Partition, SkippedRecorded]:
    """Make sectors faulty that a proof left out; recovering ones stay faulty.

    Aborts with an illegal argument where a sector is not the partition's.
    """
    if not skipped:
        return partition, SkippedRecorded(NO_POWER, NO_POWER, NO_POWER, has_new_faults=False)
    if not partition.sectors.contains_all(skipped):
        raise illegal_argument("skipped faults contains sectors outside partition")
    retracted = partition.recoveries & skipped
    retracted_power = power_of_sectors(scope.sector_size, scope.sectors.load(retracted))
    new_faults = skipped - partition.terminated - partition.faults
    sectors = scope.sectors.load(new_faults)
    after, power_delta, new_faulty_power = _add_faults(
        scope, partition, new_faults, sectors, fault_expiration
    )
    after = _remove_recoveries(after, retracted, retracted_power)
    require_valid(after)
    return after, SkippedRecorded(
        power_delta, new_faulty_power, retracted_power, has_new_faults=bool(sectors)
    )


def recover_faults(scope: Scope, partition: Partition) -> tuple[Partition, PowerPair]:
    """Make the recovering sectors active, to expire on time again; return also their power."""
    sectors = scope.sectors.load(partition.recoveries)
    queue = open_expirations(scope, partition)
    power = reschedule_recovered(queue, sectors)
    after = replace(
        partition,
        expirations=queue.flush(),
        faults=partition.faults - partition.recoveries,
        recoveries=NO_SECTORS,
        faulty_power=partition.faulty_power - power,
        recovering_power=partition.recovering_power - power,
    )
    require_valid(after)
    return after, power


def declare_recovered(scope: Scope, partition: Partition, numbers: BitField) -> Partition:
    """Note that faulty sectors are to recover with the next proof; others are passed over.

    Aborts with an illegal argument where a sector is not the partition's.
    """
    require_members(partition, numbers)
    recoveries = (numbers & partition.faults) - partition.recoveries
    power = power_of_sectors(scope.sector_size, scope.sectors.load(recoveries))
    after = replace(
        partition,
        recoveries=partition.recoveries | recoveries,
        recovering_power=partition.recovering_power + power,
    )
    require_valid(after)
    return after


def record_missed_post(
    store: Blockstore, partition: Partition, fault_expiration: int, quant: QuantSpec
) -> tuple[Partition, MissedPost]:
    """Make all live sectors faulty and none recovering."""
    queue = ExpirationQueue(store, partition.expirations, quant)
    reschedule_all_as_faults(queue, fault_expiration)
    new_faulty_power = partition.live_power - partition.faulty_power
    after = replace(
        partition,
        expirations=queue.flush(),
        faults=partition.live_sectors,
        recoveries=NO_SECTORS,
        unproven=NO_SECTORS,
        faulty_power=partition.live_power,
        recovering_power=NO_POWER,
        unproven_power=NO_POWER,
    )
    require_valid(after)
    return after, MissedPost(
        # Unproven power was never active, so it is not lost.
        power_delta=partition.unproven_power - new_faulty_power,
        penalized_power=partition.recovering_power + new_faulty_power,
        new_faulty_power=new_faulty_power,
    )


def _add_faults(
    scope: Scope,
    partition: Partition,
    numbers: BitField,
    sectors: Sequence[SectorOnChainInfo],
    fault_expiration: int,
) -> tuple[Partition, PowerPair, PowerPair]:
    """Make healthy sectors faulty.

    Returns also the change of the active power, and the new faulty power.
    """
    queue = open_expirations(scope, partition)
    new_faulty_power = reschedule_as_faults(queue, fault_expiration, sectors)
    unproven = numbers & partition.unproven
    lost_unproven_power = power_of_sectors(scope.sector_size, select_sectors(sectors, unproven))
    after = replace(
        partition,
        expirations=queue.flush(),
        faults=partition.faults | numbers,
        faulty_power=partition.faulty_power + new_faulty_power,
        unproven=partition.unproven - unproven,
        unproven_power=partition.unproven_power - lost_unproven_power,
    )
    require_valid(after)
    return after, lost_unproven_power - new_faulty_power, new_faulty_power


def _remove_recoveries(partition: Partition, numbers: BitField, power: PowerPair) -> Partition:
    """Have recovering sectors stay faulty."""
    if not numbers:
        return partition
    return replace(
        partition,
        recoveries=partition.recoveries - numbers,
        recovering_power=partition.recovering_power - power,
    )
