"""The ends of a deadline's sectors: they expire, are terminated and paid for, and are dropped."""

from papyrus.actors.miner.deadline import Deadline
from papyrus.actors.miner.expirations import ExpirationSet
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.actors.miner.termination_result import TerminationResult
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy


def pop_expired_sectors(
    store: Blockstore, deadline: Deadline, until: int, quant: QuantSpec
) -> tuple[Deadline, ExpirationSet]:
    """Terminate the sectors that expire up to and at an epoch; return also what they were."""
    raise NotImplementedError


def terminate_sectors(
    scope: Scope,
    policy: Policy,
    deadline: Deadline,
    epoch: int,
    partition_sectors: PartitionSectorMap,
) -> tuple[Deadline, PowerPair]:
    """Terminate live sectors and note them for their fee; return also the active power lost.

    Aborts with not found where there is no such partition, with an illegal argument where a sector
    is not live in it.
    """
    raise NotImplementedError


def pop_early_terminations(
    store: Blockstore, deadline: Deadline, max_partitions: int, max_sectors: int
) -> tuple[Deadline, TerminationResult, bool]:
    """Take some sectors that have terminated early and not been paid for.

    Returns also whether there are more.
    """
    raise NotImplementedError


def compact_partitions(
    scope: Scope, deadline: Deadline, partition_size: int, removed: BitField
) -> tuple[Deadline, BitField]:
    """Remove partitions and add their live sectors anew; return also their dead sectors.

    The daily fee is left for the caller, who removes the dead sectors, to correct. Aborts with an
    illegal argument where a partition is not there, has faults or unproven sectors, or where the
    deadline has terminations that are not paid for.
    """
    raise NotImplementedError
