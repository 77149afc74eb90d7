"""What the message pool asks of the chain, and its answers from a store of blocks.

The pool needs the head, the accounts as executing the head leaves them, the base fee of the next
block, and the messages of a tipset. Who executes tipsets is the caller's business.
"""

from collections.abc import Callable, Iterable, Mapping
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

_MOST_MESSAGES = 20_000
_MOST_TIPSETS = 1_000
"""That are remembered: the head, and what a change of the head is about."""


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

    def messages_of(self, tipset: Tipset) -> Mapping[Cid, ChainMessage]:
        """Return the messages of a tipset's blocks in order, each once, by their CIDs."""
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


@dataclass(frozen=True, slots=True)
class TipsetContents:
    """What a tipset's blocks hold for the pool; to read it takes as long as they have messages."""

    messages: Mapping[Cid, ChainMessage]
    base_fee_after: TokenAmount


class StoredChainView:
    """A view of the chain in a store of blocks."""

    __slots__ = ("_chain", "_known", "_network", "_open", "_state_after", "_store")

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
        self._known: dict[TipsetKey, TipsetContents] = {}

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
        return _account(self._tree(tipset), address)

    def looking_up(
        self, tipset: Tipset
    ) -> Callable[[Iterable[Address]], dict[Address, Account | None]]:
        """Return what looks accounts up in the state after a tipset, on any thread."""
        store, root = self._store, self._state_after(tipset)

        def look_up(addresses: Iterable[Address]) -> dict[Address, Account | None]:
            tree = StateTree(store, root)
            return {address: _account(tree, address) for address in addresses}

        return look_up

    def key_of(self, address: Address) -> Address:
        """Return the key an address stands for after the head; LookupError where there is none."""
        return key_address(self._tree(self.head), address)

    def messages_of(self, tipset: Tipset) -> Mapping[Cid, ChainMessage]:
        """Return the messages of a tipset's blocks in order, each once, by their CIDs."""
        return self._contents(tipset).messages

    def base_fee_after(self, tipset: Tipset) -> TokenAmount:
        """Return the base fee of a block on the tipset."""
        return self._contents(tipset).base_fee_after

    def read(self, tipset: Tipset) -> TipsetContents:
        """Return what a tipset holds; any thread may ask, and `know` spares others the reading."""
        blocks = [messages_of(self._store, block) for block in tipset.blocks]
        once: dict[Cid, ChainMessage] = {}
        for block in blocks:
            for message in block:
                once.setdefault(message.unsigned.cid, message)
        fee = next_base_fee(self._network.base_fee, tipset.height, tipset.parent_base_fee, blocks)
        return TipsetContents({message.cid: message for message in once.values()}, fee)

    def know(self, contents: Iterable[tuple[TipsetKey, TipsetContents]]) -> None:
        """Remember what was read, as the latest; so many messages, the oldest go first."""
        self._known.update(contents)
        count = sum(len(one.messages) for one in self._known.values())
        for key in list(self._known)[:-1]:
            if count <= _MOST_MESSAGES and len(self._known) <= _MOST_TIPSETS:
                break
            count -= len(self._known.pop(key).messages)

    def _contents(self, tipset: Tipset) -> TipsetContents:
        return self._known.get(tipset.key) or self.read(tipset)

    def _tree(self, tipset: Tipset) -> StateTree:
        root = self._state_after(tipset)
        if self._open is None or self._open[0] != root:
            self._open = (root, StateTree(self._store, root))
        return self._open[1]


def _account(tree: StateTree, address: Address) -> Account | None:
    actor_id = tree.resolve(address)
    actor = None if actor_id is None else tree.get(actor_id)
    if actor is None:
        return None
    return Account(actor.nonce, actor.balance, may_send(actor, manifest_in(tree)))
