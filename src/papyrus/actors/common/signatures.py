"""Signatures as the released actors read them in their parameters (fvm_shared `signature.rs`)."""

from dataclasses import dataclass
from typing import Self

from papyrus.crypto.signatures import VM_TYPES, SignatureType
from papyrus.primitives.errors import DecodeError


@dataclass(frozen=True, slots=True)
class GivenSignature:
    """A signature handed to an actor: its type, then its data, of whatever length.

    Quirk: unlike a signature in a message or block it may be of any length, and a delegated one
    is unknown, for which the parameters do not decode.
    """

    type: SignatureType
    data: bytes

    @classmethod
    def from_bytes(cls, wire: bytes) -> Self:
        """Read the wire form; DecodeError for no bytes and for an unknown type."""
        if not wire:
            raise DecodeError("a signature of no bytes")
        if wire[0] not in VM_TYPES:
            raise DecodeError(f"unknown signature type {wire[0]}")
        return cls(SignatureType(wire[0]), wire[1:])

    def to_bytes(self) -> bytes:
        """Return the wire form."""
        return bytes((self.type,)) + self.data
