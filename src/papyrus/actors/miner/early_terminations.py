"""Paying for sectors that ended before their time.

Terminated sectors, and those faulty for too long, wait in queues of their partitions until the
miner is charged: as many in one go as a message can bear, the rest in the epochs that follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.market.calls import on_miner_sectors_terminate
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.deadline_cron import pop_early_terminations
from papyrus.actors.miner.emit import sector_terminated
from papyrus.actors.miner.funds import add_initial_pledge, apply_penalty, repay_partial_debt
from papyrus.actors.miner.monies import (
    pledge_penalty_for_continued_fault,
    pledge_penalty_for_termination,
)
from papyrus.actors.miner.power import quality_adjusted_power_of
from papyrus.actors.miner.state import State, load_info, open_sectors
from papyrus.actors.power.calls import update_pledge_total
from papyrus.actors.singletons import SYSTEM
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.vm.runtime import Runtime


@dataclass(slots=True)
class _Bill:
    """What sectors cost for having ended early."""

    pledge: TokenAmount = ZERO
    """No longer needed."""
    fee: TokenAmount = ZERO
    sectors: list[int] = field(default_factory=list)
    with_data: list[int] = field(default_factory=list)


def process_early_terminations(
    rt: Runtime, reward: FilterEstimate, network_power: FilterEstimate
) -> bool:
    """Charge the miner for sectors that ended early, release their pledge and end their deals.

    The fee is that of FIP-0098, by what the network earns at present. Returns whether there are
    more.
    """
    policy = rt.policy
    state, result, more = pop_early_terminations(
        rt.store,
        rt.load(State),
        policy,
        policy.addressed_partitions_max,
        policy.addressed_sectors_max,
    )
    if result.is_empty:
        rt.save(state)
        return more
    bill = _bill(rt, state, result.sectors, reward, network_power)
    state = apply_penalty(state, bill.fee)
    state = add_initial_pledge(state, -bill.pledge)
    state, to_burn, drawn = repay_partial_debt(rt.store, state, rt.epoch, rt.balance)
    rt.save(state)

    burn_funds(rt, to_burn)
    update_pledge_total(rt, -bill.pledge - drawn)
    _terminate_deals(rt, BitField.from_bits(bill.with_data))
    for number in bill.sectors:
        sector_terminated(rt, number)
    return more


def _bill(
    rt: Runtime,
    state: State,
    ended: Mapping[int, BitField],
    reward: FilterEstimate,
    network_power: FilterEstimate,
) -> _Bill:
    """Return what sectors cost, given by the epoch at which they ended."""
    size = load_info(rt.store, state).sector_size
    sectors = open_sectors(rt.store, state)
    bill = _Bill()
    for epoch, numbers in ended.items():
        for sector in sectors.load(numbers):
            power = quality_adjusted_power_of(size, sector)
            fault_fee = pledge_penalty_for_continued_fault(reward, network_power, power)
            age = epoch - sector.activation
            bill.pledge += sector.initial_pledge
            bill.fee += pledge_penalty_for_termination(sector.initial_pledge, age, fault_fee)
            bill.sectors.append(sector.sector_number)
            if sector.deal_weight > 0 or sector.verified_deal_weight > 0:
                bill.with_data.append(sector.sector_number)
    return bill


def _terminate_deals(rt: Runtime, sectors: BitField) -> None:
    """Have the market end the deals in sectors; abort where it fails, but for cron.

    A market that is broken must not keep cron from the miner.
    """
    if not sectors:
        return
    try:
        on_miner_sectors_terminate(rt, rt.epoch, sectors)
    except ActorError:
        if rt.origin != SYSTEM:
            raise
