"""Whether a voucher is good, and for how much (Lotus paychmgr, CheckVoucherValid).

A voucher is judged as if every voucher that is known had been redeemed before it, by the actor's
own arithmetic. It must add something to its lane, be signed by the payer, and be covered by what
the channel holds; one that only some epoch, secret or message makes good is taken by nobody here.

Quirk: a voucher for a lane that nobody has used may be of nothing, on any other it may not.

Lotus takes no voucher that merges lanes. Here it is worth what the actor gives for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from papyrus.actors.paych.params import SignedVoucher
from papyrus.actors.paych.state import Lane, State
from papyrus.actors.paych.vouchers import redeem
from papyrus.crypto.signatures import Signature, verify
from papyrus.paychan.chain_state import ChannelOnChain
from papyrus.paychan.refusals import InsufficientFunds, VoucherRefused
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import ActorError
from papyrus.primitives.sentences import sentence


@dataclass(slots=True)
class Standing:
    """What a channel comes to when vouchers are redeemed that the chain has not seen."""

    state: State
    lanes: dict[int, Lane]

    @property
    def promised(self) -> TokenAmount:
        """What the payee gets by all of them."""
        return self.state.to_send

    def take(self, voucher: SignedVoucher, *, must_add: bool = False) -> TokenAmount:
        """Redeem one more, whatever the channel holds; return what it adds to what is promised.

        VoucherRefused, and nothing changed, where the actor would not redeem it, or it adds nothing
        although it must.
        """
        changed = _Changed(self.lanes)
        # The amount of a voucher is the most that it can add.
        enough = TokenAmount(self.promised + max(voucher.amount, 0))
        try:
            state = redeem(self.state, changed, voucher, enough)
        except ActorError as error:
            raise VoucherRefused(error.message) from error
        added = TokenAmount(state.to_send - self.promised)
        if must_add and added <= 0:
            raise VoucherRefused(f"lane {voucher.lane} has paid as much without it")
        self.state = state
        self.lanes.update(changed.new)
        return added


def standing_of(channel: ChannelOnChain, known: Iterable[SignedVoucher]) -> Standing:
    """Return what a channel comes to with the vouchers that are known, in their order.

    Those that the chain has seen, or better ones, are passed over.
    """
    standing = Standing(channel.state, dict(channel.lanes))
    for voucher in known:
        try:
            standing.take(voucher)
        except VoucherRefused:
            continue
    return standing


def worth_handing_in(
    channel: ChannelOnChain, known: Iterable[SignedVoucher]
) -> list[SignedVoucher]:
    """Return the fewest of the vouchers that are known by which the payee gets what they come to.

    They are judged in the order in which they came. One that the chain has spent, or that is worth
    no more than those before it, is left out; of the others the last of each lane counts, and where
    one merges lanes, the last of each until then as well.
    """
    standing = Standing(channel.state, dict(channel.lanes))
    chosen: list[SignedVoucher] = []
    best: dict[int, SignedVoucher] = {}
    for voucher in known:
        try:
            standing.take(voucher, must_add=True)
        except VoucherRefused:
            continue
        if voucher.merges:
            chosen += (*best.values(), voucher)
            best.clear()
        else:
            best.pop(voucher.lane, None)
            best[voucher.lane] = voucher
    return [*chosen, *best.values()]


def check_voucher(
    voucher: SignedVoucher,
    address: Address,
    channel: ChannelOnChain,
    standing: Standing,
    payer: Address,
    epoch: ChainEpoch,
) -> TokenAmount:
    """Return what a voucher for a channel adds to its standing, and add it.

    `payer` is the key of who pays, `epoch` the first in which it can be redeemed. VoucherRefused
    where it is not good, InsufficientFunds where the channel holds too little.
    """
    _check_form(voucher, address)
    settling_at = channel.state.settling_at
    if settling_at != 0 and epoch >= settling_at:
        raise VoucherRefused("no vouchers can be processed after settling at epoch")
    _check_signature(voucher, payer)
    lane = standing.lanes.get(voucher.lane)
    if lane is not None and voucher.nonce <= lane.nonce:
        raise VoucherRefused("nonce too low")
    added = standing.take(voucher)
    if added <= 0 and (lane is not None or voucher.merges):
        raise VoucherRefused("voucher amount is lower than amount for voucher with lower nonce")
    if standing.promised > channel.balance:
        raise InsufficientFunds(TokenAmount(standing.promised - channel.balance))
    return added


def _check_form(voucher: SignedVoucher, address: Address) -> None:
    if voucher.channel != address:
        raise VoucherRefused(
            sentence(
                "voucher ChannelAddr doesn't match channel address, got {}, expected {}",
                voucher.channel,
                address,
            )
        )
    locks = {
        "Message": voucher.extra is not None,
        "Max Time": voucher.time_lock_max != 0,
        "Min Time": voucher.time_lock_min != 0,
        "Hash": bool(voucher.secret_hash),
    }
    for name, is_locked in locks.items():
        if is_locked:
            raise VoucherRefused(f"voucher is {name} Locked")
    if voucher.amount < 0:
        raise VoucherRefused(f"voucher amount must be non-negative, was {voucher.amount}")


def _check_signature(voucher: SignedVoucher, payer: Address) -> None:
    given = voucher.signature
    if given is None:
        raise VoucherRefused("voucher has no signature")
    if not verify(Signature(given.type, given.data), payer, voucher.signing_bytes()):
        raise VoucherRefused(sentence("voucher is not signed by {}, who pays", payer))


@dataclass(frozen=True, slots=True)
class _Changed:
    """Lanes, with those that a voucher changes apart from the rest."""

    old: Mapping[int, Lane]
    new: dict[int, Lane] = field(default_factory=dict)

    def get(self, index: int, /) -> Lane | None:
        return self.new.get(index) or self.old.get(index)

    def set(self, index: int, value: Lane, /) -> None:
        self.new[index] = value
