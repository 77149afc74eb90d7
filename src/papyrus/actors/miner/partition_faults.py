"""What faults and recoveries do to a partition."""

from collections.abc import Sequence
from dataclasses import dataclass

from papyrus.actors.miner.partition import Partition, Scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField


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
    raise NotImplementedError


def record_skipped_faults(
    scope: Scope, partition: Partition, skipped: BitField, fault_expiration: int
) -> tuple[Partition, SkippedRecorded]:
    """Make sectors faulty that a proof left out; recovering ones stay faulty.

    Aborts with an illegal argument where a sector is not the partition's.
    """
    raise NotImplementedError


def recover_faults(scope: Scope, partition: Partition) -> tuple[Partition, PowerPair]:
    """Make the recovering sectors active, to expire on time again; return also their power."""
    raise NotImplementedError


def declare_recovered(scope: Scope, partition: Partition, numbers: BitField) -> Partition:
    """Note that faulty sectors are to recover with the next proof; others are passed over.

    Aborts with an illegal argument where a sector is not the partition's.
    """
    raise NotImplementedError


def record_missed_post(
    store: Blockstore, partition: Partition, fault_expiration: int, quant: QuantSpec
) -> tuple[Partition, MissedPost]:
    """Make all live sectors faulty and none recovering."""
    raise NotImplementedError
