"""What holds of a multisig between messages.

The released actors' own check wants two things more, which are no invariants. Fewer approvals of
every pending transaction than are needed: this fails once the threshold has been lowered, until
someone approves such a transaction and so sends it. And no locked balance where nothing unlocks:
Lotus' genesis notes the balance of each multisig it makes, whether it is to vest or not.
"""

from dataclasses import dataclass

from papyrus.actors.common.findings import Findings
from papyrus.actors.multisig.state import MAX_SIGNERS, PENDING, State, Transaction
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.errors import DecodeError


@dataclass(frozen=True, slots=True)
class Summary:
    """A multisig in numbers."""

    signers: int
    approvals_threshold: int
    pending: int


def check_state_invariants(store: Blockstore, state: State, findings: Findings) -> Summary:
    """Note what is wrong with a multisig and return it in numbers."""
    signers = len(state.signers)
    findings.require(signers <= MAX_SIGNERS, f"multisig has too many signers: {signers}")
    findings.require(
        signers >= state.approvals_threshold,
        f"multisig has insufficient signers to meet threshold "
        f"({signers} < {state.approvals_threshold})",
    )
    if state.unlock_duration == 0:
        findings.require(
            state.start_epoch == 0,
            f"non-zero start epoch {state.start_epoch} with zero unlock duration",
        )

    pending = 0
    newest = -1
    try:
        for transaction_id, transaction in PENDING.open(store, state.pending).items():
            pending += 1
            newest = max(newest, transaction_id)
            _check_approvals(state, transaction, findings.within(f"transaction {transaction_id}"))
    except DecodeError as error:
        findings.add(f"error iterating transactions: {error}")
    findings.require(
        state.next_transaction_id > newest,
        f"next transaction id {state.next_transaction_id} is not greater than pending ids",
    )
    return Summary(signers, state.approvals_threshold, pending)


def _check_approvals(state: State, transaction: Transaction, findings: Findings) -> None:
    approved = transaction.approved
    findings.require(bool(approved), "no approval, not even its proposer's")
    findings.require(len(set(approved)) == len(approved), "duplicate approvals")
    for approver in approved:
        findings.require(
            approver in state.signers, f"approval {approver} is not in the list of signers"
        )
