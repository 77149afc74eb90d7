"""Keys: the three kinds that can send messages, made at random or from a secret.

The kinds are those of signatures: secp256k1 signs for an f1 address, BLS for f3, and delegated, an
Ethereum account's secp256k1 key, for f410 (FIP-0055). secp256k1 secrets are numbers with the
highest byte first, BLS secrets with the lowest first, as in Lotus and everything it exports.

A key shows its address and nothing of its secret, and refuses to be pickled, which is how secrets
end up in other processes and their dumps. Python cannot promise to wipe bytes it has made.
"""

import secrets
from dataclasses import dataclass, field
from typing import Never

from papyrus.crypto import bls, secp256k1
from papyrus.crypto.signatures import Signature, SignatureType, address_of, sign
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

SECRET_LENGTH = 32
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Secrets of secp256k1 lie from 1 to below this."""

KIND_NAMES = {
    SignatureType.SECP256K1: "secp256k1",
    SignatureType.BLS: "bls",
    SignatureType.DELEGATED: "delegated",
}
"""What Lotus calls each kind."""
_KINDS = {name: kind for kind, name in KIND_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Key:
    """A secret, and the address it signs for."""

    kind: SignatureType
    address: Address
    secret: bytes = field(repr=False)
    path: str | None = None
    """Where it was derived from a mnemonic, for instance m/44'/461'/0'/0/0."""

    def sign(self, data: bytes) -> Signature:
        """Return the signature of some bytes, which the kind's own hash function goes over."""
        return sign(self.kind, self.secret, data)

    def __reduce__(self) -> Never:
        raise TypeError("a key is not pickled: secrets stay in one process")


def kind_named(name: str) -> SignatureType:
    """Return the kind that Lotus calls so; DecodeError for any other name."""
    kind = _KINDS.get(name)
    if kind is None:
        raise DecodeError("a key is of the kind secp256k1, bls or delegated")
    return kind


def new_key(kind: SignatureType) -> Key:
    """Return a new key from the system's randomness."""
    if kind == SignatureType.BLS:
        number = 1 + secrets.randbelow(bls.GROUP_ORDER - 1)
        return make_key(kind, number.to_bytes(SECRET_LENGTH, "little"))
    number = 1 + secrets.randbelow(SECP256K1_ORDER - 1)
    return make_key(kind, number.to_bytes(SECRET_LENGTH, "big"))


def make_key(kind: SignatureType, secret: bytes, path: str | None = None) -> Key:
    """Return the key of a secret; DecodeError, which tells nothing of it, where it is none."""
    if len(secret) != SECRET_LENGTH:
        raise DecodeError(
            f"a {KIND_NAMES[kind]} secret of {len(secret)} bytes, not {SECRET_LENGTH}"
        )
    number = int.from_bytes(secret, "little" if kind == SignatureType.BLS else "big")
    order = bls.GROUP_ORDER if kind == SignatureType.BLS else SECP256K1_ORDER
    if not 0 < number < order:
        raise DecodeError(
            f"a {KIND_NAMES[kind]} secret is a number above 0 and below the group's order"
        )
    return Key(kind, address_of(kind, secret), secret, path)


def compressed_public_key(secret: bytes) -> bytes:
    """Return the 33-byte public key of a secp256k1 secret, as BIP-32 takes it."""
    public = secp256k1.public_key(secret)
    return bytes((2 + (public[-1] & 1),)) + public[1:33]
