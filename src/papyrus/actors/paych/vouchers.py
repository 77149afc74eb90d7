"""What redeeming a voucher does to a channel: the arithmetic of lanes and merges.

A voucher says what its lane has paid in all. So what it adds is its amount less what has been
redeemed before: on its own lane, and on the lanes that it merges into it. The difference may be
negative, which gives money back, as long as the channel then still owes no less than nothing.
"""

from dataclasses import replace
from typing import Protocol

from papyrus.actors.paych.params import SignedVoucher
from papyrus.actors.paych.state import Lane, State
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.vm.aborts import illegal_argument

MAX_LANE = 2**63 - 1


class Lanes(Protocol):
    """The lanes of a channel by number: the array in its state, or what stands for it."""

    def get(self, index: int, /) -> Lane | None:
        """Return a lane, or None."""
        ...

    def set(self, index: int, value: Lane, /) -> None:
        """Put a lane."""
        ...


def redeem(state: State, lanes: Lanes, voucher: SignedVoucher, balance: TokenAmount) -> State:
    """Return the channel after a voucher, and update its lanes in place.

    The lanes are left to be flushed. Aborts where a nonce is spent, a merge makes no sense, or the
    channel cannot pay.
    """
    lane = _find(lanes, voucher.lane)
    if lane is None:
        lane = Lane(redeemed=ZERO, nonce=0)
    elif lane.nonce >= voucher.nonce:
        raise illegal_argument(
            f"voucher has an outdated nonce, existing: {lane.nonce}, voucher: {voucher.nonce}, "
            "cannot redeem"
        )

    redeemed = lane.redeemed + _merge(lanes, voucher)
    to_send = state.to_send + (voucher.amount - redeemed)
    if to_send < 0:
        raise illegal_argument("voucher would leave channel balance negative")
    if to_send > balance:
        raise illegal_argument("not enough funds in channel to cover voucher")

    lanes.set(voucher.lane, Lane(voucher.amount, voucher.nonce))
    settling_at, min_settle_height = state.settling_at, state.min_settle_height
    if voucher.min_settle_height != 0:
        if settling_at != 0:
            settling_at = max(settling_at, voucher.min_settle_height)
        min_settle_height = max(min_settle_height, voucher.min_settle_height)
    return replace(
        state, to_send=to_send, settling_at=settling_at, min_settle_height=min_settle_height
    )


def _merge(lanes: Lanes, voucher: SignedVoucher) -> TokenAmount:
    """Return what the merged lanes have redeemed, and spend their nonces.

    Quirk: a merged lane keeps what it has redeemed, and may be merged again with a higher nonce.
    """
    redeemed = ZERO
    for merge in voucher.merges:
        if merge.lane == voucher.lane:
            raise illegal_argument("voucher cannot merge lanes into it's own lane")
        merged = _find(lanes, merge.lane)
        if merged is None:
            raise illegal_argument(f"voucher specifies invalid merge lane {merge.lane}")
        if merged.nonce >= merge.nonce:
            raise illegal_argument("merged lane in voucher has outdated nonce, cannot redeem")
        redeemed += merged.redeemed
        lanes.set(merge.lane, replace(merged, nonce=merge.nonce))
    return redeemed


def _find(lanes: Lanes, number: int) -> Lane | None:
    if number > MAX_LANE:
        raise illegal_argument("maximum lane ID is 2^63-1")
    return lanes.get(number)
