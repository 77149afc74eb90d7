"""SIMULATED proofs of storage, for networks that store nothing: development networks and tests.

A simulated proof shows only that whoever made it knew what it is for. It is a hash of everything
public in the statement: the miner, the sectors with their commitments, the randomness, the types.
So a proof for another sector, challenge or miner is refused, and messages and blocks have to be as
right as on a real network; but nothing is sealed, no disk is read, and anyone can make one.

Such a proof begins with the word SIMULATED and is as long as a real one of its type. No real
verifier takes it: a real proof begins with a compressed point of a curve, whose first bit is one,
and the first bit of these letters is zero. Replicas are simulated as well, and their commitment
(CommR) says so; commitments to data (CommD) are real.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.proofs.commitments import PieceError, unsealed_sector_cid
from papyrus.proofs.proof_types import (
    post_proof_length,
    seal_proof_length,
    window_post_partition_sectors,
)
from papyrus.proofs.sector_sizes import FIRST_NON_INTERACTIVE, seal_sector_size
from papyrus.proofs.statements import (
    AggregateSealStatement,
    PieceInfo,
    PoStProof,
    ReplicaUpdateStatement,
    SealStatement,
    SectorID,
    SectorInfo,
    WindowPoStStatement,
    WinningPoStStatement,
)

PREFIX = b"SIMULATED"
"""How every simulated proof begins."""

NAME = "SIMULATED (proofs show nothing but what they are for)"
"""What to call the prover and the verifier where they are shown."""

REPLICA_MARK = b"papyrus simulated sector"
"""How the commitment to every simulated replica ends; with it, it is a field element."""

_KEY = b"papyrus simulated proof"
"""It is no secret: it keeps these hashes apart from all others."""

_DIGEST_LENGTH = 64
_RANDOMNESS_LENGTH = 32
_FR_MASK = 0x3F
"""The bits that remain of the last byte of a proof of spacetime's randomness (a field element)."""

_FIRST_WINDOW_POST = 10
_AGGREGATE_LENGTH = 2_260
_AGGREGATE_ROUND_LENGTH = 2_976
"""Of an aggregate (FIP-0013): without its rounds, and of each, which halve the proofs."""

_ONE_PROOF = 192
"""Bytes of one Groth16 proof."""
_LAST_UPDATE = 4
_FIRST_LARGE_UPDATE = 3
_LARGE_UPDATE_PARTITIONS = 16
"""Proofs of an update of 32 GiB or more (FIP-0019); actors bound the length alone."""


@dataclass(frozen=True, slots=True)
class SimulatedSector:
    """A sector that nobody has sealed."""

    seal_proof: int
    """The registered type of its proof."""
    sector_id: SectorID
    sealed_cid: Cid
    """CommR, of a replica that does not exist."""
    unsealed_cid: Cid
    """CommD, truly that of the pieces, or of zeros where there are none."""


def simulate_sealing(
    seal_proof: int,
    sector_id: SectorID,
    randomness: bytes,
    pieces: Sequence[PieceInfo] = (),
) -> SimulatedSector:
    """Return the sector of some pieces, the same each time.

    `randomness` is that of the ticket it is sealed with. PieceError where the pieces do not fit or
    the proof type is unknown.
    """
    size = seal_sector_size(seal_proof)
    if size is None:
        raise PieceError(f"no sector has the seal proof {seal_proof}")
    unsealed_cid = unsealed_sector_cid(size, pieces)
    sealed_cid = _replica("sealing", seal_proof, sector_id.to_cbor(), randomness, unsealed_cid)
    return SimulatedSector(seal_proof, sector_id, sealed_cid, unsealed_cid)


def simulate_update(update_proof: int, old_sealed_cid: Cid, new_unsealed_cid: Cid) -> Cid:
    """Return the CommR of a sector that holds other data than before, the same each time."""
    return _replica("updating", update_proof, old_sealed_cid, new_unsealed_cid)


def is_simulated_replica(sealed_cid: Cid) -> bool:
    """Return whether a CommR is that of a simulated replica."""
    return sealed_cid.digest.endswith(REPLICA_MARK)


def is_simulated_proof(proof: bytes) -> bool:
    """Return whether the bytes of a proof say that it is simulated."""
    return proof.startswith(PREFIX)


class SimulatedProver:
    """Makes simulated proofs; it needs no sector to do so.

    What a statement has in the place of its proof does not count. ValueError for an unknown proof
    type.
    """

    name = NAME

    def prove_seal(self, statement: SealStatement) -> bytes:
        """Return the proof of a seal."""
        return _made(_seal_proof(statement))

    def prove_winning_post(
        self, proof_type: int, randomness: bytes, sectors: Sequence[SectorInfo], miner: int
    ) -> tuple[PoStProof, ...]:
        """Return the proofs of a block's producer for the sectors challenged."""
        statement = WinningPoStStatement(randomness, (), tuple(sectors), miner)
        return (PoStProof(proof_type, _made(_winning_post_proof(statement, proof_type))),)

    def prove_window_post(
        self, proof_type: int, randomness: bytes, sectors: Sequence[SectorInfo], miner: int
    ) -> tuple[PoStProof, ...]:
        """Return the proofs of a deadline's window for the sectors challenged."""
        statement = WindowPoStStatement(randomness, (), tuple(sectors), miner)
        return (PoStProof(proof_type, _made(_window_post_proof(statement, proof_type))),)

    def prove_aggregate(self, statement: AggregateSealStatement) -> bytes:
        """Return one proof for many seals."""
        return _made(_aggregate_proof(statement))

    def prove_replica_update(self, statement: ReplicaUpdateStatement) -> bytes:
        """Return the proof of an update."""
        return _made(_update_proof(statement))


class SimulatedVerifier:
    """Takes simulated proofs, each for its own statement alone, and no others.

    Nothing is refused but by the answer: of an unknown type no proof holds.
    """

    name = NAME

    def verify_seal(self, statement: SealStatement, /) -> bool:
        """Return whether this is the simulated proof of the seal."""
        return statement.proof == _seal_proof(statement)

    def verify_winning_post(self, statement: WinningPoStStatement, /) -> bool:
        """Return whether this is the simulated proof of the block's producer."""
        if not _is_challenge(statement.proofs, statement.randomness, statement.challenged_sectors):
            return False
        proof = statement.proofs[0]
        return proof.proof_bytes == _winning_post_proof(statement, proof.post_proof)

    def verify_post(self, statement: WindowPoStStatement, /) -> bool:
        """Return whether this is the simulated proof of the window."""
        if not _is_challenge(statement.proofs, statement.randomness, statement.challenged_sectors):
            return False
        proof = statement.proofs[0]
        return proof.proof_bytes == _window_post_proof(statement, proof.post_proof)

    def verify_aggregate_seals(self, statement: AggregateSealStatement, /) -> bool:
        """Return whether this is the simulated proof of all these seals."""
        return statement.proof == _aggregate_proof(statement)

    def verify_replica_update(self, statement: ReplicaUpdateStatement, /) -> bool:
        """Return whether this is the simulated proof of the update."""
        return bytes(statement.proof) == _update_proof(statement)


def _seal_proof(statement: SealStatement) -> bytes | None:
    """Return the one proof of a seal, None for an unknown type; so do the functions below."""
    length = seal_proof_length(statement.registered_proof)
    if length is None:
        return None
    return _proof("seal", length, replace(statement, proof=b"").to_cbor())


def _winning_post_proof(statement: WinningPoStStatement, proof_type: int) -> bytes | None:
    length = post_proof_length(proof_type)
    if length is None or proof_type >= _FIRST_WINDOW_POST:
        return None
    public = replace(
        statement,
        randomness=_field_element(statement.randomness),
        proofs=(),
        challenged_sectors=_challenged(statement.challenged_sectors),
    )
    return _proof("winning-post", length, _number(proof_type), public.to_cbor())


def _window_post_proof(statement: WindowPoStStatement, proof_type: int) -> bytes | None:
    length = post_proof_length(proof_type)
    partition_sectors = window_post_partition_sectors(proof_type)
    if length is None or partition_sectors is None or proof_type < _FIRST_WINDOW_POST:
        return None
    challenged = _challenged(statement.challenged_sectors)
    public = replace(
        statement,
        randomness=_field_element(statement.randomness),
        proofs=(),
        challenged_sectors=challenged,
    )
    partitions = -(-len(challenged) // partition_sectors)
    return _proof("window-post", partitions * length, _number(proof_type), public.to_cbor())


def _aggregate_proof(statement: AggregateSealStatement) -> bytes | None:
    length = seal_proof_length(statement.seal_proof)
    if length is None:
        return None
    if statement.seal_proof < FIRST_NON_INTERACTIVE:
        circuits = length // _ONE_PROOF
    else:
        # The proof of one such sector is itself an aggregate, of so many circuits.
        circuits = 1 << (length - _AGGREGATE_LENGTH) // _AGGREGATE_ROUND_LENGTH
    rounds = max(len(statement.infos) * circuits - 1, 1).bit_length()
    length = _AGGREGATE_LENGTH + rounds * _AGGREGATE_ROUND_LENGTH
    return _proof("aggregate", length, replace(statement, proof=b"").to_cbor())


def _update_proof(statement: ReplicaUpdateStatement) -> bytes | None:
    if not 0 <= statement.update_proof_type <= _LAST_UPDATE:
        return None
    is_large = statement.update_proof_type >= _FIRST_LARGE_UPDATE
    length = _ONE_PROOF * (_LARGE_UPDATE_PARTITIONS if is_large else 1)
    return _proof("replica-update", length, replace(statement, proof=()).to_cbor())


def _made(proof: bytes | None) -> bytes:
    if proof is None:
        raise ValueError("there are no proofs of this type")
    return proof


def _is_challenge(
    proofs: Sequence[PoStProof], randomness: bytes, sectors: Sequence[SectorInfo]
) -> bool:
    """Return whether there is one proof, and something that it is for."""
    return len(proofs) == 1 and len(randomness) == _RANDOMNESS_LENGTH and bool(sectors)


def _challenged(sectors: Iterable[SectorInfo]) -> tuple[SectorInfo, ...]:
    """Return the sectors in the order of their numbers, each once, as the proving library does."""
    return tuple(sorted(set(sectors), key=lambda sector: (sector.sector_number, sector.to_cbor())))


def _field_element(randomness: bytes) -> bytes:
    """Return the randomness as a field element, which is all that the proving library sees."""
    return randomness[:-1] + bytes((randomness[-1] & _FR_MASK,)) if randomness else b""


def _proof(kind: str, length: int, *public: bytes) -> bytes:
    """Return a proof: what it is, the hash of all it is for, and zeros up to its length."""
    head = PREFIX + b" " + kind.encode() + b"\0"
    return (head + _hash(kind, *public)).ljust(length, b"\0")


def _replica(kind: str, proof_type: int, *inputs: bytes) -> Cid:
    length = 32 - len(REPLICA_MARK)
    digest = _hash(kind, _number(proof_type), *inputs)[:length] + REPLICA_MARK
    return Cid.of_digest(digest, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)


def _hash(kind: str, *parts: bytes) -> bytes:
    """Return a hash in which no part can run into the next."""
    digest = blake2b(digest_size=_DIGEST_LENGTH, key=_KEY, person=kind.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _number(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)
