"""The payment channel actor: one party pays another by vouchers, and the chain sees the last ones.

The payer funds the channel and signs vouchers off the chain. Redeemed vouchers are only noted;
once either party has asked to settle and the delay is over, what they come to goes to the payee,
the rest goes back, and the channel is gone. Either party may redeem what the other has signed: the
payee's vouchers are how money is given back.
"""

from dataclasses import replace

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE, AuthenticateMessageParams
from papyrus.actors.common.integers import checked_i64
from papyrus.actors.common.resolution import resolve_to_id
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.paych import params as numbers
from papyrus.actors.paych.params import (
    ConstructorParams,
    SignedVoucher,
    UpdateChannelStateParams,
)
from papyrus.actors.paych.state import LANES, State
from papyrus.actors.paych.vouchers import redeem
from papyrus.crypto.hashing import BLAKE2B_256
from papyrus.ipld.cid import CBOR
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import ActorError
from papyrus.rules.policy import EPOCHS_IN_HOUR
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime

SETTLE_DELAY = 12 * EPOCHS_IN_HOUR
"""Half a day in which vouchers may still be handed in."""
MAX_SECRET_SIZE = 256
"""Bytes of the secret that comes with a voucher."""
CHANNEL_STATE_UPDATE_AFTER_SETTLED = 32
"""The exit code of a voucher that comes too late."""


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, params: ConstructorParams) -> None:
    """Open a channel between two actors."""
    rt.require_caller_type("init")
    payee = Address.from_id(resolve_to_id(rt, params.payee, must_exist=True))
    payer = Address.from_id(resolve_to_id(rt, params.payer, must_exist=True))
    rt.create(
        State(
            payer=payer,
            payee=payee,
            to_send=ZERO,
            settling_at=0,
            min_settle_height=0,
            lanes=LANES.empty_root(rt.store),
        )
    )


@method(numbers.UPDATE_CHANNEL_STATE)
def update_channel_state(rt: Runtime, params: UpdateChannelStateParams) -> None:
    """Redeem a voucher that the other party has signed."""
    state = rt.load(State)
    rt.require_caller(state.payer, state.payee)
    signer = state.payee if rt.caller == state.payer else state.payer
    voucher = params.voucher
    if voucher.signature is None:
        raise illegal_argument("voucher has no signature")
    if state.settling_at != 0 and rt.epoch >= state.settling_at:
        raise ActorError(
            CHANNEL_STATE_UPDATE_AFTER_SETTLED,
            "no vouchers can be processed after settling at epoch",
        )
    if len(params.secret) > MAX_SECRET_SIZE:
        raise illegal_argument("secret must be at most 256 bytes long")

    _authenticate(rt, signer, voucher.signature.data, voucher.signing_bytes())
    _require_redeemable(rt, voucher, params.secret)
    if voucher.extra is not None:
        extra = voucher.extra
        rt.send(extra.to, extra.method, Block(CBOR, extra.params))

    # The extra message may have come back to this channel.
    state = rt.load(State)
    lanes = LANES.open(rt.store, state.lanes)
    state = redeem(state, lanes, voucher, rt.balance)
    rt.save(replace(state, lanes=lanes.flush()))


@method(numbers.SETTLE)
def settle(rt: Runtime, _: None) -> None:
    """Start the delay after which the channel can be collected; either party, once."""
    state = rt.load(State)
    rt.require_caller(state.payer, state.payee)
    if state.settling_at != 0:
        raise illegal_state("channel already settling")
    settling_at = max(checked_i64(rt.epoch + SETTLE_DELAY), state.min_settle_height)
    rt.save(replace(state, settling_at=settling_at))


@method(numbers.COLLECT)
def collect(rt: Runtime, _: None) -> None:
    """Pay the payee what vouchers have earned and the payer the rest, and delete the channel."""
    state = rt.load(State)
    rt.require_caller(state.payer, state.payee)
    if state.settling_at == 0 or rt.epoch < state.settling_at:
        raise forbidden("payment channel not settling or settled")
    rt.send(state.payee, METHOD_SEND, value=state.to_send)
    rt.send(state.payer, METHOD_SEND, value=rt.balance)
    rt.delete_self()


def _authenticate(rt: Runtime, signer: Address, signature: bytes, message: bytes) -> None:
    """Abort unless a party says that it has signed a voucher; it may change nothing meanwhile."""
    claim = AuthenticateMessageParams(signature, message)
    answer = rt.send(signer, AUTHENTICATE_MESSAGE, claim, read_only=True)
    if not read_return(bool, answer):
        raise illegal_argument("voucher sig authentication failed")


def _require_redeemable(rt: Runtime, voucher: SignedVoucher, secret: bytes) -> None:
    """Abort unless a voucher is for this channel and this epoch, and the secret is its secret."""
    channel = rt.resolve(voucher.channel)
    if channel is None:
        raise illegal_argument(
            f"voucher payment channel address {voucher.channel} does not resolve to an ID address"
        )
    if channel != rt.receiver_id:
        raise illegal_argument(
            f"voucher payment channel address {channel} does not match receiver {rt.receiver}"
        )
    if rt.epoch < voucher.time_lock_min:
        raise illegal_argument("cannot use this voucher yet")
    if voucher.time_lock_max != 0 and rt.epoch > voucher.time_lock_max:
        raise illegal_argument("this voucher has expired")
    if voucher.amount < 0:
        raise illegal_argument(f"voucher amount must be non-negative, was {voucher.amount}")
    if voucher.secret_hash and voucher.secret_hash != rt.hash(BLAKE2B_256, secret):
        raise illegal_argument("incorrect secret")


PAYCH = ActorCode(
    name="paymentchannel",
    state=State,
    methods=(constructor, update_channel_state, settle, collect),
)
