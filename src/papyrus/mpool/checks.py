"""What a message must be to wait in the pool, in the order in which it is asked (node.md 3.10).

First comes what the message alone shows, its signature last since that costs most. Then what the
state after the head says of its sender. Then what the next block would ask of it, and last whether
the sender can pay. The order decides which reason is given, and with it what a peer has earned;
it is that of `messagepool.go` (checkMessage, addTs, verifyMsgBeforeAdd, checkBalance).
"""

from papyrus.consensus.base_fee import MINIMUM_BASE_FEE
from papyrus.consensus.message_signatures import check_signature_form
from papyrus.consensus.message_validity import MAX_VALUE, check_form, check_message
from papyrus.consensus.verdicts import Fault
from papyrus.mpool.chain_view import Account
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.refusals import Refusal, refused
from papyrus.mpool.sender_messages import SenderMessages
from papyrus.primitives.address import Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.versions import Rules
from papyrus.types.message import Message, SignedMessage

MAX_MESSAGE_SIZE = 64 << 10
"""Bytes of a message and its signature together."""

ADMISSION_DIVISOR = 100
"""A fee cap below this part of the base fee has no chance within some twenty epochs."""

INCLUSION_DIVISOR = 10
"""What is published again, or kept where the pool is too large, has a fee cap above this part."""


def base_fee_lower_bound(base_fee: int, divisor: int) -> int:
    """Return how far the base fee may have fallen by the time a message is chosen."""
    return max(base_fee // divisor, int(MINIMUM_BASE_FEE))


def check_outgoing(message: Message) -> None:
    """Raise Invalid where a user's message would lose its funds in an address nobody can have."""
    to = message.to
    if to.protocol is Protocol.DELEGATED and to.to_ethereum() is None:
        raise refused(
            Refusal.RECIPIENT_UNREACHABLE,
            sentence("message recipient {} is a delegated address but", to),
        )


def check_alone(signed: SignedMessage) -> bytes:
    """Return a message's bytes; Invalid where it is refused for what it is, its signature aside."""
    message = signed.message
    encoded = signed.to_cbor()
    if len(encoded) > MAX_MESSAGE_SIZE:
        raise refused(Refusal.MESSAGE_TOO_BIG, f"mpool message too large ({len(encoded)}B)")
    check_form(message)
    if message.value >= MAX_VALUE:
        raise refused(Refusal.VALUE_TOO_HIGH, f"a value of {message.value.to_fil()}")
    if message.gas_fee_cap < MINIMUM_BASE_FEE:
        raise refused(
            Refusal.FEE_CAP_BELOW_MINIMUM,
            f"a fee cap of {message.gas_fee_cap} attoFIL, where {MINIMUM_BASE_FEE} is the lowest "
            "base fee",
        )
    return encoded


def known_sender(message: PendingMessage, account: Account | None) -> Account:
    """Return the sender's account; Invalid where there is none."""
    if account is None:
        raise refused(
            Refusal.SENDER_UNKNOWN,
            sentence(
                "failed to look up actor state nonce: {} is not there",
                message.signed.message.sender,
            ),
        )
    return account


def check_nonce(message: PendingMessage, account: Account) -> None:
    """Raise Invalid where a message's turn has passed."""
    if account.nonce > message.nonce:
        raise refused(
            Refusal.NONCE_TOO_LOW,
            f"minimum expected nonce is {account.nonce}, got {message.nonce}",
        )


def check_sender(message: PendingMessage, account: Account, rules: Rules, chain_id: int) -> None:
    """Raise Invalid where the rules of the next epoch do not let the sender send this."""
    check_signature_form(message.signed, rules, chain_id)
    if not account.may_send:
        raise Invalid(
            Fault.SENDER_NOT_AN_ACCOUNT,
            sentence(
                "sender actor {} is not a valid top-level sender", message.signed.message.sender
            ),
        )


def check_inclusion(
    message: PendingMessage, prices: GasPrices, base_fee: int, *, local: bool
) -> bool:
    """Raise Invalid where no block would take a message; return whether it is to be published.

    A user's own message whose fee cap is too low is kept, and published once the base fee
    has fallen. `base_fee` is that of the head's own messages.
    """
    check_message(message.signed.message, message.length, prices)
    bound = base_fee_lower_bound(base_fee, ADMISSION_DIVISOR)
    if message.fee_cap >= bound:
        return local
    if not local:
        raise refused(
            Refusal.FEE_CAP_BELOW_BOUND,
            "GasFeeCap doesn't meet base fee lower bound for inclusion in the next 20 blocks "
            f"(GasFeeCap: {message.fee_cap}, baseFeeLowerBound: {bound})",
        )
    return False


def check_funds(message: PendingMessage, account: Account, waiting: SenderMessages | None) -> None:
    """Raise Invalid where the sender cannot pay for the gas of all its messages."""
    # Quirk: the values sent are not counted, here and in Lotus.
    required, balance = message.required_funds, account.balance
    if balance < required:
        raise refused(
            Refusal.NOT_ENOUGH_FUNDS,
            f"not enough funds (required: {_fil(required)}, balance: {_fil(balance)})",
        )
    if waiting is not None:
        required += waiting.required_funds(but=message.nonce)
    if balance < required:
        raise refused(
            Refusal.NOT_ENOUGH_FUNDS_FOR_ALL,
            "not enough funds including pending messages "
            f"(required: {_fil(required)}, balance: {_fil(balance)})",
        )


def _fil(amount: int) -> str:
    return TokenAmount(amount).to_fil()
