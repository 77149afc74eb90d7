"""Signatures with their type, and who may sign as which address.

On the wire a signature is a byte string: the type and then the data. A secp256k1 signature is of
the message's blake2b-256 hash, a BLS signature of the message itself, and a delegated signature
(an Ethereum account's, FIP-0055) of its Keccak-256 hash. Chain messages are signed over their CID,
except that Ethereum accounts sign the Ethereum transaction the message stands for.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from papyrus.crypto import bls, secp256k1
from papyrus.crypto.delegated import account_address, recover_account
from papyrus.crypto.hashing import blake2b_256, keccak_256
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import DecodeError

MAX_LENGTH = 200
"""Bytes a signature may take on the wire, its type included (go-state-types crypto)."""


class SignatureType(IntEnum):
    """How to check the data of a signature."""

    SECP256K1 = 1
    BLS = 2
    DELEGATED = 3


VM_TYPES = (SignatureType.SECP256K1, SignatureType.BLS)
"""What the VM's verify_signature system call knows; delegated signatures are the node's alone."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it stands in blocks and messages."""

    type: SignatureType
    data: bytes

    @classmethod
    def from_bytes(cls, wire: bytes) -> Self:
        """Read the wire form; DecodeError for an unknown type or a length outside 1 to 200."""
        if not 1 <= len(wire) <= MAX_LENGTH:
            raise DecodeError(f"a signature of {len(wire)} bytes, from 1 to {MAX_LENGTH}")
        try:
            kind = SignatureType(wire[0])
        except ValueError as error:
            raise DecodeError(f"unknown signature type {wire[0]}") from error
        return cls(kind, wire[1:])

    def to_bytes(self) -> bytes:
        """Return the wire form."""
        return bytes((self.type,)) + self.data


def address_of(kind: SignatureType, secret: bytes) -> Address:
    """Return the address a secret signs for; DecodeError for what is not a secret."""
    if kind == SignatureType.BLS:
        return Address.bls(bls.public_key(secret))
    key = secp256k1.public_key(secret)
    return Address.secp256k1(key) if kind == SignatureType.SECP256K1 else account_address(key)


def sign(kind: SignatureType, secret: bytes, message: bytes) -> Signature:
    """Return the signature of a message; DecodeError for what is not a secret."""
    if kind == SignatureType.BLS:
        return Signature(kind, bls.sign(secret, message))
    hashed = blake2b_256 if kind == SignatureType.SECP256K1 else keccak_256
    return Signature(kind, secp256k1.sign(secret, hashed(message)))


def verify(signature: Signature, signer: Address, message: bytes) -> bool:
    """Return whether a signature of a message is the signer's, as the VM and Lotus check it.

    False as well for malformed data, and for an address of a protocol the type does not sign for.
    """
    if signature.type == SignatureType.BLS:
        return signer.protocol == Protocol.BLS and bls.verify(
            signer.payload, message, signature.data
        )
    try:
        if signature.type == SignatureType.SECP256K1:
            key = secp256k1.recover(signature.data, blake2b_256(message))
            return Address.secp256k1(key) == signer
        return recover_account(signature.data, message) == signer
    except DecodeError:
        return False
