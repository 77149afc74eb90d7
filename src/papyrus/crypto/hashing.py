"""The hash functions of the protocol.

Blocks, messages and state are named by blake2b-256; addresses by blake2b-160 with a 32-bit
checksum; maps in actor state place their keys by sha2-256. The rest are there for contracts, which
reach five functions through the VM's hash system call, each by its multihash code.
"""

import hashlib
from collections.abc import Callable
from types import MappingProxyType

from Crypto.Hash import RIPEMD160, keccak

from papyrus.primitives.errors import DecodeError

SHA2_256 = 0x12
KECCAK_256 = 0x1B
RIPEMD_160 = 0x1053
BLAKE2B_256 = 0xB220
BLAKE2B_512 = 0xB240


def blake2b_256(data: bytes) -> bytes:
    """Return the 32-byte blake2b hash."""
    return hashlib.blake2b(data, digest_size=32).digest()


def blake2b_160(data: bytes) -> bytes:
    """Return the 20-byte blake2b hash, the payload of hashed addresses."""
    return hashlib.blake2b(data, digest_size=20).digest()


def blake2b_512(data: bytes) -> bytes:
    """Return the 64-byte blake2b hash."""
    return hashlib.blake2b(data).digest()


def blake2b_32(data: bytes) -> bytes:
    """Return the 4-byte blake2b hash, the checksum in the text of addresses."""
    return hashlib.blake2b(data, digest_size=4).digest()


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 hash."""
    return hashlib.sha256(data).digest()


def keccak_256(data: bytes) -> bytes:
    """Return the 32-byte Keccak hash with Ethereum's padding, which is not SHA-3's."""
    return keccak.new(data=data, digest_bits=256).digest()


def ripemd160(data: bytes) -> bytes:
    """Return the 20-byte RIPEMD-160 hash."""
    # OpenSSL 3 keeps RIPEMD-160 among its legacy functions, so hashlib has it on some machines
    # only; a consensus rule cannot depend on that.
    return RIPEMD160.new(data).digest()


HASHES_BY_CODE: MappingProxyType[int, Callable[[bytes], bytes]] = MappingProxyType(
    {
        SHA2_256: sha256,
        KECCAK_256: keccak_256,
        RIPEMD_160: ripemd160,
        BLAKE2B_256: blake2b_256,
        BLAKE2B_512: blake2b_512,
    }
)
"""What the VM's hash system call knows, by multihash code."""


def hash_by_code(code: int, data: bytes) -> bytes:
    """Return the hash a multihash code names; DecodeError for one the VM does not know."""
    function = HASHES_BY_CODE.get(code)
    if function is None:
        raise DecodeError(f"unsupported hash code {code}")
    return function(data)
