"""Payment channels on a node: sending what they need, and hearing what became of it.

For each pair of payer and payee there is one message for funds under way at a time; wishes that
come meanwhile are met together afterwards. A message is noted before it is sent. Whatever the
moment at which the node ends, it knows afterwards whether it was sent, and never sends it twice.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

from papyrus.actors.init.params import ExecReturn
from papyrus.actors.paych.params import SignedVoucher
from papyrus.chain.head_changes import HeadChange
from papyrus.chain.search import MessageReplaced
from papyrus.ipld.cid import Cid
from papyrus.node.channel_settling import ChannelSettling
from papyrus.node.logging import part
from papyrus.node.node import Node
from papyrus.node.sending import Sending
from papyrus.paychan.chain_state import ChainState
from papyrus.paychan.channel_file import ChannelFile
from papyrus.paychan.funding import Funded, Wish, shares
from papyrus.paychan.manager import AvailableFunds, ChannelManager
from papyrus.paychan.messages import add_funds
from papyrus.paychan.records import Channel, Funding
from papyrus.paychan.refusals import ChannelRefusal
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, PapyrusError
from papyrus.primitives.sentences import sentence
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.vm.state_tree import StateTree

_log = part("paychan")

FILE = "payment-channels.sqlite"


class PaymentChannels:
    """The payment channels of a node."""

    def __init__(self, node: Node, sending: Sending, confidence: int = 0) -> None:
        """Open the records; LocalFault where they cannot be used.

        A message counts as executed with so many epochs on top of it.
        """
        self._node, self._sending, self._confidence = node, sending, confidence
        self._file = ChannelFile(node.plan.repository.folder / FILE)
        self.manager = ChannelManager(self._file, node.wallet, self._chain)
        self._wishes: dict[tuple[Address, Address], list[Wish]] = {}
        self._turns: dict[tuple[Address, Address], asyncio.Lock] = {}
        self._being_sent: set[UUID] = set()
        self._moved = asyncio.Event()
        node.executed.subscribe(self._on_head)
        settling = ChannelSettling(node, sending, self.manager, confidence)
        node.also_run("channels that settle", settling.run)

    def close(self) -> None:
        """Let go of the records."""
        self._file.close()

    # Funds.

    async def fund(self, payer: Address, payee: Address, wish: Wish) -> Funded:
        """Meet a wish for funds in the channel between two parties, which is made if need be.

        Returns when the message for it is sent, and those before it are executed. ChannelRefusal
        where it must be met with what is there, and cannot be; else what sending raises.
        """
        pair = self.manager.party(payer), self.manager.party(payee)
        waiting = self._wishes.setdefault(pair, [])
        waiting.append(wish)
        try:
            async with self._turns.setdefault(pair, asyncio.Lock()):
                await self._until(lambda: wish.answer is not None or self._is_free(pair))
                if wish.answer is None:
                    await self._meet(pair, tuple(waiting))
        finally:
            # Whoever goes away, or has an answer, waits no longer.
            waiting.remove(wish)
        return wish.result()

    async def ready(self, message: Cid) -> Address:
        """Return the channel's address once a message has made it, or put funds into it.

        ChannelRefusal where that failed, or nothing is known of the message.
        """
        await self._until(lambda: self._funding(message).outcome is not None)
        funding = self._funding(message)
        if funding.outcome or funding.channel is None:
            raise ChannelRefusal(funding.outcome or f"the channel of message {message} is gone")
        address = self._file.channel(funding.channel).address
        if address is None:
            raise ChannelRefusal(f"the channel of message {message} is not made")
        return address

    def funds(self, channel: Channel) -> AvailableFunds:
        """Return what a channel holds, and what is on its way there."""
        self.follow_up()
        return self.manager.funds(channel)

    def funds_between(self, payer: Address, payee: Address) -> AvailableFunds:
        """Return what the channel between two parties holds: nothing where there is none."""
        self.follow_up()
        first, second = self.manager.party(payer), self.manager.party(payee)
        channel = self.manager.active(first, second)
        return AvailableFunds(first, second) if channel is None else self.manager.funds(channel)

    def queued(self, found: AvailableFunds) -> TokenAmount:
        """Return what is wished for between two parties, and waits for its turn."""
        waiting = self._wishes.get((found.payer, found.payee), ())
        return TokenAmount(sum(wish.amount for wish in waiting if wish.answer is None))

    # Messages that vouchers and endings need.

    async def submit(self, address: Address, voucher: SignedVoucher, secret: bytes) -> Cid:
        """Hand a voucher in; ChannelRefusal where it was handed in before."""
        if self.manager.is_submitted(address, voucher):
            raise ChannelRefusal("cannot submit voucher that has already been submitted")
        cid = await self._send(self.manager.redemption(address, voucher, secret))
        self.manager.submitted(address, voucher)
        return cid

    async def settle(self, address: Address) -> Cid:
        """Start the delay after which a channel can be collected."""
        cid = await self._send(self.manager.settlement(address))
        self.manager.settled(address)
        return cid

    async def collect(self, address: Address) -> Cid:
        """Pay both parties and end a channel."""
        return await self._send(self.manager.collection(address))

    async def _send(self, message: Message) -> Cid:
        return (await self._sending.send(message)).cid

    async def _meet(self, pair: tuple[Address, Address], wishes: tuple[Wish, ...]) -> None:
        """Meet wishes, with one message at most."""
        payer, payee = pair
        channel = self.manager.active(payer, payee)
        found = shares(wishes, None if channel is None else channel.available)
        address = None if channel is None else channel.address
        for wish in found.refused:
            wish.answer = _not_enough(payer, payee, wish.amount, address)
        if channel is not None and found.reserved:
            self._file.reserve(channel, found.reserved)
        for wish in found.met:
            wish.answer = Funded(address, None)
        if not found.rest:
            return
        if address is None:
            message = self.manager.creation(payer, payee, found.amount)
        else:
            message = add_funds(payer, address, found.amount)
        number = None if channel is None else channel.number
        funding = Funding(uuid4(), number, message, found.amount, found.available)
        answer: Funded | Exception
        try:
            answer = Funded(address, (await self._send_noted(funding, payee)).cid)
        except (PapyrusError, LookupError) as error:
            answer = error
        for wish in found.rest:
            wish.answer = answer

    async def _send_noted(self, funding: Funding, payee: Address) -> SignedMessage:
        begun = self._file.begin(funding, payee)
        self._being_sent.add(funding.wish)
        try:
            signed = await self._sending.send(funding.draft, wish=funding.wish)
            self._file.sent(funding.wish, signed)
        except BaseException:
            self._file.withdraw(begun)
            raise
        finally:
            self._being_sent.discard(funding.wish)
        return signed

    # What became of messages.

    def _is_free(self, pair: tuple[Address, Address]) -> bool:
        """Return whether no message is under way between two parties."""
        channel = self.manager.active(*pair)
        return channel is None or self._file.funding_of(channel) is None

    def _funding(self, message: Cid) -> Funding:
        found = self._file.funding_by(message)
        if found is None:
            raise ChannelRefusal(f"Could not find wait msg cid {message}")
        return found

    async def _until(self, holds: Callable[[], bool]) -> None:
        self.follow_up()
        while not holds():
            await self._moved.wait()

    def _on_head(self, _change: HeadChange) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        self.follow_up()
        moved.set()

    def follow_up(self) -> None:
        """Note what became of the messages that are under way."""
        for funding in self._file.under_way():
            if funding.wish not in self._being_sent:
                try:
                    self._follow(funding)
                except PapyrusError as error:
                    _log.error("a message cannot be followed", error=error, wish=str(funding.wish))

    def _follow(self, funding: Funding) -> None:
        signed = funding.message or self._sending.sent_before(funding.wish)
        if signed is None:  # the node ended before it was sent, and nobody was told of it
            self._file.withdraw(funding)
            return
        if funding.message is None:
            self._file.sent(funding.wish, signed)
        head = self._node.executed.head
        try:
            found = self._sending.outcome(signed, head)
        except MessageReplaced as replaced:
            self._file.fail(funding, str(replaced))
            return
        if found is not None and head.height - found.tipset.height >= self._confidence:
            self._finish(funding, found.receipt)

    def _finish(self, funding: Funding, receipt: Receipt) -> None:
        channel = None if funding.channel is None else self._file.channel(funding.channel)
        is_new = channel is None or channel.address is None
        if not receipt.is_success:
            what = "payment channel creation" if is_new else "adding funds"
            self._file.fail(funding, f"{what} failed (exit code {int(receipt.exit_code)})")
            return
        if channel is not None and channel.address is not None:
            self._file.succeed(funding, channel.address)
            return
        try:
            self._file.succeed(funding, ExecReturn.from_cbor(receipt.return_data).robust_address)
        except DecodeError as error:
            self._file.fail(funding, f"payment channel creation returned no address: {error}")

    def _chain(self) -> ChainState:
        node = self._node
        head = node.executed.head
        root = node.states.known_after(head).state_root
        return ChainState(StateTree(node.chain.blocks, root), head.height + 1)


def _not_enough(
    payer: Address, payee: Address, amount: TokenAmount, channel: Address | None
) -> ChannelRefusal:
    command = sentence("`papyrus paych add-funds {} {} {}`", payer, payee, amount.unitless())
    if channel is None:
        return ChannelRefusal(sentence("payment channel doesn't exist, create with {}", command))
    return ChannelRefusal(
        sentence(
            "not enough funds available in the payment channel {}; add funds with {}",
            channel,
            command,
        )
    )
