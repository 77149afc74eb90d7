"""Locking secrets with a password: scrypt makes a key of it, and AES-256-GCM locks with a key.

scrypt (RFC 7914) is made to be slow and to need memory, so that trying passwords is dear: as it is
set here, about half a second and 128 MiB each. GCM (NIST SP 800-38D) notices any change of what
is locked, and of what is locked with it but stays readable, the associated data. Nonces are random;
a key locks far fewer than the 2^32 things up to which that is safe.
"""

import secrets
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from papyrus.primitives.errors import DecodeError
from papyrus.wallet.errors import WalletError

KEY_LENGTH = 32
SALT_LENGTH = 32
NONCE_LENGTH = 12
TAG_LENGTH = 16
"""Bytes by which what is locked is longer than what went in."""

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024

_MOST_MEMORY = 1 << 30
_MOST_ROUNDS = 16


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """What one try of a password costs: 128 n r bytes of memory, and time of n r p."""

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        """Raise DecodeError for what scrypt does not know, or would take more than 1 GiB."""
        numbers = all(type(each) is int for each in (self.n, self.r, self.p))
        if not numbers or self.n < 2 or self.n & (self.n - 1) or self.r < 1:
            raise DecodeError("scrypt takes a power of two, and a size of blocks")
        if not 1 <= self.p <= _MOST_ROUNDS:
            raise DecodeError(f"scrypt takes from 1 to {_MOST_ROUNDS} rounds here")
        if 128 * self.n * self.r > _MOST_MEMORY:
            raise DecodeError("scrypt would take more than 1 GiB of memory")


@dataclass(frozen=True, slots=True)
class Locked:
    """What a key has locked."""

    nonce: bytes
    ciphertext: bytes


def check_new_password(password: str) -> None:
    """Raise WalletError for a password that is too short or too long to be chosen."""
    if len(password) < SHORTEST_PASSWORD:
        raise WalletError(f"a password has at least {SHORTEST_PASSWORD} characters: choose another")
    if len(password) > LONGEST_PASSWORD:
        raise WalletError(f"a password has at most {LONGEST_PASSWORD} characters: choose another")


def stretch(password: str, salt: bytes, cost: ScryptCost) -> bytes:
    """Return the 32-byte key of a password, the same however its letters were typed (NFKD).

    It takes about half a second, during which other threads run on.
    """
    # A password longer than any that can be chosen is no reason to take up memory.
    text = unicodedata.normalize("NFKD", password[: LONGEST_PASSWORD + 1])
    kdf = Scrypt(salt=salt, length=KEY_LENGTH, n=cost.n, r=cost.r, p=cost.p)
    return kdf.derive(text.encode("utf-8", "surrogatepass"))


def lock(key: bytes | bytearray, secret: bytes, associated: bytes) -> Locked:
    """Return a secret locked with a key, together with the associated data."""
    nonce = secrets.token_bytes(NONCE_LENGTH)
    return Locked(nonce, AESGCM(key).encrypt(nonce, secret, associated))


def unlock(key: bytes | bytearray, locked: Locked, associated: bytes) -> bytes | None:
    """Return what was locked, or None where the key or the associated data are not the same."""
    try:
        return AESGCM(key).decrypt(locked.nonce, locked.ciphertext, associated)
    except (InvalidTag, ValueError):  # ValueError is for what is too short to have been locked
        return None
