"""What faults, recoveries and terminations do to a partition's expirations.

A sector that becomes faulty expires when it has been so for too long, unless its time is up before;
then only its power changes sides. A recovered one expires on time again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from papyrus.actors.miner.expirations import (
    NO_EXPIRATIONS,
    NO_SECTORS,
    NO_SUMS,
    ExpirationQueue,
    ExpirationSet,
    require_valid,
    sums_of,
)
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_state

ENTRY_SECTORS_MAX = 10_000
"""More sectors than a partition can have, as a bound on an entry that is expanded."""


def reschedule_as_faults(
    queue: ExpirationQueue, epoch: int, sectors: Sequence[SectorOnChainInfo]
) -> PowerPair:
    """Have active sectors expire early at an epoch, unless they would before; return their power.

    The pledge of those that are moved is no longer in the queue.
    """
    fault_epoch = queue.quant.quantize_up(epoch)
    power = NO_POWER
    moved = NO_SUMS
    for group in queue.groups(sectors):
        if group.epoch <= fault_epoch:
            after = replace(
                group.expirations,
                active_power=group.expirations.active_power - group.sums.power,
                faulty_power=group.expirations.faulty_power + group.sums.power,
            )
        else:
            after = group.expirations - group.sums.as_active
            moved += group.sums
        power += group.sums.power
        queue.put_or_delete(group.epoch, after)
        require_valid(after)
    if moved.numbers:
        queue.add(epoch, _early(moved.numbers, moved.power, moved.daily_fee))
    return power


def reschedule_all_as_faults(queue: ExpirationQueue, epoch: int) -> None:
    """Have all sectors expire early at an epoch, unless they would before.

    Aborts where an entry after that epoch has early sectors.
    """
    fault_epoch = queue.quant.quantize_up(epoch)
    entries = list(queue.array.items())
    moved = NO_EXPIRATIONS
    for index, entry in entries:
        if index > fault_epoch:
            if entry.early_sectors:
                raise illegal_state(
                    "attempted to re-schedule early expirations to an earlier epoch"
                )
            moved += entry
    for index, entry in entries:
        if index <= fault_epoch:
            after = replace(
                entry,
                active_power=NO_POWER,
                faulty_power=entry.faulty_power + entry.active_power,
            )
            require_valid(after)
            queue.array.set(index, after)
    late = [index for index, _ in entries if index > fault_epoch]
    if late:
        power = moved.active_power + moved.faulty_power
        queue.add(epoch, _early(moved.on_time_sectors, power, moved.fee_deduction))
        for index in late:
            queue.array.delete(index)


def reschedule_recovered(queue: ExpirationQueue, sectors: Sequence[SectorOnChainInfo]) -> PowerPair:
    """Make faulty sectors active, those that were to expire early on time; return their power.

    Aborts where one is not in the queue.
    """
    remaining = {sector.sector_number: sector for sector in sectors}
    early: list[SectorOnChainInfo] = []
    power = NO_POWER

    def recover(entry: ExpirationSet) -> ExpirationSet:
        nonlocal power
        on_time_here = _take(remaining, entry.on_time_sectors)
        early_here = _take(remaining, entry.early_sectors)
        early.extend(early_here)
        on_time_power = sums_of(queue.sector_size, on_time_here).power
        early_sums = sums_of(queue.sector_size, early_here)
        power += on_time_power + early_sums.power
        return replace(
            entry,
            early_sectors=entry.early_sectors - early_sums.numbers,
            active_power=entry.active_power + on_time_power,
            faulty_power=entry.faulty_power - on_time_power - early_sums.power,
            fee_deduction=entry.fee_deduction - early_sums.daily_fee,
        )

    _change_entries_while(queue, recover, lambda: bool(remaining))
    _require_all_found(remaining)
    queue.add_active_sectors(early)
    return power


def remove_sectors(
    queue: ExpirationQueue,
    policy: Policy,
    sectors: Sequence[SectorOnChainInfo],
    faults: BitField,
    recovering: BitField,
) -> tuple[ExpirationSet, PowerPair]:
    """Remove sectors, whatever their state; return what they were, and the recovering power.

    Aborts where one is not in the queue, or where there are too many faults to look at.
    """
    if max(faults.count(), recovering.count()) > policy.addressed_sectors_max:
        raise illegal_state("too many faults or recoveries to expand")
    healthy = [sector for sector in sectors if sector.sector_number not in faults]
    remaining = {
        sector.sector_number: sector for sector in sectors if sector.sector_number in faults
    }
    removed = queue.remove_active_sectors(healthy).as_active
    recovering_power = NO_POWER

    def remove(entry: ExpirationSet) -> ExpirationSet:
        nonlocal removed, recovering_power
        if max(entry.on_time_sectors.count(), entry.early_sectors.count()) > ENTRY_SECTORS_MAX:
            raise illegal_state("too many sectors in an expiration set to expand")
        on_time_here = _take(remaining, entry.on_time_sectors)
        early_here = _take(remaining, entry.early_sectors)
        on_time = sums_of(queue.sector_size, on_time_here)
        early = sums_of(queue.sector_size, early_here)
        removed_here = ExpirationSet(
            on_time.numbers,
            early.numbers,
            on_time.pledge,
            NO_POWER,
            on_time.power + early.power,
            on_time.daily_fee + early.daily_fee,
        )
        removed += removed_here
        recovering_power += sums_of(
            queue.sector_size,
            [sector for sector in on_time_here + early_here if sector.sector_number in recovering],
        ).power
        return entry - removed_here

    _change_entries_while(queue, remove, lambda: bool(remaining))
    _require_all_found(remaining)
    return removed, recovering_power


def _early(numbers: BitField, power: PowerPair, daily_fee: TokenAmount) -> ExpirationSet:
    """Return the entry of sectors that expire early."""
    return ExpirationSet(NO_SECTORS, numbers, ZERO, NO_POWER, power, daily_fee)


def _take(remaining: dict[int, SectorOnChainInfo], numbers: BitField) -> list[SectorOnChainInfo]:
    """Remove and return those of the remaining sectors that are among some numbers."""
    if len(remaining) <= numbers.count():
        found = [number for number in remaining if number in numbers]
    else:
        found = [number for number in numbers if number in remaining]
    return [remaining.pop(number) for number in found]


def _change_entries_while(
    queue: ExpirationQueue,
    change: Callable[[ExpirationSet], ExpirationSet],
    more: Callable[[], bool],
) -> None:
    """Change the entries in order, the first in any case, while there is more to do.

    Aborts where a sum becomes negative; entries left without sectors are dropped.
    """
    changed: list[tuple[int, ExpirationSet]] = []
    for index, before in queue.array.items():
        after = change(before)
        require_valid(after)
        if after != before or after.is_empty:
            changed.append((index, after))
        if not more():
            break
    for index, after in changed:
        queue.put_or_delete(index, after)


def _require_all_found(remaining: dict[int, SectorOnChainInfo]) -> None:
    if remaining:
        raise illegal_state(f"sectors not found in expiration queue: {sorted(remaining)}")
