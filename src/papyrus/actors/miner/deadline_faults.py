"""What faults do to a deadline: declared ones, and those that the end of its window finds."""

from papyrus.actors.miner.deadline import Deadline
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid


def record_faults(
    scope: Scope,
    deadline: Deadline,
    fault_expiration: int,
    partition_sectors: PartitionSectorMap,
) -> tuple[Deadline, PowerPair]:
    """Make sectors faulty that were declared so; return also the change of active power.

    Aborts with not found where there is no such partition, with an illegal argument where a sector
    is not in it.
    """
    raise NotImplementedError


def declare_recovered(
    scope: Scope, deadline: Deadline, partition_sectors: PartitionSectorMap
) -> Deadline:
    """Note that faulty sectors are to recover with the next proof.

    Aborts as `record_faults` does.
    """
    raise NotImplementedError


def process_deadline_end(
    store: Blockstore,
    deadline: Deadline,
    quant: QuantSpec,
    fault_expiration: int,
    sectors: Cid,
) -> tuple[Deadline, PowerPair, PowerPair]:
    """Make all that was not proven faulty, and keep what can be disputed until the next window.

    `sectors` is the root of the miner's sectors. Returns also the change of active power, and the
    power to be penalized: what became faulty, and what should have recovered.
    """
    raise NotImplementedError
