"""What the blocks of a chain file mean: tipsets, messages, receipts, and the state tree.

A snapshot's roots are the head tipset (a genesis file's, the one genesis block). From there the
parents lead back, and each header names its messages, the state before it and the receipts of its
parents. Much of that may be left out of a file, so every part is optional here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import DAG_CBOR, IDENTITY, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import Message, SignedMessage

_FIRST_VERSION_OF_TODAYS_HAMT = 2
_SYSTEM_ACTOR = Address.from_id(0)
_OLD_CODE_PREFIX = b"fil/"


@dataclass(frozen=True, slots=True)
class TipsetBlocks:
    """The blocks of one tipset that the file holds."""

    height: int
    blocks: tuple[tuple[Cid, BlockHeader], ...]


@dataclass(frozen=True, slots=True)
class StateTree:
    """A state tree, opened."""

    root: Cid
    version: int
    actors: Hamt


def read_header(store: Blockstore, cid: Cid) -> BlockHeader | None:
    """Return the header behind a CID, or None where the file lacks it or it is something else."""
    data = store.get(cid) if cid.codec == DAG_CBOR else None
    if data is None:
        return None
    try:
        return BlockHeader.from_cbor(data)
    except DecodeError:
        return None


def tipsets(store: Blockstore, roots: Sequence[Cid]) -> Iterator[TipsetBlocks]:
    """Give the tipsets from the head back, as far as the file holds their headers."""
    while roots:
        found = [(cid, header) for cid in roots if (header := read_header(store, cid)) is not None]
        if not found:
            return
        yield TipsetBlocks(found[0][1].height, tuple(found))
        parents = found[0][1].parents
        if parents == tuple(roots):
            return
        roots = parents


def open_state(store: Blockstore, root: Cid) -> StateTree | None:
    """Return the state tree at a root, or None where the file lacks it.

    Raises DecodeError where the block is no state root. Version 0 is the tree of the first
    networks, which has no root object of its own.
    """
    data = store.get(root)
    if data is None:
        return None
    match dag_cbor.decode(data):
        case [int(), Cid(), Cid()]:
            top = StateRoot.from_cbor(data)
            version, actors = top.version, top.actors
        case [bytes(), list()]:
            version, actors = 0, root
        case _:
            raise DecodeError(f"{root} is not the root of a state tree")
    if not store.has(actors):
        return None
    return StateTree(
        root, version, Hamt(store, actors, legacy=version < _FIRST_VERSION_OF_TODAYS_HAMT)
    )


def actors(tree: StateTree) -> Iterator[tuple[Address, ActorState]]:
    """Give every actor of a state tree, in the order of the tree."""
    for key, value in tree.actors.items():
        yield Address.from_bytes(key), ActorState.from_ipld(value)


class ActorNames:
    """The names of actors by their code, learnt from the state tree itself."""

    def __init__(self, store: Blockstore, tree: StateTree) -> None:
        """Read the list of actors that the system actor's state names, if the file holds it."""
        self._names: dict[Cid, str] = {}
        value = tree.actors.get(bytes(_SYSTEM_ACTOR))
        if value is None:
            return
        head = store.get(ActorState.from_ipld(value).head)
        match dag_cbor.decode(head) if head is not None else None:
            case [Cid() as listed]:
                data = store.get(listed)
                pairs = dag_cbor.decode(data) if data is not None else []
                if isinstance(pairs, list):
                    self._names = {pair[1]: pair[0] for pair in pairs if _is_name_and_code(pair)}

    def name(self, code: Cid) -> str:
        """Return the name of an actor's code, or its CID where the name is not known."""
        if code.hash_code == IDENTITY and code.digest.startswith(_OLD_CODE_PREFIX):
            return code.digest.decode("ascii", "replace").rpartition("/")[2]
        return self._names.get(code, str(code))


@dataclass(frozen=True, slots=True)
class BlockMessages:
    """The messages of one block, both kinds, each in its order."""

    bls: Amt
    secp256k1: Amt


def messages_of(store: Blockstore, header: BlockHeader) -> BlockMessages | None:
    """Return the messages of a block by their CIDs, or None where the file lacks the lists."""
    data = store.get(header.messages)
    if data is None:
        return None
    meta = MsgMeta.from_cbor(data)
    if not (store.has(meta.bls_messages) and store.has(meta.secp_messages)):
        return None
    return BlockMessages(
        Amt(store, meta.bls_messages, version=0), Amt(store, meta.secp_messages, version=0)
    )


def receipts_of(store: Blockstore, header: BlockHeader) -> Amt | None:
    """Return the receipts of a block's parents, or None where the file lacks them."""
    root = header.parent_message_receipts
    return Amt(store, root, version=0) if store.has(root) else None


def read_messages(
    store: Blockstore, messages: BlockMessages
) -> Iterator[tuple[Cid, Message | SignedMessage | None]]:
    """Give each message of a block, those signed by BLS first; None for one the file lacks."""
    for cid in _cids(messages.bls):
        data = store.get(cid)
        yield cid, None if data is None else Message.from_cbor(data)
    for cid in _cids(messages.secp256k1):
        data = store.get(cid)
        yield cid, None if data is None else SignedMessage.from_cbor(data)


def _cids(array: Amt) -> Iterator[Cid]:
    """Give the elements of an array of CIDs."""
    for index, value in array.items():
        if not isinstance(value, Cid):
            raise DecodeError(f"element {index} of a list of messages is not a CID")
        yield value


def _is_name_and_code(pair: object) -> bool:
    match pair:
        case [str(), Cid()]:
            return True
    return False
