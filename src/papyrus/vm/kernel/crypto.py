"""System calls on hashes, signatures and proofs (FIP-0030)."""

from collections.abc import Sequence

from papyrus.crypto import bls, secp256k1
from papyrus.crypto.hashing import hash_by_code
from papyrus.crypto.signatures import Signature, SignatureType, verify
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import DecodeError, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.proofs.commitments import PieceError, unsealed_sector_cid
from papyrus.proofs.sector_sizes import seal_sector_size
from papyrus.proofs.statements import (
    AggregateSealStatement,
    PieceInfo,
    ReplicaUpdateStatement,
    SealStatement,
    WindowPoStStatement,
)
from papyrus.vm import gas_charges as charges
from papyrus.vm.externs import ConsensusFault
from papyrus.vm.kernel.kernel import Kernel


def verify_signature(
    kernel: Kernel, kind: SignatureType, signature: bytes, signer: Address, plaintext: bytes
) -> bool:
    """Return whether the signature over the plaintext is the key address's."""
    prices = kernel.calls.prices
    kernel.charge(*charges.on_verify_signature(prices, kind, len(plaintext)))
    if signer.protocol not in (Protocol.BLS, Protocol.SECP256K1):
        raise _illegal(f"address protocol of {signer} is not supported")
    return verify(Signature(kind, signature), signer, plaintext)


def verify_bls_aggregate(
    kernel: Kernel,
    signature: bytes,
    keys: Sequence[bytes],
    plaintexts: bytes,
    lengths: Sequence[int],
) -> bool:
    """Return whether one BLS signature covers each plaintext under its key.

    The plaintexts lie one after the other; their lengths must fill the buffer exactly.
    """
    kernel.charge(
        *charges.on_verify_aggregate_signature(kernel.calls.prices, len(keys), len(plaintexts))
    )
    texts = []
    offset = 0
    for length in lengths:
        texts.append(plaintexts[offset : offset + length])
        offset += length
    if offset != len(plaintexts):
        raise _illegal("the plaintexts are not as long as their lengths say")
    try:
        return bls.verify_aggregate(signature, keys, texts)
    except DecodeError:
        return False


def recover_secp_public_key(kernel: Kernel, digest: bytes, signature: bytes) -> bytes:
    """Return the uncompressed key, 65 bytes, that signed the digest."""
    kernel.charge(*charges.on_recover_secp_public_key(kernel.calls.prices))
    try:
        return secp256k1.recover(signature, digest)
    except DecodeError as error:
        raise _illegal(f"public key recovery failed: {error}") from error


def hash_data(kernel: Kernel, hash_code: int, data: bytes) -> bytes:
    """Return the digest of data under one of the multihash codes the machine knows."""
    prices = kernel.calls.prices
    if hash_code not in prices.hashing:
        raise _illegal(f"unsupported hash code {hash_code:#x}")
    kernel.charge(*charges.on_hashing(prices, hash_code, len(data)))
    return hash_by_code(hash_code, data)


def compute_unsealed_sector_cid(
    kernel: Kernel, proof_type: int, pieces: Sequence[PieceInfo]
) -> Cid:
    """Return the commitment to a sector made of these pieces."""
    kernel.charge(*charges.on_compute_unsealed_sector_cid(kernel.calls.prices))
    sector_size = seal_sector_size(proof_type)
    if sector_size is None:
        raise _illegal(f"unsupported seal proof type {proof_type}")
    try:
        return unsealed_sector_cid(sector_size, pieces)
    except PieceError as error:
        raise _illegal(str(error)) from error


def verify_post(kernel: Kernel, statement: WindowPoStStatement) -> bool:
    """Return whether a window proof of spacetime holds."""
    calls = kernel.calls
    challenged = len(statement.challenged_sectors)
    kernel.charge(*charges.on_verify_post(calls.prices, challenged))
    return calls.machine.verifier.verify_post(statement)


def verify_aggregate_seals(kernel: Kernel, statement: AggregateSealStatement) -> bool:
    """Return whether an aggregate of seal proofs holds."""
    calls = kernel.calls
    kernel.charge(
        *charges.on_verify_aggregate_seals(calls.prices, statement.seal_proof, len(statement.infos))
    )
    return calls.machine.verifier.verify_aggregate_seals(statement)


def verify_replica_update(kernel: Kernel, statement: ReplicaUpdateStatement) -> bool:
    """Return whether a proof of replica update holds."""
    calls = kernel.calls
    kernel.charge(*charges.on_verify_replica_update(calls.prices))
    return calls.machine.verifier.verify_replica_update(statement)


def batch_verify_seals(kernel: Kernel, statements: Sequence[SealStatement]) -> list[bool]:
    """Return for each seal whether its proof holds; one that cannot be checked does not."""
    calls = kernel.calls
    for _ in statements:
        kernel.charge(*charges.on_verify_seal(calls.prices))
    return [_seal_holds(kernel, statement) for statement in statements]


def verify_consensus_fault(
    kernel: Kernel, first: bytes, second: bytes, extra: bytes
) -> ConsensusFault | None:
    """Return the fault that two block headers, and perhaps a third, prove."""
    calls = kernel.calls
    kernel.charge(*charges.on_verify_consensus_fault(calls.prices))
    return calls.machine.externs.verify_consensus_fault(first, second, extra)


def _seal_holds(kernel: Kernel, statement: SealStatement) -> bool:
    try:
        return kernel.calls.machine.verifier.verify_seal(statement)
    except SyscallError:
        return False


def _illegal(message: str) -> SyscallError:
    return SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, message)
