"""A wallet: keys by address, and what is signed with them (node.md 7, Wallet).

It does what Lotus' does, with its words where clients know them. Deleting a key puts it into a
trash, from which it can be taken again. The first key that is made becomes the default address; an
imported one does not. A message is signed over its CID, but by an Ethereum account over the
transaction that the message stands for (FIP-0055). Addresses here are those of keys: who holds an
ID asks the chain for its key first.
"""

from collections.abc import Iterable
from typing import Protocol

from papyrus.crypto.signatures import Signature, SignatureType, verify
from papyrus.primitives.address import Address
from papyrus.types.ethereum_transaction import unsigned_transaction
from papyrus.types.message import Message, SignedMessage
from papyrus.wallet.errors import NoDefaultAddress, UnknownAddress
from papyrus.wallet.key_store import KeyStore, MemoryKeystore
from papyrus.wallet.keys import Key, new_key


class Signer(Protocol):
    """Whoever can sign for addresses: this wallet, one far away, a device."""

    def has(self, address: Address) -> bool:
        """Return whether it signs for an address."""
        ...

    def sign(self, address: Address, data: bytes) -> Signature:
        """Return the signature of some bytes; WalletError where it cannot be had."""
        ...

    def sign_message(self, message: Message, signer: Address | None = None) -> SignedMessage:
        """Return a message with its signature, by its sender unless another is named."""
        ...


class Wallet:
    """Keys by address, wherever they are kept."""

    def __init__(self, keys: KeyStore, chain_id: int) -> None:
        """Sign with some keys; the chain's EIP-155 number is in what Ethereum accounts sign."""
        self.keys = keys
        self.chain_id = chain_id

    def new(self, kind: SignatureType = SignatureType.SECP256K1) -> Address:
        """Return the address of a new key, which is kept by then; WalletLocked."""
        is_first = self.keys.default() is None
        key = new_key(kind)
        self.keys.add(key)
        if is_first:
            self.keys.set_default(key.address)
        return key.address

    def list(self) -> list[Address]:
        """Return the addresses of all keys, sorted by their text."""
        return self.keys.addresses()

    def has(self, address: Address) -> bool:
        """Return whether the wallet holds the key of an address."""
        return self.keys.has(address)

    def import_(self, key: Key) -> Address:
        """Return the address of a key, which is kept by then; KeyExists, WalletLocked."""
        self.keys.add(key)
        return key.address

    def export(self, address: Address) -> Key:
        """Return the key of an address; UnknownAddress, WalletLocked."""
        return self.keys.read(address)

    def delete(self, address: Address) -> bool:
        """Put a key into the trash, and return whether there was one.

        Where it was the default address there is none afterwards.
        """
        return self.keys.remove(address)

    def default(self) -> Address:
        """Return the address that is used where none is named; NoDefaultAddress."""
        address = self.keys.default()
        if address is None:
            raise NoDefaultAddress
        return address

    def set_default(self, address: Address) -> None:
        """Have an address used where none is named; UnknownAddress."""
        if not self.keys.has(address):
            raise UnknownAddress(address)
        self.keys.set_default(address)

    def sign(self, address: Address, data: bytes) -> Signature:
        """Return the signature of some bytes; UnknownAddress, WalletLocked."""
        return self.keys.read(address).sign(data)

    def sign_message(self, message: Message, signer: Address | None = None) -> SignedMessage:
        """Return a message signed by its sender, or the signer that its sender's ID stands for.

        UnknownAddress, WalletLocked, and DecodeError where an Ethereum account cannot send it.
        """
        key = self.keys.read(message.sender if signer is None else signer)
        return SignedMessage(message, key.sign(signing_bytes(message, key.kind, self.chain_id)))


def signing_bytes(message: Message, kind: SignatureType, chain_id: int) -> bytes:
    """Return what a key of a kind signs for a message.

    DecodeError where an Ethereum account cannot send it.
    """
    if kind == SignatureType.DELEGATED:
        return unsigned_transaction(message, chain_id).signing_bytes
    return bytes(message.cid)


def memory_wallet(keys: Iterable[Key], chain_id: int) -> Wallet:
    """Return a wallet that lives as long as the process, its first key's address the default."""
    listed = list(keys)
    store = MemoryKeystore(listed)
    if listed:
        store.set_default(listed[0].address)
    return Wallet(store, chain_id)


def is_signed(address: Address, data: bytes, signature: Signature) -> bool:
    """Return whether a signature of some bytes is the address'; no wallet is needed for that."""
    return verify(signature, address, data)
