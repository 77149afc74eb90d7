"""From what a user wants to send to a signed message in the pool (Lotus' MpoolPushMessage).

The gas is estimated by a trial in a worker, then the message gets the next nonce, is signed
and pushed. Two messages of one sender are not prepared at once, so that each gets its own nonce.
"""

import asyncio
from dataclasses import replace
from random import gauss
from typing import NoReturn
from weakref import WeakValueDictionary

from papyrus.consensus.chain import StoredChain
from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.checks import check_outgoing
from papyrus.mpool.gas_estimation import NOISE_DEVIATION, GasEstimator, GasHistory, SendSpec
from papyrus.node.chain_thread import ChainThread
from papyrus.node.node import Node
from papyrus.node.tipset_work import try_message
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset
from papyrus.vm.executor import ApplyResult


class Sending:
    """What makes messages out of wishes."""

    def __init__(self, node: Node) -> None:
        """Send for the wallet of a node."""
        self._node = node
        self._thread = ChainThread(node.chain.blocks)
        self._locks: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()
        view = StoredChainView(
            _HeadOf(node, self._thread.source), node.chain.blocks, node.network, _no_state
        )
        self._view = view
        self._history = GasHistory(view)

    async def send(self, message: Message, spec: SendSpec | None = None) -> SignedMessage:
        """Return the signed message that waits in the pool now, its gas and nonce filled in.

        Raises LocalFault in words where it cannot be sent, Invalid where the pool refuses it, and
        ActorError where it fails in the trial.
        """
        check_outgoing(message)
        if message.nonce:
            raise LocalFault(f"a message to be sent has the nonce 0, not {message.nonce}")
        sender = self._node.view.key_of(message.sender)
        lock = self._locks.setdefault(sender, asyncio.Lock())
        async with lock:
            filled = await self.estimate(replace(message, sender=sender), spec)
            if filled.gas_premium > filled.gas_fee_cap:
                raise LocalFault(
                    f"the gas premium {filled.gas_premium} is above the fee cap "
                    f"{filled.gas_fee_cap}: allow a higher fee, or set both"
                )
            self._expect_funds(filled)
            return self.sign_and_push(filled)

    def sign_and_push(self, message: Message) -> SignedMessage:
        """Sign a message whose gas is filled in, with its sender's next nonce, and push it."""
        node = self._node
        message = replace(message, nonce=node.pool.next_nonce(message.sender))
        signed = node.wallet.sign_message(message)
        node.pool.push(signed)
        return signed

    async def estimate(self, message: Message, spec: SendSpec | None = None) -> Message:
        """Return a message with its gas filled in, as far as it is 0, and its fee capped."""
        pending = self._node.pool.pending_of(message.sender)
        estimator = self._estimator(pending)
        return await self._thread.run(estimator.message_gas, message, spec)

    async def gas_limit(self, message: Message) -> int:
        """Return the gas that a message takes; ActorError where it fails."""
        estimator = self._estimator(self._node.pool.pending_of(message.sender))
        return await self._thread.run(estimator.gas_limit, message)

    async def premium(self, epochs_to_inclusion: int) -> int:
        """Return a premium with which a message should be taken within some epochs."""
        return int(await self._thread.run(self._estimator([]).premium, epochs_to_inclusion))

    async def fee_cap(self, premium: int, epochs: int) -> int:
        """Return a fee cap that holds for so many epochs."""
        return int(await self._thread.run(self._estimator([]).fee_cap, premium, epochs))

    def stop(self) -> None:
        """End the thread that estimates."""
        self._thread.stop()

    def _estimator(self, pending: list[SignedMessage]) -> GasEstimator:
        loop = asyncio.get_running_loop()
        node = self._node
        head = node.executed.head

        def trial(message: Message, prior: tuple[SignedMessage, ...]) -> ApplyResult:
            running = node.workers.run(try_message, head, prior, message)
            return asyncio.run_coroutine_threadsafe(running, loop).result().result

        return GasEstimator(
            view=self._view,
            history=self._history,
            pending_of=lambda _sender: pending,
            trial=trial,
            draw_noise=lambda: gauss(1, NOISE_DEVIATION),
            overestimation=node.config.mpool.gas_limit_overestimation,
            default_max_fee=node.config.fees.max_fee,
        )

    def _expect_funds(self, message: Message) -> None:
        account = self._node.pool.account(message.sender)
        needed = message.value + message.gas_fee_cap * message.gas_limit
        if account is None or account.balance < needed:
            has = 0 if account is None else account.balance
            raise LocalFault(
                f"not enough funds: {message.sender} has {has} attoFIL, and the message needs "
                f"{needed} with its gas"
            )


class _HeadOf:
    """The chain as estimates see it, from their own thread."""

    def __init__(self, node: Node, source: StoredChain) -> None:
        self._node = node
        self.tipset = source.tipset
        self.path = _no_path

    @property
    def head(self) -> Tipset:
        """The tipset the node builds on."""
        return self._node.executed.head


def _no_path(*_keys: object) -> NoReturn:
    raise NotImplementedError("estimates ask for no path")


def _no_state(_tipset: Tipset) -> NoReturn:
    raise NotImplementedError("estimates ask for no account")
