"""The messages by which a payment channel is used (Lotus chain/actors/builtin/paych)."""

from papyrus.actors.init.params import EXEC, ExecParams
from papyrus.actors.paych.params import (
    COLLECT,
    SETTLE,
    UPDATE_CHANNEL_STATE,
    ConstructorParams,
    SignedVoucher,
    UpdateChannelStateParams,
)
from papyrus.actors.singletons import INIT
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.types.message import MESSAGE_VERSION, METHOD_SEND, Message


def create(code: Cid, payer: Address, payee: Address, amount: TokenAmount) -> Message:
    """Return what makes a channel with some funds; `code` is that of payment channels."""
    parties = ConstructorParams(payer, payee).to_cbor()
    return _message(payer, INIT, amount, EXEC, ExecParams(code, parties).to_cbor())


def add_funds(payer: Address, channel: Address, amount: TokenAmount) -> Message:
    """Return what puts more into a channel."""
    return _message(payer, channel, amount)


def redeem(
    sender: Address, channel: Address, voucher: SignedVoucher, secret: bytes = b""
) -> Message:
    """Return what hands in a voucher that the other party has signed."""
    params = UpdateChannelStateParams(voucher, secret).to_cbor()
    return _message(sender, channel, method=UPDATE_CHANNEL_STATE, params=params)


def settle(sender: Address, channel: Address) -> Message:
    """Return what starts the delay after which a channel can be collected."""
    return _message(sender, channel, method=SETTLE)


def collect(sender: Address, channel: Address) -> Message:
    """Return what pays both parties out and deletes the channel."""
    return _message(sender, channel, method=COLLECT)


def _message(
    sender: Address,
    to: Address,
    value: TokenAmount = ZERO,
    method: int = METHOD_SEND,
    params: bytes = b"",
) -> Message:
    return Message(
        version=MESSAGE_VERSION,
        to=to,
        sender=sender,
        nonce=0,
        value=value,
        gas_limit=0,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=method,
        params=params,
    )
