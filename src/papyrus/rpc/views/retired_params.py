"""The parameters of a miner's methods that no longer exist, which old messages still carry.

Their numbers answer nothing today; whoever reads the chain's past meets them in most of a miner's
messages (go-state-types builtin/v18/miner, names as Lotus writes them).
"""

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.bitfield import BitField


@cbor_tuple
class PreCommitSectorParams(Record):
    """One sector announced (method 6)."""

    seal_proof: I64
    sector_number: U64
    sealed_cid: Cid
    seal_randomness_epoch: ChainEpoch
    deal_ids: tuple[U64, ...]
    expiration: ChainEpoch
    replace_capacity: bool
    replace_sector_deadline: U64
    replace_sector_partition: U64
    replace_sector_number: U64


@cbor_tuple
class PreCommitSectorBatchParams(Record):
    """Sectors announced (method 25)."""

    sectors: tuple[PreCommitSectorParams, ...]


@cbor_tuple
class ProveCommitSectorParams(Record):
    """One sector proven (method 7)."""

    sector_number: U64
    proof: bytes


@cbor_tuple
class ProveCommitAggregateParams(Record):
    """Sectors proven at once (method 26)."""

    sector_numbers: BitField
    aggregate_proof: bytes


@cbor_tuple
class ExpirationExtension(Record):
    """Sectors of a partition to live longer."""

    deadline: U64
    partition: U64
    sectors: BitField
    new_expiration: ChainEpoch


@cbor_tuple
class ExtendSectorExpirationParams(Record):
    """Sectors to live longer (method 8)."""

    extensions: tuple[ExpirationExtension, ...]


@cbor_tuple
class ReplicaUpdate(Record):
    """A sector whose replica was replaced."""

    sector_id: U64
    deadline: U64
    partition: U64
    new_sealed_sector_cid: Cid
    deals: tuple[U64, ...]
    update_proof_type: I64
    replica_proof: bytes


@cbor_tuple
class ProveReplicaUpdatesParams(Record):
    """Replicas that were replaced (method 27)."""

    updates: tuple[ReplicaUpdate, ...]


@cbor_tuple
class ReplicaUpdate2(Record):
    """A sector whose replica was replaced, with what its data is."""

    sector_id: U64
    deadline: U64
    partition: U64
    new_sealed_sector_cid: Cid
    new_unsealed_sector_cid: Cid
    deals: tuple[U64, ...]
    update_proof_type: I64
    replica_proof: bytes


@cbor_tuple
class ProveReplicaUpdates2Params(Record):
    """Replicas that were replaced (method 29)."""

    updates: tuple[ReplicaUpdate2, ...]
