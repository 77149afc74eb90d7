"""The ends of a partition's sectors: they expire, or are terminated and then paid for."""

from papyrus.actors.miner.expirations import ExpirationSet
from papyrus.actors.miner.partition import Partition, Scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.termination_result import TerminationResult
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy


def terminate_sectors(
    scope: Scope, policy: Policy, partition: Partition, epoch: int, numbers: BitField
) -> tuple[Partition, ExpirationSet, PowerPair]:
    """Terminate live sectors, whatever their state, and note them for their fee.

    Returns also what was removed, whose active power is that of proven sectors only, and the power
    of the unproven ones. Aborts with an illegal argument where a sector is not live.
    """
    raise NotImplementedError


def pop_expired_sectors(
    store: Blockstore, partition: Partition, until: int, quant: QuantSpec
) -> tuple[Partition, ExpirationSet]:
    """Terminate the sectors that expire up to and at an epoch; note the early ones for their fee.

    Aborts where sectors are unproven or recovering, which a window's end must have resolved.
    """
    raise NotImplementedError


def pop_early_terminations(
    store: Blockstore, partition: Partition, max_sectors: int
) -> tuple[Partition, TerminationResult, bool]:
    """Take up to so many sectors that have terminated early and not been paid for.

    Returns also whether there are more.
    """
    raise NotImplementedError
