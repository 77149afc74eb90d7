"""The events of sectors (FIP-0083)."""

from collections.abc import Sequence

from papyrus.actors.common.event_builder import event_type, indexed, plain
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.types.event import EventEntry
from papyrus.vm.runtime import Runtime


def sector_precommitted(rt: Runtime, sector: int) -> None:
    """Tell that a sector was announced."""
    rt.emit((event_type("sector-precommitted"), indexed("sector", U64, sector)))


def sector_activated(
    rt: Runtime, sector: int, unsealed: Cid | None, pieces: Sequence[tuple[Cid, int]]
) -> None:
    """Tell that a sector was proven, and what is in it: CommD, and pieces with padded sizes."""
    rt.emit((event_type("sector-activated"), *_content(sector, unsealed, pieces)))


def sector_updated(
    rt: Runtime, sector: int, unsealed: Cid | None, pieces: Sequence[tuple[Cid, int]]
) -> None:
    """Tell that a sector's content was changed, and to what."""
    rt.emit((event_type("sector-updated"), *_content(sector, unsealed, pieces)))


def sector_terminated(rt: Runtime, sector: int) -> None:
    """Tell that a sector ended before its time."""
    rt.emit((event_type("sector-terminated"), indexed("sector", U64, sector)))


def _content(
    sector: int, unsealed: Cid | None, pieces: Sequence[tuple[Cid, int]]
) -> list[EventEntry]:
    entries = [indexed("sector", U64, sector), indexed("unsealed-cid", Cid | None, unsealed)]
    for cid, size in pieces:
        entries += (indexed("piece-cid", Cid, cid), plain("piece-size", U64, size))
    return entries
