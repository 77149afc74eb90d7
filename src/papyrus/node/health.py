"""Whether the node lives and whether it is ready, as those who restart and route ask it.

Both are functions of what is known of the node, so each answer can be tested, and comes with its
reasons. Lotus calls a node alive whose head changed within five minutes, and ready when it is fewer
than five epochs behind (lotus node/health.go).
"""

from dataclasses import dataclass

LIVE_HEAD_AGE = 300.0
"""Seconds for which the head may stay the same."""

READY_BEHIND = 5
"""Epochs behind which a node is not ready any more."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What is known of a node at a moment."""

    now: float
    """Unix seconds."""
    head_changed: float | None
    """When the head last changed, or the node started; None before it has a head."""
    height: int
    """Epoch of the head."""
    expected_height: int
    """Epoch that the clock is in."""
    head_is_due: bool
    """Whether the head should change by itself; not on a network that waits for messages."""
    workers_alive: int
    workers_wanted: int
    stopping: bool = False
    syncing: bool = False
    """Whether it fetches or imports a chain, and has not reached the end of it."""


@dataclass(frozen=True, slots=True)
class Health:
    """An answer, with its reasons."""

    reasons: tuple[str, ...]
    """What is amiss; empty if nothing."""

    @property
    def ok(self) -> bool:
        """Whether nothing is amiss."""
        return not self.reasons

    @property
    def status_code(self) -> int:
        """The code of the HTTP answer."""
        return 200 if self.ok else 503

    @property
    def text(self) -> str:
        """The body of the HTTP answer."""
        return "ok\n" if self.ok else "".join(f"{reason}\n" for reason in self.reasons)


def livez(status: NodeStatus) -> Health:
    """Return whether the node works at all; where it does not, a restart may help."""
    reasons = []
    if status.workers_wanted and not status.workers_alive:
        reasons.append(f"none of {status.workers_wanted} workers is alive")
    age = _head_age(status)
    if status.head_is_due and not status.syncing and age is not None and age > LIVE_HEAD_AGE:
        reasons.append(f"the head has not changed for {age:.0f} s")
    return Health(tuple(reasons))


def readyz(status: NodeStatus) -> Health:
    """Return whether requests may be sent to the node."""
    reasons = []
    if status.stopping:
        reasons.append("the node is stopping")
    if status.head_changed is None:
        reasons.append("there is no head yet")
    if status.syncing:
        reasons.append(f"the chain is fetched, and at epoch {status.height}")
    behind = status.expected_height - status.height
    if status.head_is_due and not status.syncing and behind >= READY_BEHIND:
        reasons.append(f"the head is {behind} epochs behind")
    if status.workers_alive < status.workers_wanted:
        reasons.append(f"{status.workers_alive} of {status.workers_wanted} workers are alive")
    return Health(tuple(reasons))


def _head_age(status: NodeStatus) -> float | None:
    return None if status.head_changed is None else status.now - status.head_changed
