"""State of the miner actor as several upgrades found it (actors v8 to v15)."""

from typing import Annotated

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, BigInt, ChainEpoch, Length
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField

DEADLINES = 48
"""The deadlines of a proving period."""

SECTORS_BIT_WIDTH = 5


@cbor_tuple
class PowerPair(Record):
    """Bytes of storage, as they are and with their quality."""

    raw: BigInt
    quality_adjusted: BigInt

    def __add__(self, other: "PowerPair") -> "PowerPair":
        return PowerPair(self.raw + other.raw, self.quality_adjusted + other.quality_adjusted)


NO_POWER = PowerPair(0, 0)


@cbor_tuple
class MinerV15(Record):
    """The state of a miner up to actors v15."""

    info: Cid
    pre_commit_deposits: TokenAmount
    locked_funds: TokenAmount
    vesting_funds: Cid
    fee_debt: TokenAmount
    initial_pledge: TokenAmount
    pre_committed_sectors: Cid
    pre_committed_sectors_cleanup: Cid
    allocated_sectors: Cid
    sectors: Cid
    proving_period_start: ChainEpoch
    current_deadline: U64
    deadlines: Cid
    early_terminations: BitField
    deadline_cron_active: bool


@cbor_tuple
class Deadlines(Record):
    """A miner's deadlines."""

    due: Annotated[tuple[Cid, ...], Length(DEADLINES)]


@cbor_tuple
class DeadlineV15(Record):
    """What is due at a deadline, up to actors v15."""

    partitions: Cid
    expirations_epochs: Cid
    partitions_posted: BitField
    early_terminations: BitField
    live_sectors: U64
    total_sectors: U64
    faulty_power: PowerPair
    optimistic_post_submissions: Cid
    sectors_snapshot: Cid
    partitions_snapshot: Cid
    optimistic_post_submissions_snapshot: Cid
