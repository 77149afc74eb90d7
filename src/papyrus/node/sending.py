"""From what a user wants to send to a signed message in the pool (Lotus' MpoolPushMessage).

The gas is estimated by a trial in a worker, then the message gets the next nonce, is signed
and pushed. Two messages of one sender are not prepared at once, so that each gets its own nonce.
"""

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass, replace
from random import gauss
from threading import Event
from typing import Any, NoReturn
from uuid import UUID
from weakref import WeakValueDictionary

from papyrus.chain.search import MessageLookup, search_message
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.verdicts import Fault
from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.checks import check_outgoing
from papyrus.mpool.gas_estimation import (
    EPOCHS_TO_INCLUSION,
    NOISE_DEVIATION,
    GasEstimator,
    GasHistory,
    SendSpec,
)
from papyrus.node.chain_thread import ChainThread
from papyrus.node.disk_thread import DiskThread
from papyrus.node.node import Node
from papyrus.node.sent_messages import SentMessages
from papyrus.node.tipset_work import try_message
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid, LocalFault, PapyrusError
from papyrus.primitives.sentences import sentence
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.executor import ApplyResult

_WAKE_SECONDS = 0.5


class Sending:
    """What makes messages out of wishes."""

    def __init__(self, node: Node) -> None:
        """Send for the wallet of a node."""
        self._node = node
        self._thread = ChainThread(node.chain.blocks)
        self._locks: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()
        self._history = GasHistory(self._view_at(node.executed.head))
        path = node.plan.repository.folder / "sent.sqlite"
        self._sent = DiskThread("sent messages", lambda: SentMessages(path))
        self._stopping = Event()

    async def send(
        self, message: Message, spec: SendSpec | None = None, wish: UUID | None = None
    ) -> SignedMessage:
        """Return the signed message that waits in the pool now, its gas and nonce filled in.

        A wish that was told before, by its UUID, is not sent again. Raises LocalFault in words
        where it cannot be sent, LookupError where its sender has no key, Invalid where the pool
        refuses it, and ActorError where it fails in the trial.
        """
        check_outgoing(message)
        known = await self._sent_already(wish)
        if known is not None:
            return known
        if message.nonce:
            raise LocalFault(f"MpoolPushMessage expects message nonce to be 0, was {message.nonce}")
        if self._node.pool.account(message.sender) is None:
            raise Invalid(
                Fault.SENDER_NOT_FOUND, sentence("sender {} not found on chain", message.sender)
            )
        sender = self._node.view.key_of(message.sender)
        lock = self._locks.setdefault(sender, asyncio.Lock())
        async with lock:
            # Where it was told twice at once, it was sent while this one waited.
            known = await self._sent_already(wish)
            if known is not None:
                return known
            filled = await self.estimate(replace(message, sender=sender), spec)
            if filled.gas_premium > filled.gas_fee_cap:
                raise LocalFault(
                    f"After estimation, GasPremium is greater than GasFeeCap: {filled.gas_premium} "
                    f"is above {filled.gas_fee_cap}; allow a higher fee, or set both"
                )
            self._expect_funds(filled)
            return await self._sign_and_push(filled, wish)

    async def _sign_and_push(self, message: Message, wish: UUID | None) -> SignedMessage:
        """Sign a message whose gas is filled in, with its sender's next nonce, and push it."""
        pool = self._node.pool
        signed = self._signed(message)
        if wish is not None:
            # Before it waits: if the node ends in between, this one is sent when it is told again.
            await self._sent.run(SentMessages.put, wish, signed)
            while pool.next_nonce(message.sender) != signed.message.nonce:
                # Somebody who signs for the same sender was faster.
                signed = self._signed(message)
                await self._sent.run(SentMessages.put, wish, signed)
        try:
            await self._node.pushing.on_disk(pool.push(signed))
        except PapyrusError:
            if wish is not None:
                await self._sent.run(SentMessages.remove, wish)
            raise
        return signed

    def _signed(self, message: Message) -> SignedMessage:
        nonce = self._node.pool.next_nonce(message.sender)
        return self._node.wallet.sign_message(replace(message, nonce=nonce))

    async def _sent_already(self, wish: UUID | None) -> SignedMessage | None:
        """Return what was sent for a wish, if anything was, once it is on the disk."""
        signed = self.sent_before(wish)
        if signed is not None:
            await self._node.pushing.quiet()
        return signed

    def sent_before(self, wish: UUID | None) -> SignedMessage | None:
        """Return what was sent for a wish, if anything was; it waits or the chain has its nonce."""
        signed = None if wish is None else self._sent.reader.get(wish)
        if signed is not None and not self.is_taken(signed.message):
            self._node.pool.push(signed)
        return signed

    def outcome(self, signed: SignedMessage, base: Tipset) -> MessageLookup | None:
        """Return how a message from here was executed on the chain up to a tipset, None if not.

        MessageReplaced where another one took its place.
        """
        node = self._node
        return search_message(
            node.chain,
            node.opened.index,
            node.network,
            signed.cid,
            base=base,
            known=signed.message,
        )

    def is_taken(self, message: Message) -> bool:
        """Return whether a message's place is taken, by itself or what came instead of it."""
        pool = self._node.pool
        account, queue = pool.account(message.sender), pool.queue(message.sender)
        waiting = () if queue is None else queue.in_order()
        return (account is not None and account.nonce > message.nonce) or any(
            one.nonce == message.nonce for one in waiting
        )

    async def estimate(
        self, message: Message, spec: SendSpec | None = None, base: Tipset | None = None
    ) -> Message:
        """Return a message with its gas filled in, as far as it is 0, and its fee capped.

        What it takes is tried on the head; what to offer is judged by the base, which is the head
        unless another is given. ActorError where the message fails.
        """
        estimator = self._estimator(self._node.pool.pending_of(message.sender), base)
        return await self._thread.run(estimator.message_gas, message, spec)

    async def gas_limit(self, message: Message) -> int:
        """Return the gas that a message takes; ActorError where it fails."""
        estimator = self._estimator(self._node.pool.pending_of(message.sender))
        return await self._thread.run(estimator.gas_limit, message)

    async def premium(
        self, epochs_to_inclusion: int = EPOCHS_TO_INCLUSION, base: Tipset | None = None
    ) -> int:
        """Return a premium with which a message should be taken within some epochs."""
        estimator = self._estimator([], base)
        return int(await self._thread.run(estimator.premium, epochs_to_inclusion))

    async def fee_cap(self, premium: int, epochs: int, base: Tipset | None = None) -> int:
        """Return a fee cap that holds for so many epochs."""
        return int(await self._thread.run(self._estimator([], base).fee_cap, premium, epochs))

    def stop(self) -> None:
        """End the thread that estimates, and let go of the file."""
        self._stopping.set()
        self._thread.stop()
        self._sent.close()

    def _estimator(self, pending: list[SignedMessage], base: Tipset | None = None) -> GasEstimator:
        loop = asyncio.get_running_loop()
        node = self._node
        head = node.executed.head

        def trial(message: Message, prior: tuple[SignedMessage, ...]) -> ApplyResult:
            running = node.workers.run(try_message, head, prior, message)
            result: ApplyResult = self._result(
                asyncio.run_coroutine_threadsafe(running, loop)
            ).result
            return result

        return GasEstimator(
            view=self._view_at(base or head),
            history=self._history,
            pending_of=lambda _sender: pending,
            trial=trial,
            draw_noise=lambda: gauss(1, NOISE_DEVIATION),
            overestimation=node.pool.config.gas_limit_overestimation,
            default_max_fee=node.config.fees.max_fee,
        )

    def _view_at(self, head: Tipset) -> StoredChainView:
        node = self._node
        known = _HeadOf(head, self._thread.source)
        return StoredChainView(known, node.chain.blocks, node.network, _no_state)

    def _result(self, running: "Future[Any]") -> Any:
        """Wait for the event loop, but not for one that waits for this thread to end."""
        while True:
            try:
                return running.result(_WAKE_SECONDS)
            except TimeoutError:
                if self._stopping.is_set():
                    raise LocalFault("the node is stopping") from None

    def _expect_funds(self, message: Message) -> None:
        account = self._node.pool.account(message.sender)
        needed = message.value + message.gas_fee_cap * message.gas_limit
        if account is None or account.balance < needed:
            has = 0 if account is None else account.balance
            raise LocalFault(f"mpool push: not enough funds: {has} < {needed}")


@dataclass(frozen=True, slots=True)
class _HeadOf:
    """The chain up to a tipset as estimates see it, from their own thread."""

    head: Tipset
    source: StoredChain

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        return self.source.tipset(key)

    def path(self, start: TipsetKey, end: TipsetKey) -> NoReturn:
        """Refuse: estimates ask for no path."""
        raise LocalFault(f"estimates ask for no path from {start} to {end}")


def _no_state(_tipset: Tipset) -> NoReturn:
    raise LocalFault("estimates ask for no account")
