"""The executor: one message from its inclusion to its receipt (FIP-0030, spec 3.3.4).

A message from a block is explicit: it pays for its place on chain before anything runs, its
sender and nonce are checked, and its whole gas limit is paid for in advance and settled
afterwards. What is wrong before it runs costs the block's miner, not the sender. Implicit
messages (rewards, cron, genesis) come from the protocol itself and pay nothing.
"""

from dataclasses import dataclass, replace

from papyrus.ipld.cid import CBOR, RAW
from papyrus.primitives.address import Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, Invalid, OutOfGas, SyscallError
from papyrus.primitives.exit_codes import FIRST_USER_EXIT_CODE, ErrorNumber, ExitCode
from papyrus.types.actor import ActorState
from papyrus.types.event import StampedEvent
from papyrus.types.message import METHOD_SEND, Message
from papyrus.types.receipt import Receipt
from papyrus.vm import deep_stack
from papyrus.vm import gas_charges as charges
from papyrus.vm.backtrace import Backtrace
from papyrus.vm.blocks import Block
from papyrus.vm.call_manager import CallManager
from papyrus.vm.gas import round_up
from papyrus.vm.gas_outputs import GasOutputs, gas_outputs
from papyrus.vm.machine import Machine
from papyrus.vm.state_tree import BURNT_FUNDS_ACTOR, EAM_ACTOR, REWARD_ACTOR

_ZERO = TokenAmount(0)
_MAX_GAS_LIMIT = 2**63 - 1

_DISPATCH_FAILURES = {
    ErrorNumber.INSUFFICIENT_FUNDS: ExitCode.SYS_INSUFFICIENT_FUNDS,
    ErrorNumber.NOT_FOUND: ExitCode.SYS_INVALID_RECEIVER,
}
"""The exit code of a message that could not be dispatched at all; any other is code 10."""


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What applying a message did; amounts in attoFIL."""

    receipt: Receipt
    penalty: TokenAmount
    """What the block's miner pays for including it."""

    miner_tip: TokenAmount
    base_fee_burn: TokenAmount = _ZERO
    over_estimation_burn: TokenAmount = _ZERO
    refund: TokenAmount = _ZERO
    gas_refund: int = 0
    gas_burned: int = 0
    failure: str | None = None
    """Why it failed, in words, where it did."""

    events: tuple[StampedEvent, ...] = ()
    backtrace: Backtrace | None = None
    """Who aborted and the first cause, where it ran and failed."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """A message that did not get as far as running."""

    exit_code: ExitCode
    reason: str
    penalty: TokenAmount


@dataclass(frozen=True, slots=True)
class _Run:
    """How a message ran."""

    receipt: Receipt
    failure: str | None
    events: tuple[StampedEvent, ...]
    backtrace: Backtrace | None = None


def execute_explicit(
    machine: Machine, message: Message, raw_length: int, recorded: Receipt | None = None
) -> ApplyResult:
    """Apply a message of a block to the machine's state.

    `raw_length` is its length on chain in bytes, with the signature where that is stored beside
    it. A `recorded` receipt says what gas the network counted, for an engine that cannot count all
    of it: fees follow from that gas, and a message that the network's machine ended itself is only
    charged for. Raises Invalid where the message is malformed, LocalFault where this machine fails.
    """
    return deep_stack.call(_execute_explicit, machine, message, raw_length, recorded)


def execute_implicit(machine: Machine, message: Message) -> ApplyResult:
    """Apply a message of the protocol itself, which pays for nothing and has no nonce checked."""
    return deep_stack.call(_execute_implicit, machine, message)


def _execute_explicit(
    machine: Machine, message: Message, raw_length: int, recorded: Receipt | None
) -> ApplyResult:
    _check(message)
    admitted = _admit(machine, message, raw_length)
    if isinstance(admitted, _Refused):
        return _refusal(admitted)
    inclusion = charges.on_chain_message(machine.context.rules.prices, raw_length)
    if recorded is None:
        run = _run(machine, message, admitted, inclusion)
    else:
        run = _run_by_record(machine, message, admitted, inclusion, recorded)
    split = gas_outputs(
        gas_used=run.receipt.gas_used,
        gas_limit=message.gas_limit,
        base_fee=machine.context.base_fee,
        fee_cap=message.gas_fee_cap,
        premium=message.gas_premium,
    )
    _settle(machine, admitted, split)
    return ApplyResult(
        receipt=run.receipt,
        penalty=split.miner_penalty,
        miner_tip=split.miner_tip,
        base_fee_burn=split.base_fee_burn,
        over_estimation_burn=split.over_estimation_burn,
        refund=split.refund,
        gas_refund=split.gas_refund,
        gas_burned=split.gas_burned,
        failure=run.failure,
        events=run.events,
        backtrace=run.backtrace,
    )


def _execute_implicit(machine: Machine, message: Message) -> ApplyResult:
    _check(message)
    sender = machine.tree.resolve(message.sender)
    if sender is None:
        return _refusal(_Refused(ExitCode.SYS_SENDER_INVALID, "Sender invalid", _ZERO))
    run = _run(machine, message, sender, charges.nothing())
    return ApplyResult(
        receipt=run.receipt,
        penalty=_ZERO,
        miner_tip=_ZERO,
        failure=run.failure,
        events=run.events,
        backtrace=run.backtrace,
    )


def _check(message: Message) -> None:
    if not 0 < message.gas_limit <= _MAX_GAS_LIMIT:
        raise Invalid("message-gas-limit", f"{message.gas_limit} is no gas limit")


def _admit(machine: Machine, message: Message, raw_length: int) -> int | _Refused:
    """Check and charge the sender; return its ID, or why the message cannot run."""
    base_fee = machine.context.base_fee
    inclusion = charges.on_chain_message(machine.context.rules.prices, raw_length)
    inclusion_gas = round_up(charges.total(inclusion))
    if inclusion_gas > message.gas_limit:
        return _Refused(
            ExitCode.SYS_OUT_OF_GAS,
            f"Out of gas ({inclusion_gas} > {message.gas_limit})",
            TokenAmount(base_fee * inclusion_gas),
        )
    penalty = TokenAmount(base_fee * message.gas_limit)
    sender = machine.tree.resolve(message.sender)
    actor = None if sender is None else machine.tree.get(sender)
    if sender is None or actor is None:
        return _Refused(ExitCode.SYS_SENDER_INVALID, "Sender invalid", penalty)
    if _is_new_ethereum_account(machine, actor):
        actor = actor.with_code(machine.manifest.ethaccount)
    if actor.code not in (machine.manifest.account, machine.manifest.ethaccount):
        return _Refused(ExitCode.SYS_SENDER_INVALID, "Send not from valid sender", penalty)
    if message.nonce != actor.nonce:
        return _Refused(
            ExitCode.SYS_SENDER_STATE_INVALID,
            f"Actor sequence invalid: {message.nonce} != {actor.nonce}",
            penalty,
        )
    gas_cost = TokenAmount(message.gas_fee_cap * message.gas_limit)
    if actor.balance < gas_cost:
        return _Refused(
            ExitCode.SYS_SENDER_STATE_INVALID,
            f"Actor balance less than needed: {actor.balance} < {gas_cost}",
            penalty,
        )
    charged = ActorState(
        actor.code, actor.head, actor.nonce + 1, actor.balance - gas_cost, actor.delegated_address
    )
    machine.tree.set(sender, charged)
    return sender


def _is_new_ethereum_account(machine: Machine, actor: ActorState) -> bool:
    """Return whether this is a placeholder whose first message makes it an account (FIP-0055)."""
    delegated = actor.delegated_address
    return (
        actor.code == machine.manifest.placeholder
        and actor.nonce == 0
        and delegated is not None
        and delegated.protocol is Protocol.DELEGATED
        and delegated.namespace == EAM_ACTOR
    )


def _run(machine: Machine, message: Message, sender: int, inclusion: charges.Charge) -> _Run:
    """Run an admitted message and write its receipt."""
    # The premium an actor sees is what the sender really pays above the base fee.
    premium = max(min(message.gas_premium, message.gas_fee_cap - machine.context.base_fee), _ZERO)
    calls = CallManager(
        machine,
        gas_limit=message.gas_limit,
        origin=sender,
        origin_address=message.sender,
        receiver=machine.tree.resolve(message.to),
        receiver_address=message.to,
        nonce=message.nonce,
        gas_premium=premium,
    )
    calls.gas.charge(*inclusion)
    # Parameters are plain CBOR, never DAG-CBOR: links sent from off chain are not reachable.
    codec = RAW if message.method == METHOD_SEND else CBOR
    params = Block(codec, message.params) if message.params else None
    gas_used: int | None = None
    return_data = b""
    try:
        answer = calls.call(sender, message.to, message.method, params, message.value)
        exit_code = answer.exit_code
        if answer.value is not None:
            return_data = answer.value.data
    except OutOfGas:
        exit_code = ExitCode.SYS_OUT_OF_GAS
    except SyscallError as error:
        exit_code = _DISPATCH_FAILURES.get(error.number, ExitCode.SYS_ASSERTION_FAILED)
        calls.backtrace.begin(str(error))
    except Fatal as error:
        # Every node meets the same broken invariant, so it is a verdict like any other.
        exit_code = ExitCode.SYS_ASSERTION_FAILED
        gas_used = message.gas_limit
        calls.backtrace.cause = str(error)
    receipt = Receipt(
        exit_code=exit_code,
        return_data=return_data,
        gas_used=round_up(calls.gas.used) if gas_used is None else gas_used,
        events_root=calls.events.root(machine.store),
    )
    events = tuple(calls.events.events)
    if exit_code == ExitCode.OK:
        return _Run(receipt, None, events)
    return _Run(receipt, calls.backtrace.describe(), events, calls.backtrace)


def _run_by_record(
    machine: Machine, message: Message, sender: int, inclusion: charges.Charge, recorded: Receipt
) -> _Run:
    """Run an admitted message that used the gas of a recorded receipt."""
    if 0 < recorded.exit_code < FIRST_USER_EXIT_CODE:
        return _Run(recorded, f"the network's machine ended it with {recorded.exit_code}", ())
    run = _run(machine, message, sender, inclusion)
    return replace(run, receipt=replace(run.receipt, gas_used=recorded.gas_used))


def _settle(machine: Machine, sender: int, split: GasOutputs) -> None:
    """Give each party its part of the fee paid in advance."""
    for actor_id, amount in (
        (BURNT_FUNDS_ACTOR, split.base_fee_burn),
        (REWARD_ACTOR, split.miner_tip),
        (BURNT_FUNDS_ACTOR, split.over_estimation_burn),
        (sender, split.refund),
    ):
        if amount < 0:
            raise Invalid("message-fees", f"the gas fees leave {amount} attoFIL for f0{actor_id}")
        if amount:
            machine.tree.deposit(actor_id, amount)


def _refusal(refused: _Refused) -> ApplyResult:
    receipt = Receipt(exit_code=refused.exit_code, return_data=b"", gas_used=0, events_root=None)
    return ApplyResult(
        receipt=receipt, penalty=refused.penalty, miner_tip=_ZERO, failure=refused.reason
    )
