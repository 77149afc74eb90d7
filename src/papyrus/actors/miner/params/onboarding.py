"""How sectors come to be and change their content: methods 17, 28, 34, 35 and 36.

`ProveCommitSectors3`, `ProveCommitSectorsNI` and `ProveReplicaUpdates3` return a `BatchReturn`.
"""

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.miner.sectors import SectorPreCommitInfo
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, ActorID, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address


@cbor_tuple
class InternalSectorSetupForPresealParams(Record):
    """The sectors whose deals and pledge are set up at genesis, and the network's measures then."""

    sectors: tuple[U64, ...]
    reward_smoothed: FilterEstimate
    reward_baseline_power: BigInt
    quality_adjusted_power_smoothed: FilterEstimate


@cbor_tuple
class PreCommitSectorBatch2Params(Record):
    """Sectors to pre-commit (FIP-0041)."""

    sectors: tuple[SectorPreCommitInfo, ...]


@cbor_tuple
class VerifiedAllocationKey(Record):
    """An allocation of DataCap."""

    client: ActorID
    id: U64


@cbor_tuple
class DataActivationNotification(Record):
    """An actor to be told of a piece, and what to tell it."""

    address: Address
    payload: bytes


@cbor_tuple
class PieceActivationManifest(Record):
    """A piece of data in a sector."""

    cid: Cid
    size: U64
    """Padded bytes."""
    verified_allocation_key: VerifiedAllocationKey | None
    """The allocation that the piece claims."""
    notify: tuple[DataActivationNotification, ...]


@cbor_tuple
class SectorActivationManifest(Record):
    """A pre-committed sector and the data it holds, in order; zeros fill the rest."""

    sector_number: U64
    pieces: tuple[PieceActivationManifest, ...]


@cbor_tuple
class ProveCommitSectors3Params(Record):
    """Proofs that pre-committed sectors were sealed (FIP-0076).

    Either one proof for each sector or one for all.
    """

    sector_activations: tuple[SectorActivationManifest, ...]
    sector_proofs: tuple[bytes, ...]
    aggregate_proof: bytes
    aggregate_proof_type: I64 | None
    require_activation_success: bool
    require_notification_success: bool


@cbor_tuple
class SectorNonInteractiveActivation(Record):
    """A sector of zeros that is proven without a pre-commitment (FIP-0092).

    `SectorNIActivationInfo` in builtin-actors.
    """

    sealing_number: U64
    """The sector number its replica was made with."""
    sealer_id: ActorID
    """Who sealed it: the miner itself."""
    sealed_cid: Cid
    sector_number: U64
    """The number it will have."""
    seal_randomness_epoch: ChainEpoch
    expiration: ChainEpoch


@cbor_tuple
class ProveCommitSectorsNonInteractiveParams(Record):
    """One proof of sectors that were not pre-committed (FIP-0092)."""

    sectors: tuple[SectorNonInteractiveActivation, ...]
    aggregate_proof: bytes
    seal_proof_type: I64
    aggregate_proof_type: I64
    proving_deadline: U64
    """The deadline that is to have the sectors."""
    require_activation_success: bool


@cbor_tuple
class SectorUpdateManifest(Record):
    """A sector of zeros that now encodes data; zeros fill the rest."""

    sector: U64
    deadline: U64
    partition: U64
    new_sealed_cid: Cid
    pieces: tuple[PieceActivationManifest, ...]


@cbor_tuple
class ProveReplicaUpdates3Params(Record):
    """Proofs that sectors now encode data (FIP-0076).

    Either one proof for each sector or, which no rules accept yet, one for all.
    """

    sector_updates: tuple[SectorUpdateManifest, ...]
    sector_proofs: tuple[bytes, ...]
    aggregate_proof: bytes
    update_proofs_type: I64
    aggregate_proof_type: I64 | None
    require_activation_success: bool
    require_notification_success: bool
