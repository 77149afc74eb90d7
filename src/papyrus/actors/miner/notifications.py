"""Telling the actors that follow the content of sectors what has come into them (FIP-0109).

Each actor is told once of all its pieces, in any number of sectors. Unless the caller asks for
more, it does not matter what they answer, nor whether they do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from papyrus.actors.miner.params.notifications import (
    PieceChange,
    SectorChanges,
    SectorContentChangedParams,
    SectorContentChangedReturn,
)
from papyrus.actors.miner.params.numbers import (
    NOTIFICATION_RECEIVER_ABORTED,
    NOTIFICATION_REJECTED,
    NOTIFICATION_RESPONSE_INVALID,
    NOTIFICATION_SEND_FAILED,
    SECTOR_CONTENT_CHANGED,
)
from papyrus.actors.miner.params.onboarding import PieceActivationManifest
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import ActorError, DecodeError, SyscallError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.payloads import read_block
from papyrus.vm.runtime import Runtime


@dataclass(frozen=True, slots=True)
class SectorContent:
    """What has come into a sector."""

    number: int
    expiration: int
    pieces: tuple[PieceActivationManifest, ...]


def notify_data_consumers(
    rt: Runtime, contents: Iterable[SectorContent], *, require_success: bool
) -> None:
    """Tell all who are named for a piece, in order of address.

    Where success is required, aborts with one of four codes, 1001 to 1004, for the first who could
    not be told or does not accept every piece.
    """
    for receiver, sectors in _by_receiver(contents):
        try:
            answer = _tell(rt, receiver, sectors)
        except ActorError:
            if require_success:
                raise
            continue
        if require_success:
            _require_accepted(receiver, sectors, answer)


def _by_receiver(
    contents: Iterable[SectorContent],
) -> list[tuple[Address, tuple[SectorChanges, ...]]]:
    expirations: dict[int, int] = {}
    changes: dict[Address, dict[int, list[PieceChange]]] = {}
    for content in contents:
        expirations[content.number] = content.expiration
        for piece in content.pieces:
            for told in piece.notify:
                change = PieceChange(piece.cid, piece.size, told.payload)
                of_receiver = changes.setdefault(told.address, {})
                of_receiver.setdefault(content.number, []).append(change)
    return [
        (
            receiver,
            tuple(
                SectorChanges(number, expirations[number], tuple(added))
                for number, added in sorted(changes[receiver].items())
            ),
        )
        for receiver in sorted(changes, key=_rank)
    ]


def _rank(address: Address) -> tuple[int, int, int, bytes]:
    """Return what addresses are ordered by: numbers as such, not as their wire bytes are."""
    if address.protocol is Protocol.ID:
        return address.protocol, address.id, 0, b""
    if address.protocol is Protocol.DELEGATED:
        return address.protocol, address.namespace, len(address.subaddress), address.subaddress
    return address.protocol, 0, 0, address.payload


def _tell(
    rt: Runtime, receiver: Address, sectors: tuple[SectorChanges, ...]
) -> SectorContentChangedReturn:
    """Tell one actor, and return its answer; ActorError where it gives none that can be read."""
    try:
        answer = rt.call(receiver, SECTOR_CONTENT_CHANGED, SectorContentChangedParams(sectors))
    except SyscallError as error:
        raise ActorError(NOTIFICATION_SEND_FAILED, f"send error {error}") from error
    if not answer.succeeded:
        code = ExitCode.describe(answer.exit_code)
        raise ActorError(NOTIFICATION_RECEIVER_ABORTED, f"receiver aborted with {code}")
    if answer.value is None:
        raise ActorError(NOTIFICATION_RESPONSE_INVALID, "no return data")
    try:
        return read_block(SectorContentChangedReturn, answer.value)
    except DecodeError as error:
        message = f"invalid return data serialization: {error}"
        raise ActorError(NOTIFICATION_RESPONSE_INVALID, message) from error


def _require_accepted(
    receiver: Address, sectors: tuple[SectorChanges, ...], answer: SectorContentChangedReturn
) -> None:
    """Abort unless an answer accepts each piece."""
    if len(answer.sectors) != len(sectors):
        raise ActorError(NOTIFICATION_RESPONSE_INVALID, "sector change response mismatched sectors")
    for asked, given in zip(sectors, answer.sectors, strict=True):
        if len(given.added) != len(asked.added):
            raise ActorError(
                NOTIFICATION_RESPONSE_INVALID,
                f"sector change response mismatched pieces for sector {asked.sector}",
            )
        for piece, verdict in zip(asked.added, given.added, strict=True):
            if not verdict.accepted:
                raise ActorError(
                    NOTIFICATION_REJECTED,
                    f"sector change rejected by {receiver} for sector {asked.sector} "
                    f"piece {piece.data} payload {piece.payload.hex()}",
                )
