"""Rounds of drand, the public beacon of randomness (drand.love; FIP-0063).

A round is a BLS signature by the beacon's group key, so nobody can foresee or choose it and
everybody can check it. What is signed is the SHA-256 hash of the round's number, as eight bytes,
highest first. In the older scheme (`pedersen-bls-chained`) the previous round's signature stands
before the number, keys are in G1 and signatures in G2. In that of quicknet
(`bls-unchained-g1-rfc9380`) each round stands alone, and the groups change places, which makes a
round 48 bytes.

Signing is for development networks, which have a beacon of their own in quicknet's scheme; a
secret is a scalar of 32 bytes, lowest byte first, as everywhere here.
"""

from functools import lru_cache
from typing import Any

from pyblst import BlstP1Element, BlstP2Element, final_verify, miller_loop

from papyrus.crypto import bls
from papyrus.crypto.hashing import sha256
from papyrus.primitives.errors import DecodeError

UNCHAINED_KEY_LENGTH = 96
UNCHAINED_SIGNATURE_LENGTH = 48

_CIPHERSUITE = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_GENERATOR = BlstP2Element.uncompress(
    bytes.fromhex(
        "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"
        "334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"
        "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    )
)
_ZERO_KEY = b"\xc0" + bytes(UNCHAINED_KEY_LENGTH - 1)
"""The point at infinity, for which anybody could sign."""

_CACHED_ROUNDS = 1024
"""The blocks of a tipset all carry the same rounds, and each is checked on its own."""


def chained_message(round_number: int, previous: bytes) -> bytes:
    """Return what a chained beacon signs: the hash of the previous signature and the number."""
    return sha256(previous + round_number.to_bytes(8, "big"))


def unchained_message(round_number: int) -> bytes:
    """Return what an unchained beacon signs: the hash of the number."""
    return sha256(round_number.to_bytes(8, "big"))


@lru_cache(maxsize=_CACHED_ROUNDS)
def verify_chained(key: bytes, round_number: int, previous: bytes, signature: bytes) -> bool:
    """Return whether a signature is a chained beacon's for a round after a previous signature."""
    return bls.verify(key, chained_message(round_number, previous), signature)


@lru_cache(maxsize=_CACHED_ROUNDS)
def verify_unchained(key: bytes, round_number: int, signature: bytes) -> bool:
    """Return whether a signature is an unchained beacon's for a round; false for what is no point.

    DecodeError where the beacon's own key is no point of its group.
    """
    if key == _ZERO_KEY:
        return False
    point = _key_point(key)
    try:
        given = BlstP1Element.uncompress(signature)
    except ValueError:
        return False
    signed = BlstP1Element.hash_to_group(unchained_message(round_number), _CIPHERSUITE)
    valid: bool = final_verify(miller_loop(signed, point), miller_loop(given, _GENERATOR))
    return valid


def unchained_public_key(secret: bytes) -> bytes:
    """Return the 96-byte key of a beacon's secret; DecodeError unless it is below the order."""
    key: bytes = _GENERATOR.scalar_mul(_scalar(secret)).compress()
    return key


def sign_round(secret: bytes, round_number: int) -> bytes:
    """Return the 48-byte signature of a round in quicknet's scheme; DecodeError for no secret."""
    signed = BlstP1Element.hash_to_group(unchained_message(round_number), _CIPHERSUITE)
    signature: bytes = signed.scalar_mul(_scalar(secret)).compress()
    return signature


def _scalar(secret: bytes) -> int:
    if len(secret) != bls.SECRET_LENGTH:
        raise DecodeError(f"a beacon's secret has {bls.SECRET_LENGTH} bytes, not {len(secret)}")
    scalar = int.from_bytes(secret, "little")
    if not 0 < scalar < bls.GROUP_ORDER:
        raise DecodeError("a beacon's secret is a number from 1 to below the group's order")
    return scalar


@lru_cache(maxsize=16)
def _key_point(key: bytes) -> Any:
    try:
        return BlstP2Element.uncompress(key)
    except ValueError as error:
        raise DecodeError("the beacon's public key is no point of G2") from error
