"""Messages and receipts as the chain has them, for those who ask for one by its CID or place."""

from papyrus.consensus.selection import ChainMessage, select_messages
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, Invalid, LocalFault
from papyrus.rules.network import Network
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree


def chain_message(store: Blockstore, cid: Cid) -> ChainMessage:
    """Return a message by the CID the chain knows it by; LocalFault where it is not in the store.

    DecodeError where the block is no message.
    """
    data = load(store, cid)
    try:
        return Message.from_cbor(data)
    except DecodeError:
        return SignedMessage.from_cbor(data)


def put_message(store: Blockstore, signed: SignedMessage) -> None:
    """Keep a message that no block holds yet, under its CIDs with and without its signature.

    Under BLS they are one, and a signature lies in the aggregate of a block.
    """
    store.put(signed.message.cid, signed.message.to_cbor())
    if signed.cid != signed.message.cid:
        store.put(signed.cid, signed.to_cbor())


def tipset_messages(store: Blockstore, tipset: Tipset, network: Network) -> list[ChainMessage]:
    """Return the messages of a tipset that count, in the order of their execution.

    LocalFault where they or the state before them are not in the store.
    """
    if tipset.height == 0:
        return []
    try:
        tree = StateTree(store, tipset.parent_state_root)
        blocks = select_messages(store, tipset, tree, network)
    except (DecodeError, Invalid) as error:
        raise LocalFault(f"tipset {tipset.key} cannot be read: {error}") from error
    return [message for block in blocks for message in block.messages]


def receipts_of(store: Blockstore, root: Cid) -> list[Receipt]:
    """Return all receipts under a root; LocalFault where one is missing or is something else."""
    try:
        return [Receipt.from_ipld(value) for _, value in Amt(store, root, version=0).items()]
    except DecodeError as error:
        raise LocalFault(f"the receipts {root} cannot be read: {error}") from error


def receipt_at(store: Blockstore, root: Cid, position: int) -> Receipt | None:
    """Return one receipt, or None beyond the last; LocalFault where it cannot be read."""
    try:
        value = Amt(store, root, version=0).get(position)
        return None if value is None else Receipt.from_ipld(value)
    except DecodeError as error:
        raise LocalFault(f"the receipts {root} cannot be read: {error}") from error
