"""The verifiable random function behind tickets and elections.

A proof is the BLS signature of the input by the miner's worker key. There is exactly one, nobody
else can make it, and everybody can check it; its blake2b-256 hash is the random value.
"""

from papyrus.crypto import bls
from papyrus.crypto.hashing import blake2b_256


def compute(secret: bytes, message: bytes) -> bytes:
    """Return the 96-byte proof for a message; DecodeError for what is not a BLS secret."""
    return bls.sign(secret, message)


def verify(key: bytes, message: bytes, proof: bytes) -> bool:
    """Return whether a proof is the one that the holder of a BLS key makes for a message."""
    return bls.verify(key, message, proof)


def output(proof: bytes) -> bytes:
    """Return the 32 random bytes of a proof."""
    return blake2b_256(proof)
