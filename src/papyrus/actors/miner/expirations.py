"""When a partition's sectors expire: on time, or early for having been faulty too long.

The queue is an array by epoch, the epochs rounded up to the last of the deadline's windows. On-time
sectors may be active or faulty, early ones are always faulty.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from papyrus.actors.collections import Array, ArrayShape
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, absent_before, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField

ENTRY_SECTORS_MAX = 10_000
"""More sectors than a partition can have, as a bound on an entry that is expanded."""


@cbor_tuple
class ExpirationSet(Record):
    """The sectors that expire at one epoch."""

    on_time_sectors: BitField
    """At the end of the life they were committed for."""
    early_sectors: BitField
    """For being faulty too long."""
    on_time_pledge: TokenAmount
    active_power: PowerPair
    faulty_power: PowerPair
    fee_deduction: TokenAmount = absent_before("FIP-0100", ZERO)
    """What the deadline's daily fee falls by when they expire (FIP-0100)."""

    @property
    def is_empty(self) -> bool:
        """Whether there are no sectors; power and pledge are then zero."""
        return not self.on_time_sectors and not self.early_sectors

    @property
    def sectors(self) -> BitField:
        """All its sectors."""
        return self.on_time_sectors | self.early_sectors


NO_EXPIRATIONS = ExpirationSet(BitField(), BitField(), ZERO, NO_POWER, NO_POWER)

EXPIRATIONS: ArrayShape[ExpirationSet] = ArrayShape(ExpirationSet, 4, has_late_fields=True)
"""A partition's expirations by epoch."""
