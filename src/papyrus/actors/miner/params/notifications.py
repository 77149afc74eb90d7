"""What a miner tells the actors that follow what is in its sectors, and what they answer.

`SectorContentChanged` of FIP-0076: the market is one such actor.
"""

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple


@cbor_tuple
class PieceChange(Record):
    """A piece of data that a sector now holds."""

    data: Cid
    size: U64
    """Padded bytes."""
    payload: bytes
    """What the receiver knows the piece by: for the market, a deal ID in CBOR."""


@cbor_tuple
class SectorChanges(Record):
    """What was added to one sector."""

    sector: U64
    minimum_commitment_epoch: ChainEpoch
    """The sector is committed to hold the data until then, or longer."""
    added: tuple[PieceChange, ...]


@cbor_transparent
class SectorContentChangedParams(Record):
    """Changes to distinct sectors."""

    sectors: tuple[SectorChanges, ...]


@cbor_transparent
class PieceReturn(Record):
    """Whether the receiver accepts that a piece is there."""

    accepted: bool


@cbor_transparent
class SectorReturn(Record):
    """The answers about one sector's pieces, in the order in which they were named."""

    added: tuple[PieceReturn, ...]


@cbor_transparent
class SectorContentChangedReturn(Record):
    """The answers about each sector, in the order in which they were named."""

    sectors: tuple[SectorReturn, ...]
