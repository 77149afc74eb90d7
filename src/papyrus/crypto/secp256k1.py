"""ECDSA on secp256k1, with signatures that give up their public key.

A signature is 65 bytes: r, s and a recovery number from 0 to 3 that says which point r was the
coordinate of. Nobody sends public keys; who checks a signature recovers the key from it and
compares addresses. A signature with a high s is as good as its mirror image with a low one, for
Ethereum's sake (fvm_shared crypto/signature.rs).
"""

from coincurve import PrivateKey, PublicKey

from papyrus.primitives.errors import DecodeError

SECRET_LENGTH = 32
PUBLIC_KEY_LENGTH = 65
DIGEST_LENGTH = 32
SIGNATURE_LENGTH = 65


def _private_key(secret: bytes) -> PrivateKey:
    if len(secret) != SECRET_LENGTH:
        raise DecodeError(f"a secp256k1 secret of {len(secret)} bytes, not {SECRET_LENGTH}")
    try:
        return PrivateKey(secret)
    except ValueError as error:
        raise DecodeError("a secp256k1 secret is a number from 1 to the group's order") from error


def public_key(secret: bytes) -> bytes:
    """Return the uncompressed 65-byte public key of a big-endian secret, or raise DecodeError."""
    key: bytes = _private_key(secret).public_key.format(compressed=False)
    return key


def sign(secret: bytes, digest: bytes) -> bytes:
    """Return the 65-byte signature of a 32-byte digest, the same each time (RFC 6979), s low."""
    if len(digest) != DIGEST_LENGTH:
        raise DecodeError(f"a digest of {len(digest)} bytes, not {DIGEST_LENGTH}")
    signature: bytes = _private_key(secret).sign_recoverable(digest, hasher=None)
    return signature


def recover(signature: bytes, digest: bytes) -> bytes:
    """Return the uncompressed public key that signed a 32-byte digest.

    Raises DecodeError where no key could have: a wrong length, r or s of zero or not below the
    group's order, a recovery number above 3, or an r that is no point's coordinate.
    """
    if len(signature) != SIGNATURE_LENGTH:
        raise DecodeError(f"Invalid Secp256k1 signature length. Was {len(signature)}, must be 65")
    if len(digest) != DIGEST_LENGTH:
        raise DecodeError(f"a digest of {len(digest)} bytes, not {DIGEST_LENGTH}")
    try:
        recovered = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise DecodeError(f"no public key could have made the signature: {error}") from error
    key: bytes = recovered.format(compressed=False)
    return key


def verify(signature: bytes, digest: bytes, key: bytes) -> bool:
    """Return whether the holder of an uncompressed public key signed a 32-byte digest."""
    try:
        return recover(signature, digest) == key
    except DecodeError:
        return False
