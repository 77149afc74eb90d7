"""What a payment channel keeps on chain."""

from typing import Annotated

from papyrus.actors.common.collections import ArrayShape
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount


@cbor_tuple
class Lane(Record):
    """One stream of vouchers, independent of the others."""

    redeemed: TokenAmount
    """The amount of its latest voucher."""
    nonce: U64
    """The nonce of its latest voucher, or of the merge that emptied it."""


LANES: ArrayShape[Lane] = ArrayShape(Lane, bit_width=3)
"""Lanes by their number."""


@cbor_tuple
class State(Record):
    """A payment channel."""

    payer: Address
    """Who gets what is left (builtin-actors `from`)."""
    payee: Address
    """Who gets what vouchers have earned (builtin-actors `to`)."""
    to_send: TokenAmount
    """What vouchers have earned so far; sent when the channel is collected."""
    settling_at: ChainEpoch
    """The epoch from which the channel can be collected and takes no voucher; 0 before settling."""
    min_settle_height: ChainEpoch
    """The earliest epoch that `settling_at` may be, by vouchers redeemed."""
    lanes: Annotated[Cid, LANES]
    """Lanes (builtin-actors `lane_states`)."""
