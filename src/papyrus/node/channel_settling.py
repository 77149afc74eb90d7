"""Handing vouchers in by itself, once a channel of which this node is the payee is being settled.

Half a day after either party has asked to settle, anybody's share is final: a voucher that was not
handed in by then is worth nothing. So whenever the head changes, each inbound channel with keys
here is looked at, and of those that settle the best vouchers are sent (Lotus paychmgr/settler).

What is still to be sent is read from the chain and from the pool alone, and nothing of it is kept:
a node that was stopped meanwhile, or saw its message undone by a fork, does the right thing by
looking again. A voucher whose message failed is not tried again until the node is started anew.

Surprising: Lotus waits for a message by which a channel is settled, and so misses those that a
multisig or a contract has sent, and those that came while it was stopped. Here it is the state of
the channel that counts.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from papyrus.actors.paych.params import UPDATE_CHANNEL_STATE, SignedVoucher
from papyrus.chain.head_changes import HeadChange
from papyrus.chain.search import MessageReplaced
from papyrus.node.logging import part
from papyrus.node.node import Node
from papyrus.node.sending import Sending
from papyrus.paychan.chain_state import ChainState, ChannelOnChain
from papyrus.paychan.manager import ChannelManager
from papyrus.paychan.records import Channel, Direction
from papyrus.paychan.refusals import ChannelRefusal
from papyrus.paychan.vouchers import worth_handing_in
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import PapyrusError
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset

_log = part("paychan")

_Turn = tuple[Address, bytes]
"""A channel, and the parameters by which a voucher is handed in there."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """A head, what was executed up to it, and what waited on top of that."""

    head: Tipset
    chain: ChainState
    waiting: frozenset[_Turn]


class ChannelSettling:
    """What watches the channels of a node."""

    def __init__(
        self, node: Node, sending: Sending, manager: ChannelManager, confidence: int
    ) -> None:
        """Watch; a channel must have been settling for so many epochs."""
        self._node, self._sending, self._manager = node, sending, manager
        self._confidence = confidence
        self._since: dict[Address, ChainEpoch] = {}
        self._sent: dict[_Turn, SignedMessage] = {}
        self._told: set[tuple[object, ...]] = set()
        self._moved = asyncio.Event()
        node.executed.subscribe(self._on_head)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._moved.clear()
            try:
                await self._look()
            except PapyrusError as error:
                _log.error("payment channels were not looked at", error=error)
            await self._moved.wait()

    def _on_head(self, _change: HeadChange) -> None:
        self._moved.set()

    async def _look(self) -> None:
        channels = {
            channel.address: channel
            for channel in self._manager.file.channels()
            if channel.address is not None and channel.direction is Direction.INBOUND
        }
        moment = self._moment(channels.values())
        found = await self._node.thread.run(_settling, moment.chain, list(channels))
        height = moment.head.height
        self._since = {address: self._since.get(address, height) for address in found}
        for address, on_chain in found.items():
            if height - self._since[address] >= self._confidence:
                await self._hand_in(channels[address], address, on_chain, moment)

    def _moment(self, channels: Iterable[Channel]) -> _Moment:
        """Return the present, its parts of the same head."""
        waiting = (
            signed.message
            for payee in {channel.payee for channel in channels}
            for signed in self._node.pool.pending_of(payee)
        )
        turns = (_turn(one) for one in waiting if one.method == UPDATE_CHANNEL_STATE)
        return _Moment(self._node.executed.head, self._manager.chain(), frozenset(turns))

    async def _hand_in(
        self, channel: Channel, address: Address, on_chain: ChannelOnChain, moment: _Moment
    ) -> None:
        """Send what a channel that settles still owes to this node."""
        vouchers = worth_handing_in(on_chain, self._manager.file.vouchers(channel))
        if not vouchers:
            return
        settled_at = on_chain.state.settling_at
        if moment.chain.epoch >= settled_at:
            self._tell("vouchers came too late", address, epoch=settled_at)
            return
        if not self._node.wallet.has(channel.payee):
            self._tell(
                "vouchers must be handed in elsewhere, or the payee's key be imported",
                address,
                payee=channel.payee,
                before_epoch=settled_at,
            )
            return
        for voucher in vouchers:
            message = self._manager.redemption(address, voucher)
            if not self._is_sent(message, moment):
                await self._send(address, voucher, message)

    async def _send(self, address: Address, voucher: SignedVoucher, message: Message) -> None:
        fields = {"lane": voucher.lane, "nonce": voucher.nonce, "amount": int(voucher.amount)}
        try:
            signed = await self._sending.send(message)
        except (PapyrusError, LookupError) as error:
            # It cost nothing, so it is tried with the next head: a wallet may be unlocked by then.
            self._tell("a voucher could not be handed in", address, **fields, why=error)
            return
        self._sent[_turn(message)] = signed
        self._manager.submitted(address, voucher)
        _log.info("voucher handed in", channel=address, **fields, message=signed.cid)

    def _is_sent(self, message: Message, moment: _Moment) -> bool:
        """Return whether a voucher waits to be redeemed, or was sent from here in vain."""
        turn = _turn(message)
        if turn in moment.waiting:
            return True
        signed = self._sent.get(turn)
        if signed is None:
            return False
        try:
            found = self._sending.outcome(signed, moment.head)
        except MessageReplaced as replaced:
            self._tell("a voucher was not redeemed", message.to, message=signed.cid, why=replaced)
            return True
        if found is None:  # it waits, its tipset has no child yet, or the pool has lost it
            return self._sending.is_taken(signed.message)
        code = int(found.receipt.exit_code)
        self._tell("a voucher was not redeemed", message.to, message=signed.cid, exit_code=code)
        return True

    def _tell(self, event: str, channel: Address, **fields: object) -> None:
        """Tell of a misfortune once, not with each head."""
        key = (event, channel, *map(str, fields.values()))
        if key not in self._told:
            self._told.add(key)
            _log.warning(event, channel=channel, **fields)


def _turn(message: Message) -> _Turn:
    return message.to, message.params


def _settling(chain: ChainState, addresses: Iterable[Address]) -> dict[Address, ChannelOnChain]:
    """Return those of some channels that are being settled."""
    found = {}
    for address in addresses:
        try:
            channel = chain.channel(address)
        except ChannelRefusal:
            continue  # collected
        if channel.state.settling_at != 0:
            found[address] = channel
    return found
