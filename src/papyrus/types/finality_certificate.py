"""Finality certificates and the power they rest on, as they travel (FIP-0086, FRC-0108).

A certificate says that in one instance of fast finality (F3) two thirds of the power agreed on a
stretch of the chain. The power table by which the next one is judged follows from this one's by the
changes that it carries. Bounds are those of go-f3's decoder (certs and gpbft cbor_gen.go).
"""

from typing import Annotated, TypeAlias

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, ActorID, BigInt, Length, MaxLength
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.bitfield import BitField
from papyrus.types.limits import MAX_ARRAY_LENGTH, BoundedBytes

Commitment: TypeAlias = Annotated[bytes, Length(32)]
SigningKey: TypeAlias = Annotated[bytes, MaxLength(48)]
"""A BLS public key."""


@cbor_tuple
class PowerEntry(Record):
    """What one participant's vote weighs."""

    participant: ActorID
    power: BigInt
    signing_key: SigningKey


@cbor_tuple
class PowerDelta(Record):
    """How one participant's power or key differs from the table before."""

    participant: ActorID
    power: BigInt
    """What is added, less than 0 for what is taken; one whose power comes to 0 is gone."""
    signing_key: SigningKey
    """The new key; empty where it stays."""


@cbor_tuple
class FinalizedTipset(Record):
    """A tipset of a finalized stretch."""

    epoch: I64
    key: Annotated[bytes, MaxLength(760)]
    """The CIDs of its blocks, end to end."""
    power_table: Cid
    """The table of the state that it stands on."""
    commitments: Commitment


@cbor_tuple
class SupplementalData(Record):
    """What is signed beside the stretch."""

    commitments: Commitment
    power_table: Cid
    """The table by which the next instance is judged."""


@cbor_tuple
class FinalityCertificate(Record):
    """The outcome of one instance."""

    instance: U64
    tipsets: Annotated[tuple[FinalizedTipset, ...], MaxLength(MAX_ARRAY_LENGTH)]
    """The last tipset of the instance before, and those finalized in this one."""
    supplemental_data: SupplementalData
    signers: BitField
    """Places in the power table."""
    signature: BoundedBytes
    """Of all signers, in one."""
    power_deltas: Annotated[tuple[PowerDelta, ...], MaxLength(MAX_ARRAY_LENGTH)]
    """By participant."""
