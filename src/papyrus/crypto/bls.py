"""BLS signatures on BLS12-381: 48-byte public keys in G1, 96-byte signatures in G2.

Signatures of different people on different messages add up to one, which is how a block carries
hundreds of signed messages for the price of one signature. The ciphersuite is the basic one
(BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_, draft-irtf-cfrg-bls-signature): what stops a rogue
key from cancelling another's is that the messages under one signature must differ. What counts as
valid is what the reference's crate bls-signatures says: points are in compressed form and in the
right subgroup, and a public key at infinity never verifies.

Secrets are scalars of 32 bytes, lowest byte first, as Lotus stores them. Python's integers take
time that depends on their value, so signing here is for tests and development networks.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pyblst import BlstFP12Element, BlstP1Element, BlstP2Element, final_verify, miller_loop

from papyrus.primitives.errors import DecodeError

SECRET_LENGTH = 32
PUBLIC_KEY_LENGTH = 48
SIGNATURE_LENGTH = 96

GROUP_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

ZERO_SIGNATURE = b"\xc0" + bytes(SIGNATURE_LENGTH - 1)
"""The point at infinity: the aggregate of no signatures at all."""
ZERO_PUBLIC_KEY = b"\xc0" + bytes(PUBLIC_KEY_LENGTH - 1)
"""The point at infinity, the key of the secret zero."""

_CIPHERSUITE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"
_GENERATOR = BlstP1Element.uncompress(
    bytes.fromhex(
        "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
        "6c55e83ff97a1aeffb3af00adb22c6bb"
    )
)


def _scalar(secret: bytes) -> int:
    if len(secret) != SECRET_LENGTH:
        raise DecodeError(f"a BLS secret of {len(secret)} bytes, not {SECRET_LENGTH}")
    scalar = int.from_bytes(secret, "little")
    if scalar >= GROUP_ORDER:
        raise DecodeError("a BLS secret is a number below the group's order")
    return scalar


# The same miners and senders sign again and again, and a key costs as much to unpack as to check.
@lru_cache(maxsize=4096)
def _public_point(key: bytes) -> Any:
    try:
        return BlstP1Element.uncompress(key)
    except ValueError as error:
        raise DecodeError("bls public key bytes are invalid G1 curve point") from error


def _signature_point(signature: bytes) -> Any:
    try:
        return BlstP2Element.uncompress(signature)
    except ValueError as error:
        raise DecodeError("bls signature bytes are invalid G2 curve point") from error


def _hash(message: bytes) -> Any:
    return BlstP2Element.hash_to_group(message, _CIPHERSUITE)


def public_key(secret: bytes) -> bytes:
    """Return the 48-byte public key of a secret; DecodeError unless it is below the order."""
    key: bytes = _GENERATOR.scalar_mul(_scalar(secret)).compress()
    return key


def sign(secret: bytes, message: bytes) -> bytes:
    """Return the 96-byte signature of a message; DecodeError for what is not a secret."""
    signature: bytes = _hash(message).scalar_mul(_scalar(secret)).compress()
    return signature


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the holder of a public key signed a message; false for what is no point."""
    try:
        return verify_aggregate(signature, (key,), (message,))
    except DecodeError:
        return False


def aggregate(signatures: Sequence[bytes]) -> bytes:
    """Return the sum of some signatures, that of none being zero; DecodeError for no point."""
    total = BlstP2Element()
    for signature in signatures:
        total += _signature_point(signature)
    compressed: bytes = total.compress()
    return compressed


def verify_aggregate(signature: bytes, keys: Sequence[bytes], messages: Sequence[bytes]) -> bool:
    """Return whether a signature is the sum of each key's signature of its message.

    False for equal messages and for a key at infinity. Raises DecodeError where the signature or a
    key is not a point of its group, and ValueError for unequal counts of keys and messages.
    """
    if len(keys) != len(messages):
        raise ValueError(f"{len(keys)} public keys for {len(messages)} messages")
    # Quirk: of no messages, any bytes at all are an aggregate (fvm_shared verify_bls_aggregate;
    # Lotus VerifyBlsAggregate).
    if not keys:
        return True
    expected = _signature_point(signature)
    points = {key: _public_point(key) for key in keys}
    if ZERO_PUBLIC_KEY in points or len(set(messages)) != len(messages):
        return False
    # Pairings are bilinear: one loop for each key over the sum of its messages is enough.
    sums: dict[bytes, Any] = {}
    for key, message in zip(keys, messages, strict=True):
        point = _hash(message)
        sums[key] = sums[key] + point if key in sums else point
    product = BlstFP12Element()
    for key, point in sums.items():
        product *= miller_loop(points[key], point)
    valid: bool = final_verify(product, miller_loop(_GENERATOR, expected))
    return valid
