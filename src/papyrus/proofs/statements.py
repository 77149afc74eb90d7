"""What proofs of storage claim, as actors hand it to the machine (fvm_shared `sector`, `piece`).

Proof types are the numbers of the registered proofs; a number unknown here is kept, since the
reference checks it only when it is used.
"""

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U8, U64
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple


@cbor_tuple
class PieceInfo(Record):
    """A piece of data in a sector."""

    size: U64
    """Padded bytes."""

    cid: Cid


@cbor_transparent
class Pieces(Record):
    """The pieces of a sector, in order."""

    pieces: tuple[PieceInfo, ...]


@cbor_tuple
class PoStProof(Record):
    """A proof of spacetime and its registered type."""

    post_proof: I64
    proof_bytes: bytes


@cbor_tuple
class SectorInfo(Record):
    """A sector that a proof of spacetime challenges."""

    proof: I64
    """The registered seal proof."""

    sector_number: U64
    sealed_cid: Cid


@cbor_tuple
class WindowPoStStatement(Record):
    """That a miner held these sectors when it was challenged."""

    randomness: bytes
    proofs: tuple[PoStProof, ...]
    challenged_sectors: tuple[SectorInfo, ...]
    prover: U64
    """The miner's actor ID."""


@cbor_tuple
class WinningPoStStatement(Record):
    """That the producer of a block held these sectors when it was challenged."""

    randomness: bytes
    """32 bytes, the two highest bits of the last one zero."""
    proofs: tuple[PoStProof, ...]
    challenged_sectors: tuple[SectorInfo, ...]
    prover: U64
    """The miner's actor ID."""


@cbor_tuple
class SectorID(Record):
    """A sector of a miner."""

    miner: U64
    number: U64


@cbor_tuple
class SealStatement(Record):
    """That a sector is a replica of certain data, sealed by a certain miner."""

    registered_proof: I64
    sector_id: SectorID
    deal_ids: tuple[U64, ...]
    randomness: bytes
    interactive_randomness: bytes
    proof: bytes
    sealed_cid: Cid
    unsealed_cid: Cid


@cbor_transparent
class SealBatch(Record):
    """Seals to be checked together."""

    seals: tuple[SealStatement, ...]


@cbor_tuple
class AggregatedSeal(Record):
    """One sector of an aggregate."""

    sector_number: U64
    randomness: bytes
    interactive_randomness: bytes
    sealed_cid: Cid
    unsealed_cid: Cid


@cbor_tuple
class AggregateSealStatement(Record):
    """That all these sectors of one miner are replicas of certain data."""

    miner: U64
    seal_proof: I64
    aggregate_proof: I64
    proof: bytes
    infos: tuple[AggregatedSeal, ...]


@cbor_tuple
class ReplicaUpdateStatement(Record):
    """That a sector's replica now encodes other data."""

    update_proof_type: I64
    old_sealed_cid: Cid
    new_sealed_cid: Cid
    new_unsealed_cid: Cid
    proof: tuple[U8, ...]
    """The proof's bytes. Quirk: alone among the statements it travels as an array of numbers."""
