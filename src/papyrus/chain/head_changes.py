"""Changes of the head: the tipsets that leave the chain and those that join it.

Any two tipsets of a network have a last common ancestor, genesis at the latest. Going from one to
the other means to revert down to it and to apply up from it. That is what observers of the chain
hear, in this order, and what `ChainNotify` and `ChainGetPath` answer with.
"""

from dataclasses import dataclass
from enum import StrEnum

from papyrus.consensus.chain import TipsetSource
from papyrus.consensus.verdicts import Fault
from papyrus.primitives.epochs import CHAIN_FINALITY
from papyrus.primitives.errors import Invalid
from papyrus.types.tipset import Tipset, TipsetKey


@dataclass(frozen=True, slots=True)
class HeadChange:
    """A step from one head to another."""

    reverted: tuple[Tipset, ...]
    """No longer part of the chain, highest first."""
    applied: tuple[Tipset, ...]
    """Part of it from now on, lowest first."""


class NotificationKind(StrEnum):
    """What a notification says of its tipset, in the words of Lotus."""

    CURRENT = "current"
    """It is the head; this comes first, and once."""
    REVERT = "revert"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class Notification:
    """One tipset of a change."""

    kind: NotificationKind
    tipset: Tipset


def current(head: Tipset) -> list[Notification]:
    """Return what a subscriber hears first."""
    return [Notification(NotificationKind.CURRENT, head)]


def notifications_of(change: HeadChange) -> list[Notification]:
    """Return a change tipset by tipset, in the order in which it is to be followed."""
    return [
        *(Notification(NotificationKind.REVERT, tipset) for tipset in change.reverted),
        *(Notification(NotificationKind.APPLY, tipset) for tipset in change.applied),
    ]


def path_between(source: TipsetSource, start: Tipset, end: Tipset) -> HeadChange:
    """Return how to get from one tipset to another.

    LocalFault where a header on the way is missing, Invalid where they have no common ancestor.
    """
    left, right = start, end
    reverted: list[Tipset] = []
    applied: list[Tipset] = []
    while left.key != right.key:
        if left.height == right.height == 0:
            raise Invalid(Fault.OTHER_GENESIS, f"{start.key} and {end.key} share no ancestor")
        if left.height > right.height:
            reverted.append(left)
            left = source.tipset(left.parents)
        else:
            applied.append(right)
            right = source.tipset(right.parents)
    return HeadChange(tuple(reverted), tuple(reversed(applied)))


def check_fork(
    source: TipsetSource, head: Tipset, candidate: Tipset, checkpoint: TipsetKey | None
) -> None:
    """Raise Invalid where a node at `head` must not go over to `candidate`.

    Fewer than 900 tipsets may be reverted, and a checkpoint never. A fork is measured on the side
    of the head alone: going ahead on the same chain is no fork, however long it is.
    """
    ours, theirs = head, candidate
    for _ in range(CHAIN_FINALITY):
        while theirs.height > ours.height:
            theirs = source.tipset(theirs.parents)
        if ours.key == theirs.key:
            return
        if ours.key == checkpoint:
            raise Invalid(
                Fault.FORK_BEFORE_CHECKPOINT,
                f"tipset {candidate.key} at {candidate.height} leaves the chain before the "
                f"checkpoint at {ours.height}",
            )
        if ours.height == 0:
            raise Invalid(Fault.OTHER_GENESIS, f"{candidate.key} descends from {theirs.key}")
        ours = source.tipset(ours.parents)
    raise Invalid(
        Fault.FORK_TOO_LONG,
        f"tipset {candidate.key} at {candidate.height} leaves the chain {CHAIN_FINALITY} tipsets "
        f"or more before the head at {head.height}",
    )
