"""What the verified registry tells the world: DataCap, allocations and claims (FIP-0083)."""

from papyrus.actors.common.event_builder import event_type, indexed, plain
from papyrus.actors.verifreg.state import Allocation, Claim
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, BigInt, ChainEpoch
from papyrus.types.event import EventEntry
from papyrus.vm.runtime import Runtime


def verifier_balance(rt: Runtime, verifier: int, balance: int, client: int | None = None) -> None:
    """Tell what a verifier may still hand out, in bytes, and to which client it last did."""
    entries = [
        event_type("verifier-balance"),
        indexed("verifier", U64, verifier),
        plain("balance", BigInt, balance),
    ]
    if client is not None:
        entries.append(indexed("client", U64, client))
    rt.emit(entries)


def allocation(rt: Runtime, allocation_id: int, made: Allocation) -> None:
    """Tell that an allocation has been made."""
    rt.emit(_allocation("allocation", allocation_id, made))


def allocation_removed(rt: Runtime, allocation_id: int, removed: Allocation) -> None:
    """Tell that an expired allocation has been removed."""
    rt.emit(_allocation("allocation-removed", allocation_id, removed))


def claim(rt: Runtime, claim_id: int, made: Claim) -> None:
    """Tell that an allocation has been claimed."""
    rt.emit(_claim("claim", claim_id, made))


def claim_updated(rt: Runtime, claim_id: int, updated: Claim) -> None:
    """Tell that a claim has a new term."""
    rt.emit(_claim("claim-updated", claim_id, updated))


def claim_removed(rt: Runtime, claim_id: int, removed: Claim) -> None:
    """Tell that an expired claim has been removed."""
    rt.emit(_claim("claim-removed", claim_id, removed))


def _allocation(name: str, allocation_id: int, subject: Allocation) -> list[EventEntry]:
    return [
        *_subject(name, allocation_id, subject),
        plain("expiration", ChainEpoch, subject.expiration),
    ]


def _claim(name: str, claim_id: int, subject: Claim) -> list[EventEntry]:
    return [
        *_subject(name, claim_id, subject),
        plain("term-start", ChainEpoch, subject.term_start),
        indexed("sector", U64, subject.sector),
    ]


def _subject(name: str, subject_id: int, subject: Allocation | Claim) -> list[EventEntry]:
    """Return what allocations and claims are told of alike: parties, piece and term."""
    return [
        event_type(name),
        indexed("id", U64, subject_id),
        indexed("client", U64, subject.client),
        indexed("provider", U64, subject.provider),
        indexed("piece-cid", Cid, subject.data),
        plain("piece-size", U64, subject.size),
        plain("term-min", ChainEpoch, subject.term_min),
        plain("term-max", ChainEpoch, subject.term_max),
    ]
