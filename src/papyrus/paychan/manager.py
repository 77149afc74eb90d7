"""The payment channels of a node: which there are, and what vouchers are worth (Lotus paychmgr).

A channel is known by its address, or by who pays whom as long as nobody settles it. One that
another node made is taken up when its first voucher is handed in here, if its payee's key is here.

Nothing is sent from here. Messages are returned for others to send; what they must tell of them
afterwards is noted by a method of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.paych.params import SignedVoucher
from papyrus.crypto.signatures import VM_TYPES, Signature
from papyrus.ipld.cid import Cid
from papyrus.paychan import messages
from papyrus.paychan.chain_state import ChainState
from papyrus.paychan.channel_file import ChannelFile
from papyrus.paychan.records import Channel
from papyrus.paychan.refusals import ChannelNotTracked, ChannelRefusal, VoucherRefused
from papyrus.paychan.vouchers import check_voucher, standing_of
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.sentences import sentence
from papyrus.types.message import Message


class Keys(Protocol):
    """The keys of this node."""

    def has(self, address: Address) -> bool:
        """Return whether the key of an address is here."""
        ...

    def sign(self, address: Address, data: bytes) -> Signature:
        """Return the signature of some bytes."""
        ...


@dataclass(frozen=True, slots=True)
class AvailableFunds:
    """What a channel between two parties holds, and what is on its way there."""

    payer: Address
    payee: Address
    channel: Address | None = None
    confirmed: TokenAmount = ZERO
    """What was put in from here, and is there."""
    available: TokenAmount = ZERO
    """What of it nobody has reserved."""
    pending: TokenAmount = ZERO
    """What is on its way."""
    pending_available: TokenAmount = ZERO
    """What of it nobody has reserved."""
    message: Cid | None = None
    """Which brings it; None where nothing is on its way, or is just being sent."""
    promised: TokenAmount = ZERO
    """What the payee gets by all vouchers that are known."""


class ChannelManager:
    """The channels, over their file."""

    def __init__(self, file: ChannelFile, keys: Keys, chain: Callable[[], ChainState]) -> None:
        """Judge by the state that `chain` gives at the time, and sign with some keys."""
        self.file = file
        self._keys = keys
        self.chain = chain

    # Which channels there are.

    def addresses(self) -> list[Address]:
        """Return the addresses of all channels."""
        return [channel.address for channel in self.file.channels() if channel.address is not None]

    def tracked(self, address: Address) -> Channel:
        """Return the channel at an address; ChannelNotTracked where it is none of these."""
        channel = self.file.channel_at(address)
        if channel is None:
            raise ChannelNotTracked(address)
        return channel

    def active(self, payer: Address, payee: Address) -> Channel | None:
        """Return the channel by which one pays the other; one that is not made yet counts."""
        chain = self.chain()
        for channel in self.file.outbound(payer, payee):
            if channel.address is None:
                return channel
            try:
                found = chain.channel(channel.address)
            except ChannelRefusal:
                continue  # collected, or on a chain that was given up
            if found.state.settling_at == 0:
                return channel
        return None

    def party(self, address: Address) -> Address:
        """Return how the records name a party: by its key, or as it is where it has none."""
        try:
            return self.chain().key_of(address)
        except LookupError:
            return address

    def creation(self, payer: Address, payee: Address, amount: TokenAmount) -> Message:
        """Return the message that makes a channel."""
        return messages.create(self.chain().code, payer, payee, amount)

    # Vouchers.

    def allocate_lane(self, address: Address) -> int:
        """Return a lane of a channel that nobody was given before."""
        return self.file.allocate_lane(self.tracked(address))

    def create_voucher(self, address: Address, terms: SignedVoucher) -> SignedVoucher:
        """Return a voucher of some terms for a channel, with nonce and signature; it is kept.

        InsufficientFunds where the channel holds too little, VoucherRefused for other terms that
        are not good.
        """
        channel = self.tracked(address)
        chain = self.chain()
        found = chain.channel(address)
        standing = standing_of(found, self.file.decisive_vouchers(channel))
        lane = standing.lanes.get(terms.lane)
        last = max(self.file.best_nonce(channel, terms.lane), 0 if lane is None else lane.nonce)
        unsigned = replace(terms, channel=address, nonce=last + 1, signature=None)
        signature = self._keys.sign(channel.control, unsigned.signing_bytes())
        if signature.type not in VM_TYPES:
            raise VoucherRefused(
                sentence("{} signs as Ethereum does, which no channel takes", channel.control)
            )
        voucher = replace(unsigned, signature=GivenSignature(signature.type, signature.data))
        payer = self.party(found.state.payer)
        check_voucher(voucher, address, found, standing, payer, chain.epoch)
        self.file.add_voucher(channel, voucher)
        return voucher

    def check_voucher(self, address: Address, voucher: SignedVoucher) -> TokenAmount:
        """Return what a voucher adds to a channel; VoucherRefused, InsufficientFunds.

        One that is kept here is good as long as neither the chain nor anybody here has a later one.
        """
        return self._worth(address, self._taken_up(address), voucher)

    def add_voucher(
        self, address: Address, voucher: SignedVoucher, least: TokenAmount = ZERO
    ) -> TokenAmount:
        """Keep a voucher and return what it adds, 0 where it was kept before.

        It is on the disk then. VoucherRefused where it is not good or adds less than is asked for,
        InsufficientFunds where the channel holds too little.
        """
        channel = self._taken_up(address)
        if self.file.is_submitted(channel, voucher) is not None:
            return ZERO
        added = self._worth(address, channel, voucher)
        if added < least:
            raise VoucherRefused(
                f"addVoucher: supplied token amount too low; minD={int(least)}, D={int(added)}"
            )
        self.file.add_voucher(channel, voucher)
        return added

    def vouchers(self, address: Address) -> list[SignedVoucher]:
        """Return the vouchers of a channel, in the order in which they came."""
        return self.file.vouchers(self.tracked(address))

    def encoded_vouchers(self, address: Address) -> list[bytes]:
        """Return what `vouchers` does, to be decoded elsewhere."""
        return self.file.encoded_vouchers(self.tracked(address))

    # What is sent.

    def redemption(self, address: Address, voucher: SignedVoucher, secret: bytes = b"") -> Message:
        """Return the message by which the payee hands a voucher in."""
        payee = self.chain().channel(address).state.payee
        return messages.redeem(self.party(payee), address, voucher, secret)

    def is_submitted(self, address: Address, voucher: SignedVoucher) -> bool | None:
        """Return whether a voucher was handed in, or a later one; None where it is not kept."""
        return self.file.is_submitted(self.tracked(address), voucher)

    def submitted(self, address: Address, voucher: SignedVoucher) -> None:
        """Note that a voucher was handed in; it is kept from then on."""
        channel = self.tracked(address)
        self.file.add_voucher(channel, voucher)
        self.file.mark_submitted(channel, voucher)

    def settlement(self, address: Address) -> Message:
        """Return the message that starts the delay after which a channel is collected."""
        return messages.settle(self.tracked(address).control, address)

    def settled(self, address: Address) -> None:
        """Note that it was sent."""
        self.file.mark_settling(self.tracked(address))

    def collection(self, address: Address) -> Message:
        """Return the message that pays both parties and ends a channel."""
        return messages.collect(self.tracked(address).control, address)

    # Funds.

    def funds(self, channel: Channel) -> AvailableFunds:
        """Return what a channel holds, and what is on its way there."""
        found = AvailableFunds(
            channel.payer, channel.payee, channel.address, channel.confirmed, channel.available
        )
        if channel.address is not None:
            here = self.chain().channel(channel.address)
            standing = standing_of(here, self.file.decisive_vouchers(channel))
            found = replace(found, promised=standing.promised)
        funding = self.file.funding_of(channel)
        if funding is None:
            return found
        return replace(
            found,
            pending=funding.amount,
            pending_available=funding.available,
            message=None if funding.message is None else funding.message.cid,
        )

    def _taken_up(self, address: Address) -> Channel:
        """Return a channel, which is taken up where its payee is here."""
        known = self.file.channel_at(address)
        if known is not None:
            return known
        chain = self.chain()
        found = chain.channel(address)
        payer, payee = self.party(found.state.payer), self.party(found.state.payee)
        if not self._keys.has(payee):
            raise ChannelRefusal(
                sentence(
                    "cannot add voucher for channel {}: wallet does not have key for address {}",
                    address,
                    payee,
                )
            )
        return self.file.add_inbound(address, payer, payee, max(found.lanes, default=-1) + 1)

    def _worth(self, address: Address, channel: Channel, voucher: SignedVoucher) -> TokenAmount:
        chain = self.chain()
        found = chain.channel(address)
        others = [each for each in self.file.decisive_vouchers(channel) if each != voucher]
        payer = self.party(found.state.payer)
        return check_voucher(
            voucher, address, found, standing_of(found, others), payer, chain.epoch
        )
