"""Window proofs of a deadline: what one changes when it is accepted, and when it is disputed."""

from collections.abc import Sequence
from dataclasses import dataclass

from papyrus.actors.miner.deadline import Deadline, WindowedPoSt
from papyrus.actors.miner.params.proving import PoStPartition
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.statements import PoStProof


@dataclass(frozen=True, slots=True)
class PoStResult:
    """What a proof covers and has changed."""

    power_delta: PowerPair
    """Of the active power, either way."""
    new_faulty_power: PowerPair
    retracted_recovery_power: PowerPair
    recovered_power: PowerPair
    sectors: BitField
    """All of the partitions that were proven."""
    ignored_sectors: BitField
    """Those of them that the proof leaves out."""
    partitions: BitField


@dataclass(frozen=True, slots=True)
class DisputeInfo:
    """What a disputed proof was to show, and what it falls with it."""

    all_sectors: BitField
    ignored_sectors: BitField
    disputed_sectors: PartitionSectorMap
    """Those that were active, and become faulty."""
    disputed_power: PowerPair


def record_proven_sectors(
    scope: Scope, deadline: Deadline, fault_expiration: int, posts: Sequence[PoStPartition]
) -> tuple[Deadline, PoStResult]:
    """Record partitions as proven, with the sectors that were left out as faulty.

    No proof is checked here. Aborts with an illegal argument where a partition comes twice, was
    proven before or skips sectors it does not have, with not found where it is not there.
    """
    raise NotImplementedError


def record_post_proofs(
    store: Blockstore, deadline: Deadline, partitions: BitField, proofs: tuple[PoStProof, ...]
) -> Deadline:
    """Keep a proof that was accepted unchecked."""
    raise NotImplementedError


def take_post_proofs(
    store: Blockstore, deadline: Deadline, index: int
) -> tuple[Deadline, WindowedPoSt]:
    """Take a proof of the last window, which is not there to be disputed again.

    Aborts with an illegal argument where there is none at the index.
    """
    raise NotImplementedError


def load_partitions_for_dispute(
    store: Blockstore, deadline: Deadline, partitions: BitField
) -> DisputeInfo:
    """Return what a proof of partitions was to show at the end of the last window."""
    raise NotImplementedError
