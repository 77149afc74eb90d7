"""What the message pool asks of the chain, and its answers from a store of blocks.

The pool needs the head, the accounts as executing the head leaves them, the base fee of the next
block, and the messages of a tipset. Who executes tipsets is the caller's business.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from papyrus.chain.head_changes import HeadChange
from papyrus.consensus.base_fee import next_base_fee
from papyrus.consensus.selection import ChainMessage, messages_of
from papyrus.consensus.senders import key_address, manifest_in, may_send
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.network import Network
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.state_tree import StateTree


@dataclass(frozen=True, slots=True)
class Account:
    """A sender in a state."""

    nonce: int
    """How many messages it sent."""
    balance: TokenAmount
    may_send: bool = True
    """Whether messages may come from it at all."""


class ChainView(Protocol):
    """Who tells the pool of the chain."""

    @property
    def head(self) -> Tipset:
        """The tipset the node builds on."""
        ...

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        ...

    def path(self, start: TipsetKey, end: TipsetKey) -> HeadChange:
        """Return how to get from one tipset to another."""
        ...

    def account_after(self, tipset: Tipset, address: Address) -> Account | None:
        """Return an account in the state after a tipset, or None where there is none."""
        ...

    def key_of(self, address: Address) -> Address:
        """Return the key an address stands for after the head; LookupError where there is none."""
        ...

    def messages_of(self, tipset: Tipset) -> Sequence[ChainMessage]:
        """Return the messages of a tipset's blocks in order, each once."""
        ...

    def base_fee_after(self, tipset: Tipset) -> TokenAmount:
        """Return the base fee of a block on the tipset."""
        ...


class TipsetKeeper(Protocol):
    """Who knows the tipsets and the head; the chain store."""

    @property
    def head(self) -> Tipset:
        """The tipset the node builds on."""
        ...

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        ...

    def path(self, start: TipsetKey, end: TipsetKey) -> HeadChange:
        """Return how to get from one tipset to another."""
        ...


class StoredChainView:
    """A view of the chain in a store of blocks."""

    __slots__ = ("_chain", "_network", "_open", "_state_after", "_store")

    def __init__(
        self,
        chain: TipsetKeeper,
        store: Blockstore,
        network: Network,
        state_after: Callable[[Tipset], Cid],
    ) -> None:
        """Read blocks and state from `store`; `state_after` gives the state after a tipset."""
        self._chain = chain
        self._store = store
        self._network = network
        self._state_after = state_after
        self._open: tuple[Cid, StateTree] | None = None

    @property
    def head(self) -> Tipset:
        """The tipset the node builds on."""
        return self._chain.head

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        return self._chain.tipset(key)

    def path(self, start: TipsetKey, end: TipsetKey) -> HeadChange:
        """Return how to get from one tipset to another."""
        return self._chain.path(start, end)

    def account_after(self, tipset: Tipset, address: Address) -> Account | None:
        """Return an account in the state after a tipset, or None where there is none."""
        tree = self._tree(tipset)
        actor_id = tree.resolve(address)
        actor = None if actor_id is None else tree.get(actor_id)
        if actor is None:
            return None
        return Account(actor.nonce, actor.balance, may_send(actor, manifest_in(tree)))

    def key_of(self, address: Address) -> Address:
        """Return the key an address stands for after the head; LookupError where there is none."""
        return key_address(self._tree(self.head), address)

    def messages_of(self, tipset: Tipset) -> Sequence[ChainMessage]:
        """Return the messages of a tipset's blocks in order, each once."""
        found: dict[Cid, ChainMessage] = {}
        for block in tipset.blocks:
            for message in messages_of(self._store, block):
                found.setdefault(message.unsigned.cid, message)
        return list(found.values())

    def base_fee_after(self, tipset: Tipset) -> TokenAmount:
        """Return the base fee of a block on the tipset."""
        return next_base_fee(
            self._network.base_fee,
            tipset.height,
            tipset.parent_base_fee,
            [messages_of(self._store, block) for block in tipset.blocks],
        )

    def _tree(self, tipset: Tipset) -> StateTree:
        root = self._state_after(tipset)
        if self._open is None or self._open[0] != root:
            self._open = (root, StateTree(self._store, root))
        return self._open[1]
