"""Every movement of value that an executed message made, for whoever keeps accounts.

A balance changes by more than the values of messages: actors send to one another while a message
runs (a multisig pays, a miner is rewarded), and gas is paid for. The calls of an execution trace
tell of the former, the split of the fee of the latter; together they explain every change of every
balance. A call that failed moved nothing, and neither did the calls it made.

The one movement no trace shows is the burning of what an actor still holds when it deletes itself,
which no built-in actor leaves to the machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from papyrus.chain.calls import Invocation
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.executor import ApplyResult
from papyrus.vm.state_tree import BURNT_FUNDS_ACTOR, REWARD_ACTOR
from papyrus.vm.trace import CallTrace


class TransferKind(StrEnum):
    """Why value moved."""

    MESSAGE = "message"
    """It is the message's own value."""
    INTERNAL = "internal"
    """An actor sent it while the message ran."""
    BURN = "burn"
    """The base fee for the gas used, and what asking for too much gas costs."""
    TIP = "tip"
    """The premium, which reaches the block's miner through the reward actor."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Value that moved from one actor to another."""

    kind: TransferKind
    sender: int
    """The actor's ID."""
    receiver: int
    """The actor's ID."""
    to: Address
    """The receiver as the call named it."""
    value: TokenAmount
    depth: int
    """How deep the call was nested: 0 for the message itself and its fees."""
    method: int
    """What the call asked of the receiver; 0 for a bare transfer and for fees."""


def transfers(invocation: Invocation) -> list[Transfer]:
    """Return what an executed message moved, in order, its fees last; nothing where it never ran.

    Amounts of 0 are left out.
    """
    trace = invocation.trace
    if trace is None:
        return []
    return [*_moved(trace), *_fees(trace.request.sender, invocation.applied.result)]


def _moved(root: CallTrace) -> Iterator[Transfer]:
    waiting = [(root, 0)]
    while waiting:
        call, depth = waiting.pop()
        if call.exit_code != ExitCode.OK or call.invoked is None:
            continue
        request = call.request
        if request.value:
            yield Transfer(
                kind=TransferKind.INTERNAL if depth else TransferKind.MESSAGE,
                sender=request.sender,
                receiver=call.invoked[0],
                to=request.to,
                value=request.value,
                depth=depth,
                method=request.method,
            )
        waiting.extend((inner, depth + 1) for inner in reversed(call.subcalls))


def _fees(payer: int, result: ApplyResult) -> Iterator[Transfer]:
    burnt = TokenAmount(result.base_fee_burn + result.over_estimation_burn)
    for kind, receiver, value in (
        (TransferKind.BURN, BURNT_FUNDS_ACTOR, burnt),
        (TransferKind.TIP, REWARD_ACTOR, result.miner_tip),
    ):
        if value:
            to = Address.from_id(receiver)
            yield Transfer(kind, payer, receiver, to, value, depth=0, method=0)
