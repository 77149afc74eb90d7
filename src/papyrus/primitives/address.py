"""Addresses: the five ways to name an actor.

An address is one protocol byte and a payload. An ID (protocol 0) is the number of an actor in the
state tree. The others name an actor before it exists: by the hash of a secp256k1 public key (1),
by the hash of what made the actor (2), by a BLS public key itself (3), or by a name that another
actor hands out within its own namespace (4, FIP-0048). As text an address is "f" (mainnet) or "t"
(any other network), the protocol's digit and the payload, in decimal for IDs and otherwise in
lower-case base32 with a four-byte checksum; both networks' text stands for the same bytes.

Ethereum's 20-byte addresses are names in namespace 10, and IDs appear to Ethereum as 0xff, eleven
zeros and the ID (FIP-0054, FIP-0055).
"""

import base64
import binascii
import re
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Self

from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import MAX_LENGTH as MAX_VARINT_LENGTH
from papyrus.primitives.varint import decode_unsigned, encode_unsigned

HASH_LENGTH = 20
SECP256K1_PUBLIC_KEY_LENGTH = 65
"""An uncompressed point: 0x04 and two coordinates."""
BLS_PUBLIC_KEY_LENGTH = 48
MAX_SUBADDRESS_LENGTH = 54
CHECKSUM_LENGTH = 4
MAX_TEXT_LENGTH = 138
"""Characters beyond which text is refused unread; no address needs more than 116."""

ETHEREUM_NAMESPACE = 10
"""The ID of the Ethereum address manager, whose names are f410 addresses."""
ETHEREUM_ADDRESS_LENGTH = 20
_MASKED_ID_PREFIX = b"\xff" + bytes(11)

_MAX_ID_DIGITS = 20
_U64_MAX = (1 << 64) - 1
_FIRST_REFUSED_ON_CHAIN = 1 << 63
_DECIMAL = re.compile(r"[0-9]{1,20}")
_BASE32 = re.compile(r"[a-z2-7]*")


class Protocol(IntEnum):
    """What the payload of an address is."""

    ID = 0
    SECP256K1 = 1
    ACTOR = 2
    BLS = 3
    DELEGATED = 4


_PROTOCOLS = tuple(Protocol)
_ID, _DELEGATED = int(Protocol.ID), int(Protocol.DELEGATED)
_FIXED_LENGTHS = (0, 1 + HASH_LENGTH, 1 + HASH_LENGTH, 1 + BLS_PUBLIC_KEY_LENGTH)
"""Wire bytes of an address by its protocol, 0 where they vary."""


def _canonical(wire: bytes) -> bytes:
    """Return the canonical wire bytes of an address, or raise DecodeError."""
    length = len(wire)
    if length < 2:
        raise DecodeError(f"an address of {length} bytes")
    protocol = wire[0]
    if protocol > _DELEGATED:
        raise DecodeError(f"unknown address protocol {protocol}")
    if _ID < protocol < _DELEGATED:
        if length != _FIXED_LENGTHS[protocol]:
            raise DecodeError(f"an f{protocol} address with a payload of {length - 1} bytes")
        return wire
    number, end = decode_unsigned(wire, 1, strict=False)
    if protocol == _ID and end != length:
        raise DecodeError("bytes after the ID of an address")
    if length - end > MAX_SUBADDRESS_LENGTH:
        raise DecodeError(f"a subaddress of {length - end} bytes, {MAX_SUBADDRESS_LENGTH} at most")
    # Quirk: a tenth varint byte may carry bits beyond the 64th, which fvm_shared drops.
    if end > MAX_VARINT_LENGTH:
        return bytes((protocol,)) + encode_unsigned(number) + bytes(wire[end:])
    return wire


def _checksum(wire: bytes) -> bytes:
    return blake2b(wire, digest_size=CHECKSUM_LENGTH).digest()


def _base32_decode(text: str) -> bytes:
    if _BASE32.fullmatch(text) is None:
        raise DecodeError("address text holds a character that is not lower-case base32")
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise DecodeError("address text has an impossible base32 length") from error
    if _base32_encode(data) != text:
        raise DecodeError("address text has stray bits in its last base32 character")
    return data


def _base32_encode(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _decimal_u64(text: str) -> int:
    # No "+" here: Lotus refuses it and only Rust's integer parser lets it pass.
    if _DECIMAL.fullmatch(text) is None:
        raise DecodeError(f"not a decimal number of at most {_MAX_ID_DIGITS} digits: {text[:24]!r}")
    number = int(text)
    if number > _U64_MAX:
        raise DecodeError(f"{number} does not fit 64 unsigned bits")
    return number


class Address(bytes):
    """An address; its value as bytes is its wire form, and it sorts by that."""

    __slots__ = ()

    def __new__(cls, wire: bytes) -> Self:
        """Read wire bytes as the VM does (fvm_shared), or raise DecodeError."""
        return bytes.__new__(cls, _canonical(wire))

    @classmethod
    def from_bytes(cls, wire: bytes) -> Self:
        """Read wire bytes as the VM does (fvm_shared), or raise DecodeError."""
        return cls(wire)

    @classmethod
    def from_chain_bytes(cls, wire: bytes) -> Self:
        """Read wire bytes as Lotus does in blocks and messages, or raise DecodeError.

        Stricter than the VM: IDs and namespaces lie below 2^63.
        """
        # Quirk: go-address bounds them by int64, fvm_shared by uint64.
        address = cls.from_bytes(wire)
        if address[0] in (_ID, _DELEGATED):
            number, _ = decode_unsigned(address, 1)
            if number >= _FIRST_REFUSED_ON_CHAIN or address != wire:
                raise DecodeError("an ID or namespace of an address on chain is below 2^63")
        return address

    @classmethod
    def from_string(cls, text: str) -> Self:
        """Read the text form of either network, or raise DecodeError."""
        if not 3 <= len(text) <= MAX_TEXT_LENGTH:
            raise DecodeError(f"address text of {len(text)} characters")
        if text[0] not in "ft":
            raise DecodeError(f"unknown address network {text[0]!r}")
        if text[1] not in "01234":
            raise DecodeError(f"unknown address protocol {text[1]!r}")
        protocol = int(text[1])
        start = bytes((protocol,))
        body = text[2:]
        if protocol == _ID:
            return bytes.__new__(cls, start + encode_unsigned(_decimal_u64(body)))
        if protocol == _DELEGATED:
            namespace, separator, body = body.partition("f")
            if not separator:
                raise DecodeError("an f4 address without a namespace")
            start += encode_unsigned(_decimal_u64(namespace))
        decoded = _base32_decode(body)
        if len(decoded) < CHECKSUM_LENGTH:
            raise DecodeError("address text is too short for its checksum")
        wire = start + decoded[:-CHECKSUM_LENGTH]
        if _checksum(wire) != decoded[-CHECKSUM_LENGTH:]:
            raise DecodeError("address checksum does not match")
        return cls.from_bytes(wire)

    @classmethod
    def from_id(cls, actor_id: int) -> "Address":
        """Return the address of an actor ID; ValueError outside of 64 unsigned bits."""
        return _from_id(actor_id)

    @classmethod
    def secp256k1(cls, public_key: bytes) -> Self:
        """Return the address of an uncompressed 65-byte public key, or raise DecodeError."""
        if len(public_key) != SECP256K1_PUBLIC_KEY_LENGTH:
            raise DecodeError(f"a secp256k1 public key of {len(public_key)} bytes, not 65")
        return bytes.__new__(cls, b"\x01" + blake2b(public_key, digest_size=HASH_LENGTH).digest())

    @classmethod
    def actor(cls, data: bytes) -> Self:
        """Return the address that the hash of some data makes (protocol 2)."""
        return bytes.__new__(cls, b"\x02" + blake2b(data, digest_size=HASH_LENGTH).digest())

    @classmethod
    def bls(cls, public_key: bytes) -> Self:
        """Return the address of a compressed 48-byte public key, or raise DecodeError."""
        if len(public_key) != BLS_PUBLIC_KEY_LENGTH:
            raise DecodeError(f"a BLS public key of {len(public_key)} bytes, not 48")
        return bytes.__new__(cls, b"\x03" + public_key)

    @classmethod
    def delegated(cls, namespace: int, subaddress: bytes) -> Self:
        """Return the address of a name in a namespace; DecodeError for more than 54 bytes."""
        return cls.from_bytes(b"\x04" + encode_unsigned(namespace) + subaddress)

    @classmethod
    def from_ethereum(cls, address: bytes) -> "Address":
        """Return the address 20 Ethereum bytes stand for: an ID if masked, otherwise an f410."""
        if len(address) != ETHEREUM_ADDRESS_LENGTH:
            raise DecodeError(f"an Ethereum address of {len(address)} bytes, not 20")
        if address.startswith(_MASKED_ID_PREFIX):
            return _from_id(int.from_bytes(address[len(_MASKED_ID_PREFIX) :], "big"))
        return cls.delegated(ETHEREUM_NAMESPACE, address)

    def to_ethereum(self) -> bytes | None:
        """Return the 20 bytes Ethereum knows the actor by, or None where it has none.

        IDs have the masked form; f410 addresses have their subaddress unless it is not 20 bytes
        or would read as a masked ID.
        """
        if self[0] == _ID:
            return _MASKED_ID_PREFIX + self.id.to_bytes(8, "big")
        if self[0] == _DELEGATED and self.namespace == ETHEREUM_NAMESPACE:
            name = self.subaddress
            if len(name) == ETHEREUM_ADDRESS_LENGTH and not name.startswith(_MASKED_ID_PREFIX):
                return name
        return None

    @property
    def protocol(self) -> Protocol:
        """What the payload is."""
        return _PROTOCOLS[self[0]]

    @property
    def payload(self) -> bytes:
        """The wire bytes after the protocol byte."""
        return self[1:]

    @property
    def id(self) -> int:
        """The actor ID of an ID address; ValueError for any other."""
        return _id_of(self)

    @property
    def namespace(self) -> int:
        """The actor ID that a delegated address belongs to; ValueError for any other."""
        return self._delegation()[0]

    @property
    def subaddress(self) -> bytes:
        """The name within the namespace of a delegated address; ValueError for any other."""
        return self[self._delegation()[1] :]

    def to_string(self, network: str = "f") -> str:
        """Return the text form with the prefix of a network, "f" or "t"."""
        start = f"{network}{self[0]}"
        if self[0] == _ID:
            return f"{start}{self.id}"
        payload = self[1:]
        if self[0] == _DELEGATED:
            start += f"{self.namespace}f"
            payload = self.subaddress
        return start + _base32_encode(payload + _checksum(self))

    def _delegation(self) -> tuple[int, int]:
        if self[0] != _DELEGATED:
            raise ValueError(f"{self} is not a delegated address")
        return decode_unsigned(self, 1)

    def __str__(self) -> str:
        return self.to_string()

    def __repr__(self) -> str:
        return f"Address({self.to_string()!r})"


# The VM turns IDs to addresses and back at every call; both are immutable, so both are kept.
@lru_cache(maxsize=1 << 14)
def _from_id(actor_id: int) -> Address:
    return bytes.__new__(Address, b"\x00" + encode_unsigned(actor_id))


@lru_cache(maxsize=1 << 14)
def _id_of(address: Address) -> int:
    if address[0] != _ID:
        raise ValueError(f"{address} is not an ID address")
    return decode_unsigned(address, 1)[0]
