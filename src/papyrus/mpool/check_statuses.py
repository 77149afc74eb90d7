"""What speaks for and against messages before they are pushed, check by check (Lotus check.go).

Where the pool refuses with the first rule that is broken, this tells of each check whether it
holds, for a wallet to show. Messages of one sender are looked at one after the other, each after
those before it: its nonce and what it costs add up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from papyrus.consensus.base_fee import MINIMUM_BASE_FEE
from papyrus.consensus.message_validity import check_form
from papyrus.ipld.cid import Cid
from papyrus.mpool.chain_view import ChainView
from papyrus.mpool.checks import ADMISSION_DIVISOR, MAX_MESSAGE_SIZE, base_fee_lower_bound
from papyrus.mpool.pool import MessagePool
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence, told
from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.network import Network
from papyrus.types.message import Message
from papyrus.vm.gas import round_up
from papyrus.vm.gas_charges import on_chain_message

_ROOM_FOR_SIGNATURE = 128
_UPPER_FACTOR = 10
"""A fee cap of so many base fees holds for the next twenty epochs whatever happens."""


class CheckCode(IntEnum):
    """What is checked, by Lotus' numbers."""

    SERIALIZE = 1
    SIZE = 2
    VALIDITY = 3
    MINIMUM_GAS = 4
    MINIMUM_BASE_FEE = 5
    BASE_FEE = 6
    BASE_FEE_LOWER_BOUND = 7
    BASE_FEE_UPPER_BOUND = 8
    STATE_NONCE = 9
    NONCE = 10
    STATE_BALANCE = 11
    BALANCE = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one message."""

    cid: Cid
    """Of the message without a signature."""
    code: CheckCode
    error: str = ""
    """Why it does not hold, or a warning."""
    holds: bool = True
    hint: dict[str, Any] | None = None
    """The figures it goes by."""


@dataclass(slots=True)
class _Sender:
    """Where a sender stands after the messages looked at."""

    next_nonce: int
    balance: TokenAmount
    spent: int = 0


@dataclass(frozen=True, slots=True)
class CheckBasis:
    """What messages are checked by, as it was at one moment."""

    base_fee: int
    prices: GasPrices
    letter: str
    """Of the addresses that are told."""
    senders: dict[Address, _Sender | None]


@dataclass(slots=True)
class _Checks:
    """The checks of one message as they come."""

    cid: Cid
    done: list[Check] = field(default_factory=list)

    def note(self, code: CheckCode, error: str = "", **hint: Any) -> bool:
        """Note a check, which holds where there is no error; return whether it does."""
        self.done.append(Check(self.cid, code, error, not error, hint or None))
        return not error


def pending_messages(pool: MessagePool, sender: Address) -> list[Message]:
    """Return what waits of a sender, in order of nonce."""
    return [signed.message for signed in pool.pending_of(sender)]


def with_replacements(pool: MessagePool, messages: Iterable[Message]) -> list[Message]:
    """Return what would wait of some senders if messages took the places of others."""
    by_sender: dict[Address, dict[int, Message]] = {}
    for message in messages:
        if message.sender not in by_sender:
            waiting = pending_messages(pool, message.sender)
            by_sender[message.sender] = {one.nonce: one for one in waiting}
        by_sender[message.sender][message.nonce] = message
    return [waiting[nonce] for waiting in by_sender.values() for nonce in sorted(waiting)]


def basis_of(
    messages: Iterable[Message],
    pool: MessagePool,
    view: ChainView,
    network: Network,
    *,
    follows_pending: bool,
) -> CheckBasis:
    """Return what some messages are checked by, at this moment.

    `follows_pending` says that they are to come after what waits of their senders, else they are
    all there is.
    """
    head = view.head
    return CheckBasis(
        base_fee=int(head.parent_base_fee),
        prices=network.inclusion_prices_at(head.height + 1),
        letter=network.address_prefix,
        senders={
            sender: _sender(sender, pool, follows_pending)
            for sender in dict.fromkeys(message.sender for message in messages)
        },
    )


def check_messages(
    messages: Sequence[Message], basis: CheckBasis, any_nonce: Sequence[bool] | None = None
) -> list[list[Check]]:
    """Return the checks of each message; the basis is used up.

    A message for which `any_nonce` is true has not got its nonce yet.
    """
    seen: set[Address] = set()
    found = []
    for place, message in enumerate(messages):
        checks = _Checks(message.cid)
        sender = basis.senders[message.sender]
        if sender is None:
            checks.note(CheckCode.STATE_NONCE, _UNKNOWN_NONCE)
        else:
            if message.sender in seen:
                checks.note(CheckCode.STATE_NONCE)
            else:
                checks.note(CheckCode.STATE_NONCE, nonce=sender.next_nonce)
            seen.add(message.sender)
            checks.note(CheckCode.STATE_BALANCE, balance=sender.balance)
            if _check_alone(message, checks, basis.letter):
                _check_gas(message, checks, basis.base_fee, basis.prices)
                is_free = any_nonce is not None and any_nonce[place]
                _check_turn(message, checks, sender, any_nonce=is_free)
        found.append(checks.done)
    return found


_UNKNOWN_NONCE = "error retrieving state nonce: actor not found"


def _sender(sender: Address, pool: MessagePool, follows_pending: bool) -> _Sender | None:
    account = pool.account(sender)
    if account is None:
        return None
    queue = pool.queue(sender) if follows_pending else None
    if queue is None:
        return _Sender(account.nonce, account.balance)
    spent = sum(one.required_funds + one.value for one in queue.in_order())
    return _Sender(queue.next_nonce, account.balance, spent)


def _check_alone(message: Message, checks: _Checks, letter: str) -> bool:
    """Note what the message alone shows; return whether it is worth looking further."""
    checks.note(CheckCode.SERIALIZE)
    too_big = message.chain_length > MAX_MESSAGE_SIZE - _ROOM_FOR_SIGNATURE
    checks.note(CheckCode.SIZE, "message too big" if too_big else "")
    try:
        check_form(message)
    except Invalid as error:
        return checks.note(
            CheckCode.VALIDITY, told(sentence("syntactically invalid message: {}", error), letter)
        )
    return checks.note(CheckCode.VALIDITY)


def _check_gas(message: Message, checks: _Checks, base_fee: int, prices: GasPrices) -> None:
    """Note what the message offers for its gas."""
    name, compute, storage = on_chain_message(prices, message.chain_length)
    minimum = round_up(compute + storage)
    checks.note(
        CheckCode.MINIMUM_GAS,
        "GasLimit less than epoch minimum gas" if message.gas_limit < minimum else "",
        minGas={
            "Name": name,
            "Extra": None,
            "ComputeGas": round_up(compute),
            "StorageGas": round_up(storage),
            "VirtualCompute": 0,
            "VirtualStorage": 0,
        },
    )
    fee_cap = message.gas_fee_cap
    if fee_cap < MINIMUM_BASE_FEE:
        checks.note(CheckCode.MINIMUM_BASE_FEE, "GasFeeCap less than minimum base fee")
        return
    checks.note(CheckCode.MINIMUM_BASE_FEE)
    now = TokenAmount(base_fee)
    lower = TokenAmount(base_fee_lower_bound(base_fee, ADMISSION_DIVISOR))
    upper = TokenAmount(base_fee * _UPPER_FACTOR)
    checks.note(
        CheckCode.BASE_FEE,
        "GasFeeCap less than current base fee" if fee_cap < now else "",
        baseFee=now,
    )
    checks.note(
        CheckCode.BASE_FEE_LOWER_BOUND,
        "GasFeeCap less than base fee lower bound for inclusion in next 20 epochs"
        if fee_cap < lower
        else "",
        baseFeeLowerBound=lower,
        baseFee=now,
    )
    warning = "GasFeeCap less than base fee upper bound for inclusion in next 20 epochs"
    checks.done.append(
        Check(
            checks.cid,
            CheckCode.BASE_FEE_UPPER_BOUND,
            warning if fee_cap < upper else "",
            holds=True,
            hint={"baseFeeUpperBound": upper, "baseFee": now},
        )
    )


def _check_turn(message: Message, checks: _Checks, sender: _Sender, *, any_nonce: bool) -> None:
    """Note whether it is the message's turn and its sender can pay for it, and go on after it."""
    if any_nonce or sender.next_nonce == message.nonce:
        checks.note(CheckCode.NONCE, nextNonce=sender.next_nonce)
        sender.next_nonce += 1
    else:
        checks.note(
            CheckCode.NONCE,
            f"message nonce doesn't match next nonce ({sender.next_nonce})",
            nextNonce=sender.next_nonce,
        )
    sender.spent += message.gas_fee_cap * message.gas_limit + message.value
    checks.note(
        CheckCode.BALANCE,
        "insufficient balance" if sender.balance < sender.spent else "",
        requiredFunds=TokenAmount(sender.spent),
    )
