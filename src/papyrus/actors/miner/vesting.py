"""Funds that vest: three quarters of each reward over half a year, in steps of a day.

The table is a list by epoch, its first entry inline in the state, so that small penalties touch
nothing else.
"""

from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.collections import RecordShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import ChainEpoch
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple
from papyrus.primitives.amounts import TokenAmount
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
    raise NotImplementedError


def add_locked(
    store: Blockstore,
    funds: VestingFunds | None,
    epoch: int,
    amount: TokenAmount,
    period_start: int,
    spec: VestSpec,
) -> tuple[VestingFunds | None, TokenAmount]:
    """Add an amount that vests from an epoch on; return also what had vested and is removed."""
    raise NotImplementedError


def unlock_vested(
    store: Blockstore, funds: VestingFunds | None, epoch: int
) -> tuple[VestingFunds | None, TokenAmount]:
    """Remove what had vested before an epoch; return also its sum."""
    raise NotImplementedError


def unlock_vested_and_unvested(
    store: Blockstore, funds: VestingFunds | None, epoch: int, target: TokenAmount
) -> tuple[VestingFunds | None, TokenAmount, TokenAmount]:
    """Remove what had vested, then up to a target of what had not, the soonest first.

    Returns also both sums. Quirk: what had vested is left where the first entry has not and covers
    the target.
    """
    raise NotImplementedError
