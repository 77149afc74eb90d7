"""Funds that vest: three quarters of each reward over half a year, in steps of a day.

The table is a list by epoch, its first entry inline in the state, so that small penalties touch
nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from papyrus.actors.common.collections import RecordShape
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import ChainEpoch
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY, EPOCHS_IN_HOUR


@dataclass(frozen=True, slots=True)
class VestSpec:
    """A linear vesting schedule, in epochs."""

    initial_delay: int
    """Before anything vests."""
    vest_period: int
    """Over which all vests, after the delay."""
    step_duration: int
    quantization: int
    """The unit to which the epochs of the table are rounded up."""


REWARD_VESTING_SPEC = VestSpec(
    initial_delay=0,
    vest_period=180 * EPOCHS_IN_DAY,
    step_duration=EPOCHS_IN_DAY,
    quantization=12 * EPOCHS_IN_HOUR,
)


@cbor_tuple
class VestingFund(Record):
    """An amount and the epoch after which it is no longer locked."""

    epoch: ChainEpoch
    amount: TokenAmount


@cbor_transparent
class VestingTail(Record):
    """All entries of a table but the first, in order of epoch."""

    funds: tuple[VestingFund, ...]


VESTING_TAIL = RecordShape(VestingTail)


@cbor_tuple
class VestingFunds(Record):
    """The table, where it is not empty; a state without one has null in its place."""

    head: VestingFund
    """The first entry, whose amount penalties may have drawn down to zero."""
    tail: Annotated[Cid, VESTING_TAIL]
    """The others."""


def load_vesting(store: Blockstore, funds: VestingFunds | None) -> tuple[VestingFund, ...]:
    """Return the table in order of epoch, without a first entry of zero."""
    if funds is None:
        return ()
    tail = VESTING_TAIL.load(store, funds.tail).funds
    return (funds.head, *tail) if funds.head.amount > 0 else tail


def add_locked(
    store: Blockstore,
    funds: VestingFunds | None,
    epoch: int,
    amount: TokenAmount,
    period_start: int,
    spec: VestSpec,
) -> tuple[VestingFunds | None, TokenAmount]:
    """Add an amount that vests from an epoch on; return also what had vested and is removed."""
    new = _schedule(epoch + spec.initial_delay, amount, period_start, spec)
    combined = _merged(load_vesting(store, funds), tuple(new))
    vested, rest = _split_vested(combined, epoch)
    return _save(store, rest), vested


def unlock_vested(
    store: Blockstore, funds: VestingFunds | None, epoch: int
) -> tuple[VestingFunds | None, TokenAmount]:
    """Remove what had vested before an epoch; return also its sum."""
    if funds is None or funds.head.epoch >= epoch:
        return funds, ZERO
    vested, rest = _split_vested(load_vesting(store, funds), epoch)
    return _save(store, rest), vested


def unlock_vested_and_unvested(
    store: Blockstore, funds: VestingFunds | None, epoch: int, target: TokenAmount
) -> tuple[VestingFunds | None, TokenAmount, TokenAmount]:
    """Remove what had vested, then up to a target of what had not, the soonest first.

    Returns also both sums.
    """
    if funds is None:
        return None, ZERO, ZERO
    if funds.head.epoch >= epoch and funds.head.amount >= target:
        head = replace(funds.head, amount=funds.head.amount - target)
        return replace(funds, head=head), ZERO, target
    vested, unvested = ZERO, ZERO
    entries = load_vesting(store, funds)
    left: tuple[VestingFund, ...] = ()
    for place, entry in enumerate(entries):
        if entry.epoch < epoch:
            vested += entry.amount
        elif entry.amount < target - unvested:
            unvested += entry.amount
        else:
            taken = replace(entry, amount=entry.amount - (target - unvested))
            unvested = target
            left = (taken, *entries[place + 1 :])
            break
    return _save(store, left), vested, unvested


def _schedule(
    begin: int, amount: TokenAmount, period_start: int, spec: VestSpec
) -> Iterator[VestingFund]:
    """Yield the entries of an amount that vests from an epoch on."""
    quant = QuantSpec(spec.quantization, period_start)
    vested = ZERO
    epoch = begin
    while vested < amount:
        epoch += spec.step_duration
        vest_epoch = quant.quantize_up(epoch)
        elapsed = vest_epoch - begin
        target = amount
        if elapsed < spec.vest_period:
            target = TokenAmount(amount * elapsed // spec.vest_period)
        yield VestingFund(vest_epoch, target - vested)
        vested = target


def _merged(old: Sequence[VestingFund], new: Sequence[VestingFund]) -> tuple[VestingFund, ...]:
    """Return two tables as one, in order of epoch, what vests at one epoch in both added up.

    Entries are paired one by one, so that where a table has an epoch twice it stays so.
    """
    merged: list[VestingFund] = []
    here, there = 0, 0
    while here < len(old) and there < len(new):
        first, second = old[here], new[there]
        if first.epoch == second.epoch:
            merged.append(VestingFund(first.epoch, first.amount + second.amount))
        else:
            merged.append(first if first.epoch < second.epoch else second)
        here += first.epoch <= second.epoch
        there += second.epoch <= first.epoch
    return (*merged, *old[here:], *new[there:])


def _split_vested(
    entries: Sequence[VestingFund], epoch: int
) -> tuple[TokenAmount, Sequence[VestingFund]]:
    """Return the sum of the first entries that have vested before an epoch, and the others."""
    count = next(
        (place for place, entry in enumerate(entries) if entry.epoch >= epoch), len(entries)
    )
    return TokenAmount(sum(entry.amount for entry in entries[:count])), entries[count:]


def _save(store: Blockstore, entries: Sequence[VestingFund]) -> VestingFunds | None:
    """Write a table."""
    if not entries:
        return None
    return VestingFunds(entries[0], VESTING_TAIL.save(store, VestingTail(tuple(entries[1:]))))
