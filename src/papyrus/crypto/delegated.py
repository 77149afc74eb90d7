"""Ethereum accounts: who signs for an f410 address (FIP-0055).

Such an account is named by the last 20 bytes of the Keccak-256 hash of its secp256k1 public key.
It signs the Keccak-256 hash of an Ethereum transaction, and its signature gives up the key.
"""

from papyrus.crypto import secp256k1
from papyrus.crypto.hashing import keccak_256
from papyrus.primitives.address import (
    ETHEREUM_ADDRESS_LENGTH,
    ETHEREUM_NAMESPACE,
    Address,
)


def account_address(public_key: bytes) -> Address:
    """Return the f410 address of an uncompressed secp256k1 public key."""
    digest = keccak_256(public_key[1:])
    return Address.delegated(ETHEREUM_NAMESPACE, digest[-ETHEREUM_ADDRESS_LENGTH:])


def recover_account(signature: bytes, message: bytes) -> Address:
    """Return the f410 address whose key made a 65-byte signature of a message.

    DecodeError where no key could have.
    """
    return account_address(secp256k1.recover(signature, keccak_256(message)))
