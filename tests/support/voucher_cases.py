"""Channels and vouchers for tests of what this node makes of them, without a chain around."""

from channels import signed, voucher
from people import people

from papyrus.actors.paych.state import LANES, Lane, State
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.paychan.chain_state import ChannelOnChain
from papyrus.paychan.vouchers import check_voucher, standing_of
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

PAYER, PAYEE = people(2)
CHANNEL = Address.actor(b"channel")
HOLDS = 1000
"""What the channel holds."""


def channel_with(lanes=None, *, holds=HOLDS, settling_at=0):
    """Return a channel on the chain on which the lanes have redeemed so much, each a nonce."""
    lanes = lanes or {}
    store = MemoryBlockstore()
    array = LANES.open(store, None)
    for number, lane in lanes.items():
        array.set(number, lane)
    state = State(
        payer=PAYER.address,
        payee=PAYEE.address,
        to_send=TokenAmount(sum(lane.redeemed for lane in lanes.values())),
        settling_at=settling_at,
        min_settle_height=0,
        lanes=array.flush(),
    )
    return store, ChannelOnChain(state, dict(lanes), TokenAmount(holds))


def lane(redeemed, nonce):
    return Lane(TokenAmount(redeemed), nonce)


def promise(number=0, nonce=1, amount=1, signer=PAYER, **fields):
    """Return a voucher that the payer has signed."""
    unsigned = voucher(CHANNEL, lane=number, nonce=nonce, amount=TokenAmount(amount), **fields)
    return unsigned if signer is None else signed(unsigned, signer)


def worth(given, channel, *known, epoch=10):
    """Return what a voucher adds to a channel with vouchers that are known."""
    standing = standing_of(channel, known)
    return check_voucher(given, CHANNEL, channel, standing, PAYER.key, epoch)
