"""Receipts: what a message did (spec 4.3.3, FIP-0049).

A receipt holds the exit code, the value returned and the gas used. Since nv18 it has a fourth
field, the root of the events the message emitted, which is null for most messages; so the two
wire forms differ in length and the version must be kept beside the fields.
"""

from dataclasses import dataclass

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.errors import DecodeError
from papyrus.types.limits import BoundedBytes

EVENTS_BIT_WIDTH = 5
"""The bit width of the AMT that holds a message's events."""


@cbor_tuple
class _ReceiptV0(Record):
    exit_code: I64
    return_data: BoundedBytes
    gas_used: I64


@cbor_tuple
class _ReceiptV1(Record):
    exit_code: I64
    return_data: BoundedBytes
    gas_used: I64
    events_root: Cid | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a message did."""

    exit_code: int
    return_data: bytes
    gas_used: int
    """Whole gas, rounded up."""
    events_root: Cid | None = None
    """The AMT of the events; None where there are none, and in version 0."""
    version: int = 1
    """0 before nv18, then 1."""

    @property
    def is_success(self) -> bool:
        """Whether the message did what it was for."""
        return self.exit_code == 0

    def to_ipld(self) -> list[object]:
        """Return the fields of the wire form."""
        if self.version == 0:
            return list(_ReceiptV0(self.exit_code, self.return_data, self.gas_used).to_ipld())
        fields = _ReceiptV1(self.exit_code, self.return_data, self.gas_used, self.events_root)
        return list(fields.to_ipld())

    def to_cbor(self) -> bytes:
        """Return the wire form."""
        return dag_cbor.encode(self.to_ipld())

    @classmethod
    def from_ipld(cls, value: object) -> "Receipt":
        """Return the receipt of a decoded wire form, of either version, or raise DecodeError."""
        if isinstance(value, list) and len(value) == 3:
            old = _ReceiptV0.from_ipld(value)
            return cls(old.exit_code, old.return_data, old.gas_used, None, 0)
        if isinstance(value, list) and len(value) == 4:
            new = _ReceiptV1.from_ipld(value)
            return cls(new.exit_code, new.return_data, new.gas_used, new.events_root, 1)
        raise DecodeError("a receipt is an array of 3 or 4 fields")

    @classmethod
    def from_cbor(cls, data: bytes) -> "Receipt":
        """Return the receipt of a wire form, of either version, or raise DecodeError."""
        return cls.from_ipld(dag_cbor.decode(data))
