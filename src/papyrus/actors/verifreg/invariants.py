"""What holds of the verified registry between messages.

Claims are as many as the verified pieces of a whole network, so none is kept: each is checked as it
is read, and those of one provider are read again where its miner is checked.
"""

from dataclasses import dataclass, field

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap.invariants import Summary as TokenSummary
from papyrus.actors.singletons import VERIFIED_REGISTRY
from papyrus.actors.verifreg.state import (
    ALLOCATIONS,
    CLAIMS,
    VERIFIERS,
    Allocation,
    Claim,
    State,
)
from papyrus.actors.verifreg.tokens import to_tokens
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import DecodeError
from papyrus.rules.policy import Policy


@dataclass(slots=True)
class Summary:
    """What the registry holds."""

    verifiers: dict[Address, int] = field(default_factory=dict)
    """What each may still hand out, in bytes."""
    allocations: int = 0
    allocated: int = 0
    """The bytes of all allocations."""
    claims: int = 0
    providers: list[int] = field(default_factory=list)
    """Who has claims."""


def check_state_invariants(
    store: Blockstore, state: State, epoch: int, policy: Policy, findings: Findings
) -> Summary:
    """Note what is wrong with the registry after an epoch and return what it holds."""
    summary = Summary()
    try:
        for verifier, allowance in VERIFIERS.open(store, state.verifiers).items():
            summary.verifiers[verifier] = allowance
            findings.require(
                verifier.protocol is Protocol.ID, f"verifier {verifier} should have ID protocol"
            )
            findings.require(allowance >= 0, f"verifier {verifier} cap {allowance} is negative")
    except DecodeError as error:
        findings.add(f"error iterating verifiers: {error}")
    try:
        for client, root in ALLOCATIONS.roots.open(store, state.allocations).items():
            for allocation_id, allocation in ALLOCATIONS.inner.open(store, root).items():
                summary.allocations += 1
                summary.allocated += allocation.size
                place = findings.within(f"allocation {allocation_id}")
                _check_subject(state, policy, allocation_id, allocation, place)
                _check_allocation(policy, client, epoch, allocation, place)
    except DecodeError as error:
        findings.add(f"error iterating allocations: {error}")
    try:
        for provider, root in CLAIMS.roots.open(store, state.claims).items():
            summary.providers.append(provider)
            for claim_id, claim in CLAIMS.inner.open(store, root).items():
                summary.claims += 1
                place = findings.within(f"claim {claim_id}")
                _check_subject(state, policy, claim_id, claim, place)
                _check_claim(provider, epoch, claim, place)
    except DecodeError as error:
        findings.add(f"error iterating claims: {error}")
    return summary


def check_against_datacap(summary: Summary, tokens: TokenSummary, findings: Findings) -> None:
    """Note where the registry and the DataCap actor disagree."""
    for verifier in summary.verifiers:
        findings.require(
            verifier.id not in tokens.balances,
            f"verifier {verifier} is also a datacap token holder",
        )
    held = tokens.balances.get(VERIFIED_REGISTRY.id, ZERO)
    findings.require(
        to_tokens(summary.allocated) == held,
        f"verifreg datacap balance {held} does not match pending allocation size "
        f"{summary.allocated}",
    )


def _check_subject(
    state: State, policy: Policy, subject_id: int, subject: Allocation | Claim, findings: Findings
) -> None:
    """Note what is wrong with what allocations and claims have alike."""
    findings.require(
        subject_id < state.next_allocation_id,
        f"id exceeds next {state.next_allocation_id}",
    )
    findings.require(
        subject.size >= policy.minimum_verified_allocation_size, f"size {subject.size} too small"
    )
    findings.require(
        subject.term_min >= policy.minimum_verified_allocation_term,
        f"term min {subject.term_min} too small",
    )
    findings.require(
        subject.term_min <= subject.term_max,
        f"term min {subject.term_min} exceeds max {subject.term_max}",
    )


def _check_allocation(
    policy: Policy, client: int, epoch: int, allocation: Allocation, findings: Findings
) -> None:
    findings.require(
        allocation.client == client, f"client {allocation.client} doesn't match key {client}"
    )
    findings.require(
        allocation.term_max <= policy.maximum_verified_allocation_term,
        f"term max {allocation.term_max} too large",
    )
    findings.require(
        allocation.expiration <= epoch + policy.maximum_verified_allocation_expiration,
        f"expiration {allocation.expiration} too far from now {epoch}",
    )


def _check_claim(provider: int, epoch: int, claim: Claim, findings: Findings) -> None:
    # Its greatest term has no limit, since it can be paid for again and again.
    findings.require(
        claim.provider == provider, f"provider {claim.provider} doesn't match key {provider}"
    )
    findings.require(claim.term_start <= epoch, f"term start {claim.term_start} after now {epoch}")
