"""What contracts can ask about a sector (actors v18): where it is, and whether it is healthy.

`ValidateSectorStatus` returns a bare `bool`; `GetNominalSectorExpiration` takes a bare `U64`, the
sector number, and returns a bare `ChainEpoch`.
"""

from enum import IntEnum
from typing import Annotated, TypeAlias

from papyrus.ipld.schema import I64, U64, Width
from papyrus.ipld.tuples import Record, cbor_tuple

NO_DEADLINE = -1
NO_PARTITION = -1


class SectorStatusCode(IntEnum):
    """How a sector is."""

    DEAD = 0
    """Terminated, or never committed."""
    ACTIVE = 1
    FAULTY = 2


SectorStatus: TypeAlias = Annotated[SectorStatusCode, Width(8, signed=False)]


@cbor_tuple
class SectorLocation(Record):
    """Where a sector is, as auxiliary data that the caller passes back."""

    deadline: I64
    partition: I64


@cbor_tuple
class GenerateSectorLocationParams(Record):
    """A sector to find."""

    sector_number: U64


@cbor_tuple
class GenerateSectorLocationReturn(Record):
    """How a sector is, and where."""

    status: SectorStatus
    auxiliary_data: bytes
    """A `SectorLocation` in CBOR."""


@cbor_tuple
class ValidateSectorStatusParams(Record):
    """What a sector is claimed to be, and where it is."""

    sector_number: U64
    status: SectorStatus
    auxiliary_data: bytes
    """A `SectorLocation` in CBOR."""
