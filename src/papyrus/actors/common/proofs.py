"""Proofs of storage as the actors check them: by the machine, or, in one build, hardly at all.

Lotus' own tests run on actors that take any proof of replication for valid and know a proof of
spacetime by a hash (builtin-actors `runtime/fvm.rs`, feature `fake-proofs`); for those the machine
is not asked.
"""

from collections.abc import Sequence

from papyrus.crypto.hashing import sha256
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import SyscallError
from papyrus.proofs.statements import (
    AggregateSealStatement,
    PieceInfo,
    ReplicaUpdateStatement,
    SealStatement,
    WindowPoStStatement,
)
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.externs import ConsensusFault
from papyrus.vm.kernel import crypto
from papyrus.vm.runtime import Runtime

_FR_MASK = 0x3F
"""What remains of the last byte of the randomness, so that it is below the field's modulus."""


def compute_unsealed_sector_cid(rt: Runtime, seal_proof: int, pieces: Sequence[PieceInfo]) -> Cid:
    """Return the commitment to a sector made of these pieces; abort where they make none."""
    try:
        return crypto.compute_unsealed_sector_cid(rt.enter(), seal_proof, pieces)
    except SyscallError as error:
        raise illegal_argument(f"failed to compute unsealed sector CID: {error}") from error


def verify_post(rt: Runtime, statement: WindowPoStStatement) -> bool:
    """Return whether a window proof of spacetime holds."""
    if rt.policy.fake_proofs:
        return _is_fake_post(statement)
    try:
        return crypto.verify_post(rt.enter(), statement)
    except SyscallError:
        return False


def batch_verify_seals(rt: Runtime, statements: Sequence[SealStatement]) -> list[bool]:
    """Return for each seal whether its proof holds."""
    if rt.policy.fake_proofs:
        return [True] * len(statements)
    try:
        return crypto.batch_verify_seals(rt.enter(), statements)
    except SyscallError as error:
        raise illegal_argument(f"failed to batch verify: {error}") from error


def verify_aggregate_seals(rt: Runtime, statement: AggregateSealStatement) -> bool:
    """Return whether an aggregate of seal proofs holds."""
    if rt.policy.fake_proofs:
        return True
    try:
        return crypto.verify_aggregate_seals(rt.enter(), statement)
    except SyscallError:
        return False


def verify_replica_update(rt: Runtime, statement: ReplicaUpdateStatement) -> bool:
    """Return whether a proof of replica update holds."""
    if rt.policy.fake_proofs:
        return True
    try:
        return crypto.verify_replica_update(rt.enter(), statement)
    except SyscallError:
        return False


def verify_consensus_fault(
    rt: Runtime, first: bytes, second: bytes, extra: bytes
) -> ConsensusFault | None:
    """Return the fault that two block headers, and perhaps a third, prove; None for none."""
    if rt.policy.fake_proofs:
        return None
    try:
        return crypto.verify_consensus_fault(rt.enter(), first, second, extra)
    except SyscallError as error:
        raise illegal_argument(f"fault not verified: {error}") from error


def _is_fake_post(statement: WindowPoStStatement) -> bool:
    """Return whether the one proof is the hash of what is challenged."""
    if len(statement.proofs) != 1:
        return False
    randomness = bytearray(statement.randomness)
    randomness[31] &= _FR_MASK
    challenged = b"".join(sector.to_cbor() for sector in statement.challenged_sectors)
    return statement.proofs[0].proof_bytes == sha256(bytes(randomness) + challenged)
