"""What holds of the storage power actor between messages.

Every miner ever made may have a claim, so claims are only counted here; that of one miner is looked
up where the miner is checked. Miners that are to be woken are far fewer.
"""

from dataclasses import dataclass, field

from papyrus.actors.common.findings import Findings
from papyrus.actors.power.state import CLAIMS, CRON_QUEUE, State, consensus_minimum
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Address
from papyrus.primitives.errors import ActorError, DecodeError
from papyrus.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class MinerCronEvent:
    """When a miner will be woken, and what it will be told."""

    epoch: int
    payload: bytes


@dataclass(slots=True)
class Summary:
    """What the power actor says of miners."""

    cron_events: dict[Address, list[MinerCronEvent]] = field(default_factory=dict)
    claims: int = 0


def check_state_invariants(
    store: Blockstore, state: State, policy: Policy, findings: Findings
) -> Summary:
    """Note what is wrong with the power actor and return its miners."""
    _check_totals(state, findings)
    summary = Summary()
    try:
        _check_cron_events(store, state, findings, summary)
    except DecodeError as error:
        findings.add(f"error iterating cron tasks: {error}")
    try:
        _check_claims(store, state, policy, findings, summary)
    except DecodeError as error:
        findings.add(f"error iterating power claims: {error}")
    findings.require(
        state.proof_validation_batch is None,
        "proof validation batch should be empty after FIP 0084",
    )
    return summary


def _check_totals(state: State, findings: Findings) -> None:
    totals = {
        "total raw power": state.total_raw_byte_power,
        "total qa power": state.total_quality_adjusted_power,
        "raw power committed": state.total_bytes_committed,
        "qa power committed": state.total_quality_adjusted_bytes_committed,
    }
    for name, amount in totals.items():
        findings.require(amount >= 0, f"{name} is negative {amount}")
    for less, more in (
        ("total raw power", "total qa power"),
        ("raw power committed", "qa power committed"),
        ("total raw power", "raw power committed"),
        ("total qa power", "qa power committed"),
    ):
        findings.require(
            totals[less] <= totals[more],
            f"{less} {totals[less]} is greater than {more} {totals[more]}",
        )


def _check_cron_events(
    store: Blockstore, state: State, findings: Findings, summary: Summary
) -> None:
    for epoch, enrolled in CRON_QUEUE.open(store, state.cron_event_queue).items():
        findings.require(
            epoch >= state.first_cron_epoch,
            f"cron event at epoch {epoch} before first_cron_epoch {state.first_cron_epoch}",
        )
        events = [event for _, event in enrolled.items()]
        for event in events:
            known = summary.cron_events.setdefault(event.miner, [])
            known.append(MinerCronEvent(epoch, event.payload))


def _check_claims(
    store: Blockstore, state: State, policy: Policy, findings: Findings, summary: Summary
) -> None:
    committed_raw = committed_quality_adjusted = 0
    raw = quality_adjusted = above = 0
    for miner, claim in CLAIMS.open(store, state.claims).items():
        summary.claims += 1
        committed_raw += claim.raw_byte_power
        committed_quality_adjusted += claim.quality_adjusted_power
        try:
            minimum = consensus_minimum(policy, claim.window_post_proof_type)
        except ActorError as error:
            findings.add(f"could not get consensus miner min power for miner {miner}: {error}")
            continue
        if claim.raw_byte_power >= minimum:
            above += 1
            raw += claim.raw_byte_power
            quality_adjusted += claim.quality_adjusted_power
    for name, summed, recorded in (
        ("raw bytes committed", committed_raw, state.total_bytes_committed),
        (
            "qa bytes committed",
            committed_quality_adjusted,
            state.total_quality_adjusted_bytes_committed,
        ),
        ("number of miners above the minimum", above, state.miner_above_minimum_power_count),
        ("raw power", raw, state.total_raw_byte_power),
        ("qa power", quality_adjusted, state.total_quality_adjusted_power),
    ):
        findings.require(
            summed == recorded, f"recorded {name} {recorded} does not match that of claims {summed}"
        )
