"""What there is to choose from for a block, as those who choose need it.

To choose takes long; this does not, and what it gives is plain data that changes no more.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress

from papyrus.mpool.accounts import Accounts
from papyrus.mpool.chain_view import ChainView
from papyrus.mpool.message_chains import SenderQueue
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.selection import Candidates
from papyrus.mpool.taken import TakenMessages
from papyrus.mpool.waiting import Waiting
from papyrus.primitives.address import Address
from papyrus.rules.network import Network
from papyrus.types.tipset import Tipset

Queues = Iterable[tuple[Address, tuple[PendingMessage, ...]]]
"""Senders and what waits of them, in order of nonce."""


class Offers:
    """Gathers candidates from what waits."""

    __slots__ = ("_accounts", "_network", "_taken", "_view", "_waiting")

    def __init__(
        self,
        view: ChainView,
        network: Network,
        waiting: Waiting,
        accounts: Accounts,
        taken: TakenMessages,
    ) -> None:
        """Gather from the parts of a pool."""
        self._view = view
        self._network = network
        self._waiting = waiting
        self._accounts = accounts
        self._taken = taken

    def on(self, base: Tipset) -> Queues:
        """Return what would wait if `base` were the head."""
        return [
            (sender, tuple(by_nonce[nonce] for nonce in sorted(by_nonce)))
            for sender, by_nonce in self._waiting_on(base).items()
        ]

    def of(self, senders: Collection[Address]) -> Queues:
        """Return what waits of some senders."""
        return [
            (sender, self._waiting.senders[sender].in_order())
            for sender in sorted(senders & self._waiting.senders.keys())
        ]

    def candidates(
        self, base: Tipset, queues: Queues, base_fee: int, priority: Iterable[Address]
    ) -> Candidates:
        """Return what there is for a block on `base` from some queues."""
        found = []
        for sender, messages in queues:
            account = self._accounts.after(base, sender)
            if account is not None and messages:
                found.append(SenderQueue(sender, account.nonce, int(account.balance), messages))
        # Departure: Lotus takes the prices at the base's own height, which are not the block's
        # where an upgrade falls between the two.
        prices = self._network.inclusion_prices_at(base.height + 1)
        return Candidates(tuple(found), base_fee, prices, self.keys(priority))

    def keys(self, addresses: Iterable[Address]) -> tuple[Address, ...]:
        """Return the keys behind addresses, of those that are on the chain."""
        found = []
        for address in addresses:
            with suppress(LookupError):  # so nothing of it waits
                found.append(self._accounts.key(address))
        return tuple(found)

    def _waiting_on(self, base: Tipset) -> dict[Address, dict[int, PendingMessage]]:
        waiting = {sender: queue.by_nonce for sender, queue in self._waiting.senders.items()}
        head = self._view.head
        if base.key == head.key:
            return waiting
        waiting = {sender: dict(by_nonce) for sender, by_nonce in waiting.items()}
        change = self._view.path(head.key, base.key)
        for tipset in change.reverted:
            for (sender, nonce), message in self._taken.waiting(tipset):
                waiting.setdefault(sender, {})[nonce] = message
        for tipset in change.applied:
            for (sender, nonce), _ in self._taken.turns(tipset):
                waiting.get(sender, {}).pop(nonce, None)
        return waiting
