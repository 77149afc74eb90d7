"""What the chain index is made from: the tipsets of a chain as its blocks have them.

The receipts of a tipset, and through them the events, are named by its child; those of the head
are known to whoever executes it. A snapshot holds the messages and states of the latest tipsets
alone, so of older ones only the height is indexed.
"""

from collections.abc import Iterator

from papyrus.consensus.chain import StoredChain
from papyrus.consensus.selection import select_messages
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, Invalid, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.chain_index import IndexedTipset, MessageEntry, Outcome, TipsetEntry
from papyrus.types.event import StampedEvent
from papyrus.types.receipt import EVENTS_BIT_WIDTH, Receipt
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.state_tree import StateTree


def read_chain(store: Blockstore, head: TipsetKey, network: Network) -> Iterator[TipsetEntry]:
    """Give every tipset from the head back to genesis, as it is to be indexed.

    LocalFault where a header is missing or what is there is not what it should be.
    """
    chain = StoredChain(store)
    tipset, child = chain.tipset(head), None
    while True:
        yield read_tipset(store, tipset, child, network)
        if tipset.height == 0:
            return
        tipset, child = chain.tipset(tipset.parents), tipset


def read_tipset(
    store: Blockstore, tipset: Tipset, child: Tipset | None, network: Network
) -> TipsetEntry:
    """Return a tipset as it is to be indexed, with receipts if its child is given.

    LocalFault where a block that is there is not what it should be.
    """
    found = IndexedTipset(tipset.height, tipset.key)
    needed = (tipset.parent_state_root, *(block.messages for block in tipset.blocks))
    # Genesis lists messages that nobody executes: its state came about in another way.
    if tipset.height == 0 or not all(map(store.has, needed)):
        return TipsetEntry(found)
    try:
        tree = StateTree(store, tipset.parent_state_root)
        blocks = select_messages(store, tipset, tree, network)
    except (DecodeError, Invalid) as error:
        raise LocalFault(f"tipset {tipset.key} cannot be read: {error}") from error
    messages = [message for block in blocks for message in block.messages]
    outcomes: list[Outcome] | list[None] = [None] * len(messages)
    if child is not None and store.has(child.parent_message_receipts):
        outcomes = read_outcomes(store, child.parent_message_receipts)
    if len(outcomes) != len(messages):
        raise LocalFault(
            f"tipset {tipset.key} has {len(messages)} messages and {len(outcomes)} receipts"
        )
    entries = (
        MessageEntry(
            message.cid,
            message.unsigned.sender,
            message.unsigned.to,
            message.unsigned.nonce,
            outcome,
        )
        for message, outcome in zip(messages, outcomes, strict=True)
    )
    return TipsetEntry(found, tuple(entries))


def read_outcomes(store: Blockstore, root: Cid) -> list[Outcome]:
    """Return the receipts of a tipset with their events, those that the store has.

    LocalFault where a block is missing or is something else.
    """
    try:
        receipts = Amt(store, root, version=0)
        return [_outcome(store, Receipt.from_ipld(value)) for _, value in list(receipts.items())]
    except DecodeError as error:
        raise LocalFault(f"the receipts {root} cannot be read: {error}") from error


def _outcome(store: Blockstore, receipt: Receipt) -> Outcome:
    root = receipt.events_root
    if root is None or not store.has(root):
        return Outcome(receipt)
    events = Amt(store, root, bit_width=EVENTS_BIT_WIDTH)
    return Outcome(
        receipt, tuple(StampedEvent.from_ipld(value) for _, value in list(events.items()))
    )
