"""Where on the chain a message was executed (Lotus' StateSearchMsg and StateWaitMsg).

A message in a tipset is executed by that tipset's child: the child's state has its effect, and its
header the receipt. So the answer to "where" is the child. A sender may have replaced the message by
one that differs in gas alone; whether that answers the question too, the asker says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.messages import chain_message, receipt_at, tipset_messages
from papyrus.consensus.selection import ChainMessage
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.rules.network import Network
from papyrus.storage import chain_index
from papyrus.storage.chain_index import IfNull
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.state_tree import StateTree

ReadMessages = Callable[[Blockstore, Tipset, Network], Sequence[ChainMessage]]
"""Gives the messages of a tipset that count, as `tipset_messages` does."""

NO_LIMIT = -1
"""As a lookback: search down to genesis."""

MOST_CONFIDENCE = CHAIN_FINALITY


class MessageReplaced(PapyrusError):  # noqa: N818 - an answer, not a failure
    """Another message of the same sender and nonce was executed in place of the one asked for."""


@dataclass(frozen=True, slots=True)
class MessageLookup:
    """Where and how a message was executed."""

    cid: Cid
    """Of the message executed, which may have replaced the one asked for."""
    tipset: Tipset
    """The one whose state has the effect: the child of the tipset that holds the message."""
    receipt: Receipt


class SearchedChain(Protocol):
    """The chain as a search sees it."""

    @property
    def blocks(self) -> Blockstore:
        """Its blocks."""
        ...

    @property
    def head(self) -> Tipset:
        """The tipset it ends in."""
        ...

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return a tipset; LocalFault where a block of it is missing."""
        ...


def search_message(
    chain: SearchedChain,
    index: ChainIndex,
    network: Network,
    cid: Cid,
    *,
    base: Tipset | None = None,
    lookback: ChainEpoch = NO_LIMIT,
    allow_replaced: bool = True,
    known: Message | None = None,
    read: ReadMessages = tipset_messages,
) -> MessageLookup | None:
    """Return where a message was executed on the chain that ends in `base`, or in the head.

    None where it was not, within so many epochs. MessageReplaced where another took its place, or
    a replacement that `allow_replaced` does not allow. LocalFault where the message is neither
    `known` nor in the store, or the chain is not here as far back as it had to be searched.
    """
    top = chain.head if base is None else base
    message = known or _asked_for(chain.blocks, cid)
    search = _Search(chain, network, cid, message, allow_replaced, read)
    lowest = -1 if lookback == NO_LIMIT else top.height - lookback
    # A limit of zero still looks at the base itself.
    if _is_indexed(index, top):
        found = search.in_index(index, top)
        if found is not None:
            return None if found.tipset.height < lowest else found
        return search.behind(top, lowest)
    return search.executed_by(top) or search.behind(top, lowest, index)


class MessageWait:
    """A search that goes on as the chain does, until the message is deep enough in it."""

    def __init__(
        self,
        chain: SearchedChain,
        network: Network,
        cid: Cid,
        confidence: int,
        found: MessageLookup | None,
        *,
        allow_replaced: bool = True,
        read: ReadMessages = tipset_messages,
    ) -> None:
        """Wait from the current head on, where a search gave `found`, for so many epochs on top."""
        if not 0 <= confidence <= MOST_CONFIDENCE:
            raise LocalFault(f"a confidence of {confidence} epochs: 0 to {MOST_CONFIDENCE} allowed")
        message = _asked_for(chain.blocks, cid)
        self._search = _Search(chain, network, cid, message, allow_replaced, read)
        self._confidence = confidence
        self._candidate = found
        self.result: MessageLookup | None = None
        """The answer, once there is one."""
        self._settle(chain.head.height)

    @property
    def due(self) -> ChainEpoch | None:
        """The height of the chain at which the answer is there, None where nothing is found."""
        found = self._candidate
        return None if found is None else found.tipset.height + self._confidence

    def on_head_change(self, change: HeadChange) -> None:
        """Follow a change of the head; MessageReplaced where another message took the place."""
        if self.result is not None:
            return
        reverted = {tipset.key for tipset in change.reverted}
        if self._candidate is not None and self._candidate.tipset.key in reverted:
            self._candidate = None
        for tipset in change.applied:
            self._candidate = self._candidate or self._search.executed_by(tipset)
            self._settle(tipset.height)

    def _settle(self, height: ChainEpoch) -> None:
        found = self._candidate
        if self.result is None and found is not None:
            self.result = found if height - found.tipset.height >= self._confidence else None


@dataclass(frozen=True, slots=True)
class _Search:
    """A message that is looked for."""

    chain: SearchedChain
    network: Network
    cid: Cid
    message: Message
    allow_replaced: bool
    read: ReadMessages

    def executed_by(self, tipset: Tipset) -> MessageLookup | None:
        """Return the message's execution where this tipset's parent holds it."""
        if tipset.height == 0:
            return None
        parent = self.chain.tipset(tipset.parents)
        messages = self.read(self.chain.blocks, parent, self.network)
        for position in range(len(messages) - 1, -1, -1):
            other = messages[position].unsigned
            if other.sender == self.message.sender and other.nonce == self.message.nonce:
                return self._lookup(messages[position].cid, other, tipset, position)
        return None

    def in_index(self, index: ChainIndex, top: Tipset) -> MessageLookup | None:
        """Return the execution that the index knows of, below `top`."""
        sender, nonce = self.message.sender, self.message.nonce
        found = chain_index.find_message(index, self.cid) or chain_index.find_message_of_nonce(
            index, [sender], nonce
        )
        if found is None or found.tipset.height >= top.height:
            return None
        above = chain_index.ancestor_at(
            index, top.key, found.tipset.height + 1, if_null=IfNull.AFTER
        )
        child = None if above is None else self.chain.tipset(above.key)
        if child is None or child.parents != found.tipset.key:
            return None  # the chain changed between two looks
        other = chain_message(self.chain.blocks, found.cid).unsigned
        return self._lookup(found.cid, other, child, found.position)

    def behind(
        self, top: Tipset, lowest: ChainEpoch, index: ChainIndex | None = None
    ) -> MessageLookup | None:
        """Walk back to where the sender's nonce passed the message's, or an index knows."""
        blocks, child = self.chain.blocks, top
        after = _nonce_before(child, self.message, blocks)
        while child.height > max(lowest, 0) and after > self.message.nonce:
            if index is not None and _is_indexed(index, child):
                found = self.in_index(index, child)
                if found is not None:
                    return None if found.tipset.height < lowest else found
                index = None
            parent = self.chain.tipset(child.parents)
            before = _nonce_before(parent, self.message, blocks)
            if before <= self.message.nonce:
                return self.executed_by(child)
            child, after = parent, before
        return None

    def _lookup(
        self, cid: Cid, other: Message, child: Tipset, position: int
    ) -> MessageLookup | None:
        if cid != self.cid and (not _is_same_call(other, self.message) or not self.allow_replaced):
            raise MessageReplaced(
                f"message {self.cid} was replaced: {cid} of the same sender with the same nonce "
                f"{other.nonce} was executed"
            )
        root = child.parent_message_receipts
        receipt = receipt_at(self.chain.blocks, root, position)
        if receipt is None:
            raise LocalFault(f"the receipts {root} do not reach to message {position}")
        return MessageLookup(cid, child, receipt)


def _asked_for(store: Blockstore, cid: Cid) -> Message:
    if not store.has(cid):
        # So does Lotus refuse what it cannot load: null would say that it knows the message.
        raise LocalFault(
            f"there is no message {cid} here: no block of this chain has it, and it does not wait"
        )
    return chain_message(store, cid).unsigned


def _is_indexed(index: ChainIndex, tipset: Tipset) -> bool:
    return chain_index.height_of(index, tipset.key) == tipset.height


def _nonce_before(tipset: Tipset, message: Message, store: Blockstore) -> int:
    """Return the nonce of a message's sender in the state before a tipset; 0 before its first."""
    tree = StateTree(store, tipset.parent_state_root)
    actor_id = tree.resolve(message.sender)
    actor = None if actor_id is None else tree.get(actor_id)
    return 0 if actor is None else actor.nonce


def _is_same_call(first: Message, second: Message) -> bool:
    return _without_gas(first) == _without_gas(second)


def _without_gas(message: Message) -> Message:
    return replace(message, gas_limit=0, gas_fee_cap=ZERO, gas_premium=ZERO)
