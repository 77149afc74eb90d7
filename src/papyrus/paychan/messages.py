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
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import Message, draft


def create(code: Cid, payer: Address, payee: Address, amount: TokenAmount) -> Message:
    """Return what makes a channel with some funds; `code` is that of payment channels."""
    parties = ConstructorParams(payer, payee).to_cbor()
    return draft(payer, INIT, amount, EXEC, ExecParams(code, parties).to_cbor())


def add_funds(payer: Address, channel: Address, amount: TokenAmount) -> Message:
    """Return what puts more into a channel."""
    return draft(payer, channel, amount)


def redeem(
    sender: Address, channel: Address, voucher: SignedVoucher, secret: bytes = b""
) -> Message:
    """Return what hands in a voucher that the other party has signed."""
    params = UpdateChannelStateParams(voucher, secret).to_cbor()
    return draft(sender, channel, method=UPDATE_CHANNEL_STATE, params=params)


def settle(sender: Address, channel: Address) -> Message:
    """Return what starts the delay after which a channel can be collected."""
    return draft(sender, channel, method=SETTLE)


def collect(sender: Address, channel: Address) -> Message:
    """Return what pays both parties out and deletes the channel."""
    return draft(sender, channel, method=COLLECT)
