"""What holds of the cron actor between messages."""

from papyrus.actors.common.findings import Findings
from papyrus.actors.cron.state import State
from papyrus.primitives.address import Protocol


def check_state_invariants(state: State, findings: Findings) -> int:
    """Note what is wrong with the cron actor and return how many calls it makes."""
    for place, entry in enumerate(state.entries):
        findings.require(
            entry.receiver.protocol is Protocol.ID,
            f"entry {place} receiver address {entry.receiver} must be ID protocol",
        )
        findings.require(
            entry.method_number > 0,
            f"entry {place} has invalid method number {entry.method_number}",
        )
    return len(state.entries)
