"""The system calls on hashes, signatures and proofs, as Wasm actors see them.

What a proof claims comes as CBOR in the actor's memory and is read as leniently as the
reference reads it; anything else is an illegal argument.
"""

import struct

from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.proofs.sector_sizes import FIRST_NON_INTERACTIVE, seal_sector_size
from papyrus.proofs.statements import (
    AggregateSealStatement,
    Pieces,
    ReplicaUpdateStatement,
    SealBatch,
    WindowPoStStatement,
)
from papyrus.rules.versions import KernelAbi
from papyrus.vm.kernel import crypto
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.wasm import memory
from papyrus.vm.wasm.engine import Instance
from papyrus.vm.wasm.syscalls import signature_type, signed, truth, u32

_FAULT = struct.Struct("<qQI")

_BLS_KEY_LENGTH = 48
_BLS_SIGNATURE_LENGTH = 96
_SECP_SIGNATURE_LENGTH = 65
_DIGEST_LENGTH = 32
_LENGTH_SIZE = 4
_U32_MAX = 2**32 - 1


def verify_signature(
    instance: Instance,
    kernel: Kernel,
    kind: int,
    signature: int,
    signature_length: int,
    signer: int,
    signer_length: int,
    plaintext: int,
    plaintext_length: int,
) -> bytes:
    """crypto.verify_signature: check a signature of a key address."""
    checked_kind = signature_type(kind)
    signature_bytes = memory.read(instance, signature, signature_length)
    address = memory.read_address(instance, signer, signer_length)
    text = memory.read(instance, plaintext, plaintext_length)
    return truth(crypto.verify_signature(kernel, checked_kind, signature_bytes, address, text))


def verify_bls_aggregate(
    instance: Instance,
    kernel: Kernel,
    count: int,
    signature: int,
    keys: int,
    plaintexts: int,
    lengths: int,
) -> bytes:
    """crypto.verify_bls_aggregate: check one signature over many texts (fvm 4)."""
    if count * _BLS_KEY_LENGTH > _U32_MAX:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"{count} signatures exceed the limit")
    aggregate = memory.read(instance, signature, _BLS_SIGNATURE_LENGTH)
    key_bytes = memory.read(instance, keys, count * _BLS_KEY_LENGTH)
    sizes = struct.unpack(f"<{count}I", memory.read(instance, lengths, count * _LENGTH_SIZE))
    # Quirk: lengths that add up to 4 GiB or more are added in 32 bits; the kernel then refuses.
    texts = memory.read(instance, plaintexts, sum(sizes) & _U32_MAX)
    separate_keys = [
        key_bytes[start : start + _BLS_KEY_LENGTH]
        for start in range(0, len(key_bytes), _BLS_KEY_LENGTH)
    ]
    return truth(crypto.verify_bls_aggregate(kernel, aggregate, separate_keys, texts, sizes))


def recover_secp_public_key(
    instance: Instance, kernel: Kernel, digest: int, signature: int
) -> bytes:
    """crypto.recover_secp_public_key: find who signed a digest."""
    digest_bytes = memory.read(instance, digest, _DIGEST_LENGTH)
    signature_bytes = memory.read(instance, signature, _SECP_SIGNATURE_LENGTH)
    return crypto.recover_secp_public_key(kernel, digest_bytes, signature_bytes)


def hash_data(
    instance: Instance,
    kernel: Kernel,
    hash_code: int,
    offset: int,
    length: int,
    digest: int,
    digest_length: int,
) -> bytes:
    """crypto.hash: hash data into a buffer, cut to the buffer's length."""
    memory.check_bounds(instance, digest, digest_length)
    result = crypto.hash_data(kernel, hash_code, memory.read(instance, offset, length))
    written = result[:digest_length]
    instance.write(digest, written)
    return u32(len(written))


def compute_unsealed_sector_cid(
    instance: Instance,
    kernel: Kernel,
    proof_type: int,
    pieces: int,
    pieces_length: int,
    offset: int,
    length: int,
) -> bytes:
    """crypto.compute_unsealed_sector_cid: commit to a sector made of pieces."""
    number = signed(proof_type)
    # The machines before fvm 4 know no non-interactive proofs (FIP-0092).
    too_new = number >= FIRST_NON_INTERACTIVE and kernel.calls.rules.kernel is KernelAbi.FVM3
    if too_new or seal_sector_size(number) is None:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"invalid proof type {number}")
    listed = memory.read_record(instance, Pieces, pieces, pieces_length)
    memory.check_bounds(instance, offset, length)
    cid = crypto.compute_unsealed_sector_cid(kernel, number, listed.pieces)
    return u32(memory.write_cid(instance, cid, offset, length))


def verify_post(instance: Instance, kernel: Kernel, offset: int, length: int) -> bytes:
    """crypto.verify_post: check a window proof of spacetime."""
    statement = memory.read_record(instance, WindowPoStStatement, offset, length)
    return truth(crypto.verify_post(kernel, statement))


def verify_aggregate_seals(instance: Instance, kernel: Kernel, offset: int, length: int) -> bytes:
    """crypto.verify_aggregate_seals: check an aggregate of seals."""
    statement = memory.read_record(instance, AggregateSealStatement, offset, length)
    return truth(crypto.verify_aggregate_seals(kernel, statement))


def verify_replica_update(instance: Instance, kernel: Kernel, offset: int, length: int) -> bytes:
    """crypto.verify_replica_update: check a replica update."""
    statement = memory.read_record(instance, ReplicaUpdateStatement, offset, length)
    return truth(crypto.verify_replica_update(kernel, statement))


def batch_verify_seals(
    instance: Instance, kernel: Kernel, offset: int, length: int, results: int
) -> None:
    """crypto.batch_verify_seals: check many seals, a byte of answer each."""
    batch = memory.read_record(instance, SealBatch, offset, length)
    memory.check_bounds(instance, results, len(batch.seals))
    instance.write(results, bytes(crypto.batch_verify_seals(kernel, batch.seals)))


def verify_consensus_fault(
    instance: Instance,
    kernel: Kernel,
    first: int,
    first_length: int,
    second: int,
    second_length: int,
    extra: int,
    extra_length: int,
) -> bytes:
    """crypto.verify_consensus_fault: judge block headers."""
    headers = (
        memory.read(instance, first, first_length),
        memory.read(instance, second, second_length),
        memory.read(instance, extra, extra_length),
    )
    fault = crypto.verify_consensus_fault(kernel, *headers)
    if fault is None:
        return _FAULT.pack(0, 0, 0)
    return _FAULT.pack(fault.epoch, fault.target, fault.kind)
