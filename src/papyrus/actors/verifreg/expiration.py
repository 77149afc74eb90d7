"""Which allocations and claims are over."""

from collections.abc import Iterable
from typing import TypeVar

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.integers import checked_i64
from papyrus.actors.common.nested_collections import MapOfMaps
from papyrus.actors.verifreg.state import Allocation, Claim
from papyrus.primitives.exit_codes import ExitCode

T = TypeVar("T", Allocation, Claim)


def expiration_of(subject: Allocation | Claim) -> int:
    """Return the epoch from which on an allocation or claim may be removed."""
    if isinstance(subject, Allocation):
        return subject.expiration
    return checked_i64(subject.term_start + subject.term_max)


def expired(
    subjects: MapOfMaps[int, int, T], owner: int, asked: tuple[int, ...], epoch: int
) -> tuple[tuple[int, ...], BatchReturn]:
    """Return which of an owner's subjects are considered for removal, and which of them are over.

    Those asked for are considered; if none are, all that are over, in the order of the tree.
    """
    if asked:
        return asked, BatchReturn.of(_verdicts(subjects, owner, asked, epoch))
    found = tuple(
        subject_id
        for subject_id, subject in subjects.inner(owner).items()
        if epoch >= expiration_of(subject)
    )
    return found, BatchReturn(len(found), ())


def _verdicts(
    subjects: MapOfMaps[int, int, T], owner: int, asked: Iterable[int], epoch: int
) -> Iterable[int]:
    for subject_id in asked:
        subject = subjects.get(owner, subject_id)
        if subject is None:
            yield ExitCode.USR_NOT_FOUND
        elif epoch < expiration_of(subject):
            yield ExitCode.USR_FORBIDDEN
        else:
            yield ExitCode.OK
