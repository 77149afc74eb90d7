"""Letting sectors last longer: `ExtendSectorExpiration2` (FIP-0045).

A sector keeps its power as long as it keeps its verified data. So each claim on a sector with such
data must be named, and is either maintained, for which its own term must last long enough, or
dropped, which is allowed towards the end of the sector's life.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from papyrus.actors.common.integers import truncated_quotient
from papyrus.actors.common.smoothing import quotient
from papyrus.actors.dispatch import method
from papyrus.actors.miner.deadline import (
    Deadline,
    add_expiration_partitions,
    must_find_partition,
    open_partitions,
)
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.fees import adjusted_daily_proof_fee, daily_proof_fee
from papyrus.actors.miner.lifetimes import require_valid_expiration
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    ExpirationExtension2,
    ExtendSectorExpiration2Params,
    SectorClaim,
)
from papyrus.actors.miner.partition import Scope, replace_sectors
from papyrus.actors.miner.power import (
    NO_POWER,
    PowerPair,
    quality_adjusted_power_of,
)
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import (
    State,
    load_deadlines,
    load_info,
    open_sectors,
    with_deadlines,
)
from papyrus.actors.power.calls import update_claimed_power, update_pledge_total
from papyrus.actors.verifreg.calls import get_claims
from papyrus.actors.verifreg.state import Claim
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import END_OF_BITS, BitField
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import assertion_failed, forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@dataclass(frozen=True, slots=True)
class _Extension:
    """Sectors of one partition that are to last longer, with claims or without."""

    partition: int
    sectors: BitField
    new_expiration: int


@dataclass(frozen=True, slots=True)
class _ClaimedSpace:
    """Padded bytes of the claims on a sector that were named."""

    named: int = 0
    maintained: int = 0


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds for all extensions of a message."""

    policy: Policy
    epoch: int
    circulating_supply: TokenAmount
    sector_size: int
    claims: Mapping[int, _ClaimedSpace]
    """By sector number."""


@method(numbers.EXTEND_SECTOR_EXPIRATION_2)
def extend_sector_expiration_2(rt: Runtime, params: ExtendSectorExpiration2Params) -> None:
    """Have active sectors expire later, without the claims that are dropped and their power."""
    claims = _claimed_space(rt, params.extensions)
    by_deadline = _by_deadline(params.extensions)
    circulating_supply = rt.circulating_supply
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    terms = _Terms(rt.policy, rt.epoch, circulating_supply, info.sector_size, claims)

    sectors = open_sectors(rt.store, state)
    deadlines = load_deadlines(rt.store, state)
    power_delta, pledge_delta = NO_POWER, ZERO
    for index, extensions in by_deadline.items():
        quant = state.quant_of_deadline(rt.policy, index)
        deadline, power, pledge = _with_extensions(
            Scope(rt.store, sectors, info.sector_size, quant),
            terms,
            load_deadline(rt.store, deadlines, index),
            extensions,
        )
        deadlines = with_deadline(rt.store, rt.policy, deadlines, index, deadline)
        power_delta += power
        pledge_delta += pledge
    rt.save(with_deadlines(rt.store, replace(state, sectors=sectors.flush()), deadlines))

    update_claimed_power(rt, power_delta.raw, power_delta.quality_adjusted)
    update_pledge_total(rt, pledge_delta)


def _claimed_space(
    rt: Runtime, extensions: Sequence[ExpirationExtension2]
) -> dict[int, _ClaimedSpace]:
    """Return the space of the claims that are named; abort where one is not as it must be."""
    space: dict[int, _ClaimedSpace] = {}
    for extension in extensions:
        if extension.deadline >= rt.policy.deadlines_in_period:
            raise illegal_argument(
                f"deadline {extension.deadline} not in range 0..{rt.policy.deadlines_in_period}"
            )
        for sector in extension.sectors_with_claims:
            for place, claim in enumerate(_claims_of(rt, sector)):
                _require_claim_on(rt, sector, claim)
                maintained = place < len(sector.maintain_claims)
                if maintained:
                    _require_term(claim, sector, extension.new_expiration)
                before = space.get(sector.sector_number, _ClaimedSpace())
                space[sector.sector_number] = _ClaimedSpace(
                    before.named + claim.size,
                    before.maintained + (claim.size if maintained else 0),
                )
    return space


def _claims_of(rt: Runtime, sector: SectorClaim) -> tuple[Claim, ...]:
    """Return the claims that are named for a sector, those to maintain first."""
    claim_ids = (*sector.maintain_claims, *sector.drop_claims)
    found = get_claims(rt, rt.receiver_id, claim_ids)
    if found.results.success_count < len(claim_ids):
        raise illegal_argument("invalid claims")
    return found.claims


def _require_claim_on(rt: Runtime, sector: SectorClaim, claim: Claim) -> None:
    if claim.provider != rt.receiver_id:
        raise illegal_argument(
            f"failed to validate declaration sector={sector.sector_number}, expected claim "
            f"provider to be {rt.receiver_id} but found {claim.provider}"
        )
    if claim.sector != sector.sector_number:
        raise illegal_argument(
            f"failed to validate declaration sector={sector.sector_number}, expected claim sector "
            f"number to be {sector.sector_number} but found {claim.sector}"
        )


def _require_term(claim: Claim, sector: SectorClaim, new_expiration: int) -> None:
    """Abort where a claim that is to be maintained may not last so long."""
    last = claim.term_start + claim.term_max
    if new_expiration > last:
        raise forbidden(
            f"failed to validate declaration sector={sector.sector_number}, claim only allows "
            f"extension to {last} but declared new expiration is {new_expiration}"
        )


def _by_deadline(
    extensions: Sequence[ExpirationExtension2],
) -> dict[int, list[_Extension]]:
    """Return extensions by deadline, in the order in which the deadlines are first named."""
    found: dict[int, list[_Extension]] = {}
    for extension in extensions:
        with_claims = [sector.sector_number for sector in extension.sectors_with_claims]
        if END_OF_BITS in with_claims:
            raise assertion_failed("sector number out of bitfield range")
        sectors = extension.sectors | BitField.from_bits(with_claims)
        found.setdefault(extension.deadline, []).append(
            _Extension(extension.partition, sectors, extension.new_expiration)
        )
    return found


def _with_extensions(
    scope: Scope, terms: _Terms, deadline: Deadline, extensions: Sequence[_Extension]
) -> tuple[Deadline, PowerPair, TokenAmount]:
    """Return a deadline with sectors extended, and the change of power and pledge."""
    partitions = open_partitions(scope.store, deadline)
    power, pledge, daily_fee = NO_POWER, ZERO, ZERO
    expiring: dict[int, list[int]] = {}
    for extension in extensions:
        partition = must_find_partition(partitions, extension.partition)
        old = scope.sectors.load(extension.sectors)
        new = [_extended(terms, sector, extension.new_expiration) for sector in old]
        scope.sectors.put(new)
        partition, change = replace_sectors(scope, partition, old, new)
        partitions.set(extension.partition, partition)
        power += change.power
        pledge += change.pledge
        daily_fee += change.daily_fee
        expiring.setdefault(extension.new_expiration, []).append(extension.partition)
    deadline = replace(
        deadline,
        partitions=partitions.flush(),
        live_power=deadline.live_power + power,
        daily_fee=deadline.daily_fee + daily_fee,
    )
    for epoch, indices in expiring.items():
        deadline = add_expiration_partitions(scope.store, deadline, epoch, indices, scope.quant)
    return deadline, power, pledge


def _extended(terms: _Terms, sector: SectorOnChainInfo, new_expiration: int) -> SectorOnChainInfo:
    """Return a sector as it is with another expiration, its power counted from this epoch on.

    A sector from before there were daily fees pays one from here on; any other pays in proportion
    to its power (FIP-0100).
    """
    if sector.expiration < terms.epoch:
        raise forbidden(
            f"cannot extend expiration for expired sector {sector.sector_number} at "
            f"{sector.expiration}"
        )
    if new_expiration < sector.expiration:
        raise illegal_argument(
            f"cannot reduce sector {sector.sector_number} expiration to {new_expiration} from "
            f"{sector.expiration}"
        )
    require_valid_expiration(
        terms.policy, terms.epoch, sector.activation, new_expiration, sector.seal_proof
    )
    new = replace(sector, expiration=new_expiration, power_base_epoch=terms.epoch)
    if sector.has_simple_quality_power:
        new = _with_claims(terms, sector, new)
    else:
        new = _with_spent_weights(terms.epoch, sector, new)
    new_power = quality_adjusted_power_of(terms.sector_size, new)
    if not sector.daily_fee:
        fee = daily_proof_fee(terms.policy, terms.circulating_supply, new_power)
    else:
        old_power = quality_adjusted_power_of(terms.sector_size, sector)
        fee = adjusted_daily_proof_fee(sector.daily_fee, old_power, new_power)
    return replace(new, daily_fee=fee)


def _with_claims(
    terms: _Terms, old: SectorOnChainInfo, new: SectorOnChainInfo
) -> SectorOnChainInfo:
    """Return a sector with the weights of what it still holds, its claims all accounted for."""
    old_duration = old.expiration - old.power_base_epoch
    remaining = old.expiration - terms.epoch
    if old.deal_weight > 0:
        weight = _truncated(old.deal_weight * remaining, old_duration)
        new = replace(new, deal_weight=weight)
    if old.verified_deal_weight <= 0:
        return new
    space = _truncated(old.verified_deal_weight, old_duration)
    claimed = terms.claims.get(old.sector_number)
    if claimed is None:
        raise illegal_argument(
            f"claim missing from declaration for sector {old.sector_number} with non-zero "
            f"verified deal weight {old.verified_deal_weight}"
        )
    if claimed.named != space:
        raise illegal_argument(
            f"declared verified deal space in claims ({claimed.named}) does not match verified "
            f"deal space ({space}) for sector {old.sector_number}"
        )
    if claimed.named != claimed.maintained and (
        remaining > terms.policy.end_of_life_claim_drop_period
    ):
        raise forbidden(
            f"attempt to drop claims with {remaining} epochs > end of life claim drop period "
            f"{terms.policy.end_of_life_claim_drop_period} remaining"
        )
    weight = claimed.maintained * (new.expiration - new.power_base_epoch)
    return _without_reward_estimates(replace(new, verified_deal_weight=weight))


def _with_spent_weights(
    epoch: int, old: SectorOnChainInfo, new: SectorOnChainInfo
) -> SectorOnChainInfo:
    """Return a sector from before FIP-0045 with the part of its weights that is not spent."""
    duration = old.expiration - old.power_base_epoch
    remaining = old.expiration - epoch
    return _without_reward_estimates(
        replace(
            new,
            deal_weight=quotient(old.deal_weight * remaining, duration),
            verified_deal_weight=quotient(old.verified_deal_weight * remaining, duration),
        )
    )


def _without_reward_estimates(sector: SectorOnChainInfo) -> SectorOnChainInfo:
    """Return a sector without what its termination fee once needed (FIP-0098)."""
    return replace(
        sector,
        expected_day_reward=None,
        expected_storage_pledge=None,
        replaced_day_reward=None,
    )


def _truncated(dividend: int, divisor: int) -> int:
    """Return the quotient rounded toward zero; abort where the divisor is zero, a panic there."""
    if divisor == 0:
        raise assertion_failed("attempt to divide by zero")
    return truncated_quotient(dividend, divisor)
