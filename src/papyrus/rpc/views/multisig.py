"""Multisigs: what they hold, what of it is locked, and what waits for approval."""

from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.multisig.state import PENDING, State, amount_locked
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.json_values import MaybeAddress
from papyrus.rpc.views.state_at import StateAt


@dataclass(frozen=True, slots=True)
class VestingSchedule:
    """What was locked, and over which epochs it is released, in Lotus' MsigVesting."""

    initial_balance: TokenAmount
    start_epoch: ChainEpoch
    unlock_duration: ChainEpoch


@dataclass(frozen=True, slots=True)
class PendingTransaction:
    """A message that waits for approvals, in Lotus' MsigTransaction."""

    transaction_id: Annotated[int, Named("ID")]
    to: MaybeAddress
    value: TokenAmount
    method: int
    params: bytes
    approved: list[Address]
    """Who has approved it, the proposer first."""


def available_balance(state: StateAt, address: Address) -> TokenAmount:
    """Return the attoFIL of a multisig that are not locked."""
    own = _multisig(state, address)
    return state.actor(address).balance - _locked(own, state.epoch)


def vesting_schedule(state: StateAt, address: Address) -> VestingSchedule:
    """Return what of a multisig was locked and how it is released."""
    own = _multisig(state, address)
    return VestingSchedule(own.initial_balance, own.start_epoch, own.unlock_duration)


def vested_since(state: StateAt, address: Address, start: ChainEpoch) -> TokenAmount:
    """Return the attoFIL that were released from an epoch up to that of the state."""
    own = _multisig(state, address)
    return _locked(own, start) - _locked(own, state.epoch)


def pending(state: StateAt, address: Address) -> list[PendingTransaction]:
    """Return what waits for approval."""
    own = _multisig(state, address)
    found = sorted(PENDING.open(state.store, own.pending).items())
    return [
        PendingTransaction(number, one.to, one.value, one.method, one.params, list(one.approved))
        for number, one in found
    ]


def _multisig(state: StateAt, address: Address) -> State:
    return state.record(address, "multisig", State)


def _locked(own: State, epoch: ChainEpoch) -> TokenAmount:
    return amount_locked(own, epoch - own.start_epoch)
