"""What must hold between actors: a miner and its power, its claims and its deals, and so on.

Where the released actors' own check first sums up all miners, all claims and all deals, here the
other actor's entry is looked up where a miner is at hand. Some of its rules are wider here, since
good states break them:

- Lotus' genesis claims a byte of quality-adjusted power less than a sector has by the actor's own
  formula, for each sector that it makes with a verified deal.
- A miner that is woken only for terminated sectors need not be woken at deadlines, if it holds no
  funds for which it would be.
- An extended sector counts its verified space from the extension on, not from the claim's start.
- A claim may be dropped from a sector that is extended past the claim's end, and then stays as it
  is in the registry.
"""

from collections import defaultdict
from dataclasses import dataclass

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap.invariants import Summary as TokenSummary
from papyrus.actors.init.state import ADDRESSES
from papyrus.actors.init.state import State as InitState
from papyrus.actors.market.invariants import Summary as MarketSummary
from papyrus.actors.market.state import PROPOSALS, PROVIDER_SECTORS
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.invariants import Summary as MinerSummary
from papyrus.actors.miner.params.numbers import (
    CRON_EVENT_PROCESS_EARLY_TERMINATIONS,
    CRON_EVENT_PROVING_DEADLINE,
)
from papyrus.actors.miner.params.proving import CronEventPayload
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.miner.state import open_sectors
from papyrus.actors.power.invariants import MinerCronEvent
from papyrus.actors.power.invariants import Summary as PowerSummary
from papyrus.actors.power.state import CLAIMS as POWER_CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.verifreg.invariants import Summary as RegistrySummary
from papyrus.actors.verifreg.state import ALLOCATIONS, CLAIMS, Claim
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError


@dataclass(slots=True)
class Known:
    """The actors that there is one of, as far as they could be read; and what they add up to."""

    init: InitState | None = None
    reward: RewardState | None = None
    power: PowerState | None = None
    power_summary: PowerSummary | None = None
    market: MarketState | None = None
    market_summary: MarketSummary | None = None
    registry: RegistryState | None = None
    registry_summary: RegistrySummary | None = None
    tokens: TokenSummary | None = None


def check_address(
    store: Blockstore, init: InitState, actor_id: int, address: Address, findings: Findings
) -> None:
    """Note it where the init actor takes an actor's address for another's, or does not know it."""
    found = ADDRESSES.open(store, init.address_map).get(address)
    findings.require(
        found == actor_id,
        f"address {address} is known to init as that of "
        f"{'nobody' if found is None else Address.from_id(found)}",
    )


def check_miner(
    store: Blockstore,
    known: Known,
    epoch: int,
    actor_id: int,
    state: MinerState,
    summary: MinerSummary,
    findings: Findings,
) -> None:
    """Note where power, registry and market disagree with a miner after an epoch.

    Claims and deals of this miner are held in memory, by sector.
    """
    if known.power is not None:
        _check_power_claim(store, known.power, actor_id, summary, findings)
    if known.power_summary is not None:
        events = known.power_summary.cron_events.get(Address.from_id(actor_id), [])
        _check_cron_events(events, summary, findings)
    if known.registry is not None:
        _check_claims(store, known.registry, actor_id, summary, findings)
    if known.market is not None:
        _check_deals(store, known.market, epoch, actor_id, state, findings)


def _check_power_claim(
    store: Blockstore,
    power: PowerState,
    actor_id: int,
    summary: MinerSummary,
    findings: Findings,
) -> None:
    claim = POWER_CLAIMS.open(store, power.claims).get(Address.from_id(actor_id))
    if claim is None:
        findings.add("miner has no power claim")
        return
    claimed = PowerPair(claim.raw_byte_power, claim.quality_adjusted_power)
    short = summary.active_power - claimed
    findings.require(
        short.raw == 0 and 0 <= short.quality_adjusted <= summary.genesis_sectors,
        f"computed active power {summary.active_power} does not match claim {claimed}",
    )
    findings.require(
        summary.window_post_proof_type == claim.window_post_proof_type,
        f"Window PoSt proof type {summary.window_post_proof_type} does not match that of the "
        f"claim {claim.window_post_proof_type}",
    )


def _check_cron_events(
    events: list[MinerCronEvent], summary: MinerSummary, findings: Findings
) -> None:
    deadlines = []
    for event in events:
        try:
            kind = CronEventPayload.from_cbor(event.payload).event_type
        except DecodeError as error:
            findings.add(
                f"registered cron at epoch {event.epoch} with wrong or corrupt payload: {error}"
            )
            continue
        if kind == CRON_EVENT_PROVING_DEADLINE:
            deadlines.append(event.epoch)
        else:
            findings.require(
                kind == CRON_EVENT_PROCESS_EARLY_TERMINATIONS,
                f"unexpected cron event type {kind}",
            )
    findings.require(
        len(deadlines) < 2,
        f"duplicate proving period crons at epochs {', '.join(map(str, deadlines))}",
    )
    findings.require(
        bool(deadlines) == summary.deadline_cron_active,
        f"deadline cron is {'' if summary.deadline_cron_active else 'not '}active, but "
        f"{'a' if deadlines else 'no'} cron event is registered for it",
    )


def _check_claims(
    store: Blockstore,
    registry: RegistryState,
    actor_id: int,
    summary: MinerSummary,
    findings: Findings,
) -> None:
    root = CLAIMS.roots.open(store, registry.claims).get(actor_id)
    if root is None:
        return
    by_sector: dict[int, list[Claim]] = defaultdict(list)
    for claim_id, claim in CLAIMS.inner.open(store, root).items():
        # A sector that is not there has ended and its partition was compacted.
        sector = summary.sectors_with_data.get(claim.sector)
        if sector is None:
            continue
        place = findings.within(f"claim {claim_id}")
        place.require(
            sector.activation <= claim.term_start,
            f"sector start {sector.activation} is after claim term start {claim.term_start}",
        )
        if sector.has_simple_quality_power:
            least = claim.term_start + claim.term_min
            place.require(
                sector.expiration >= least,
                f"sector expiration {sector.expiration} is before claim min term {least}",
            )
            by_sector[claim.sector].append(claim)
    for number, claims in by_sector.items():
        _check_verified_space(summary.sectors_with_data[number], claims, findings)


def _check_verified_space(
    sector: SectorOnChainInfo, claims: list[Claim], findings: Findings
) -> None:
    """Check that a sector counts as verified what is claimed, or less once it was extended."""
    place = findings.within(f"sector {sector.sector_number}")
    duration = sector.expiration - sector.power_base_epoch
    if duration <= 0:
        return  # which the miner's own invariants have noted
    space, rest = divmod(sector.verified_deal_weight, duration)
    place.require(
        rest == 0,
        f"verified weight {sector.verified_deal_weight} is of no whole space for {duration} epochs",
    )
    kept = [claim for claim in claims if sector.expiration <= claim.term_start + claim.term_max]
    claimed = sum(claim.size for claim in kept)
    is_extended = any(claim.term_start != sector.power_base_epoch for claim in claims)
    place.require(
        space == claimed or (is_extended and space < claimed),
        f"verified space {space} does not match claims of {claimed}",
    )


def _check_deals(
    store: Blockstore,
    market: MarketState,
    epoch: int,
    actor_id: int,
    state: MinerState,
    findings: Findings,
) -> None:
    """Check that deals which go on are in a sector that is there.

    A terminated sector is there until its deals have been told, and its partition was compacted.
    """
    root = PROVIDER_SECTORS.roots.open(store, market.provider_sectors).get(actor_id)
    if root is None:
        return
    sectors = open_sectors(store, state).array
    proposals = PROPOSALS.open(store, market.proposals)
    for number, deal_ids in PROVIDER_SECTORS.inner.open(store, root).items():
        if number in sectors:
            continue
        for deal_id in deal_ids:
            proposal = proposals.get(deal_id)
            findings.require(
                proposal is None or proposal.end_epoch <= epoch,
                f"deal {deal_id} goes on in sector {number}, which is not there",
            )


def check_allocations(
    store: Blockstore,
    market: MarketState,
    summary: MarketSummary,
    registry: RegistryState,
    findings: Findings,
) -> None:
    """Note where a deal that waits for its allocation to be claimed has no such allocation."""
    proposals = PROPOSALS.open(store, market.proposals)
    clients = ALLOCATIONS.roots.open(store, registry.allocations)
    for allocation_id, deal_id in summary.allocations.items():
        proposal = proposals.get(deal_id)
        if proposal is None:
            continue  # which the market's own invariants have noted
        place = findings.within(f"deal {deal_id} with allocation {allocation_id}")
        root = clients.get(proposal.client.id)
        allocation = ALLOCATIONS.inner.open(store, root).get(allocation_id)
        if allocation is None:
            place.add(f"no such allocation of client {proposal.client}")
            continue
        place.require(
            proposal.provider.id == allocation.provider,
            f"mismatched providers {proposal.provider.id} and {allocation.provider}",
        )
        place.require(
            proposal.piece_cid == allocation.data,
            f"mismatched pieces {proposal.piece_cid} and {allocation.data}",
        )


def check_epochs(known: Known, epoch: int, findings: Findings) -> None:
    """Note whose last cron was not that of the epoch after which the state is."""
    for name, has_seen in (
        ("power", known.power and known.power.first_cron_epoch - 1),
        ("market", known.market and known.market.last_cron),
    ):
        findings.require(
            has_seen in (None, epoch), f"{name} saw cron last at {has_seen}, not at {epoch}"
        )
