"""What the methods of the storage power actor take and return."""

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.dispatch import frc42
from papyrus.ipld.schema import I64, U64, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

CREATE_MINER = 2
UPDATE_CLAIMED_POWER = 3
ENROLL_CRON_EVENT = 4
ON_EPOCH_TICK_END = 5
UPDATE_PLEDGE_TOTAL = 6
CURRENT_TOTAL_POWER = 9

CREATE_MINER_EXPORTED = frc42("CreateMiner")
NETWORK_RAW_POWER = frc42("NetworkRawPower")
MINER_RAW_POWER = frc42("MinerRawPower")
MINER_COUNT = frc42("MinerCount")
MINER_CONSENSUS_COUNT = frc42("MinerConsensusCount")
MINER_POWER = frc42("MinerPower")


@cbor_tuple
class CreateMinerParams(Record):
    """A storage miner to create."""

    owner: Address
    worker: Address
    window_post_proof_type: I64
    """The registered proof type, which decides the sector size."""
    peer: bytes
    """The libp2p peer ID."""
    multiaddrs: tuple[bytes, ...]


@cbor_tuple
class CreateMinerReturn(Record):
    """The addresses of a new miner."""

    id_address: Address
    robust_address: Address
    """The same however the chain is reorganised, unlike the ID."""


@cbor_tuple
class UpdateClaimedPowerParams(Record):
    """By how much the calling miner's power changes, in bytes."""

    raw_byte_delta: BigInt
    quality_adjusted_delta: BigInt


@cbor_tuple
class EnrollCronEventParams(Record):
    """When the calling miner is to be woken, and what it is to be told."""

    event_epoch: ChainEpoch
    payload: bytes


@cbor_tuple
class CurrentTotalPowerReturn(Record):
    """Power and pledge of the network, as of the end of the epoch before."""

    raw_byte_power: BigInt
    quality_adjusted_power: BigInt
    """`quality_adj_power` in builtin-actors."""
    pledge_collateral: TokenAmount
    quality_adjusted_power_smoothed: FilterEstimate
    """`quality_adj_power_smoothed` in builtin-actors."""
    ramp_start_epoch: I64
    """When pledges began to be computed anew (FIP-0081)."""
    ramp_duration_epochs: U64


@cbor_tuple
class MinerRawPowerReturn(Record):
    """A miner's raw power in bytes, and whether it is enough to take part in consensus."""

    raw_byte_power: BigInt
    meets_consensus_minimum: bool


@cbor_tuple
class MinerPowerReturn(Record):
    """A miner's power in bytes."""

    raw_byte_power: BigInt
    quality_adjusted_power: BigInt
    """`quality_adj_power` in builtin-actors."""
