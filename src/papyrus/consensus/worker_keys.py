"""From an actor to the key it signs with (node.md 3.3, 3.8).

State names actors by ID, while a signature is checked against a key. A key address is its own
answer; an Ethereum account's is its delegated address; an account keeps its key in its state.
"""

from papyrus.ipld.blockstore import get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.sentences import sentence
from papyrus.types.actor import ActorState
from papyrus.vm.manifest import manifest_of
from papyrus.vm.state_tree import SYSTEM_ACTOR, StateTree

_WORKER = 1
"""The place of the worker's address in a miner's info."""


def miner_head(tree: StateTree, miner: int) -> Cid:
    """Return the root of a miner's state; LookupError where there is no such miner."""
    actor = tree.get(miner)
    if actor is None or not _is_actor(tree, actor, "storageminer"):
        raise LookupError(f"actor {miner} is no miner")
    return actor.head


def worker_of(tree: StateTree, miner: int) -> Address:
    """Return the address in a miner's info that its blocks are signed for.

    LookupError where there is no such miner, DecodeError where its state is none.
    """
    info, *_ = get_cbor(tree.store, miner_head(tree, miner))
    return Address.from_bytes(get_cbor(tree.store, info)[_WORKER])


def key_of(tree: StateTree, address: Address) -> Address:
    """Return the address that signatures of an account are checked against.

    An address with a key in it is its own; LookupError where another's actor is missing or has no
    key, DecodeError where its state is none.
    """
    if address.protocol in (Protocol.BLS, Protocol.SECP256K1, Protocol.DELEGATED):
        return address
    actor_id = tree.resolve(address)
    actor = None if actor_id is None else tree.get(actor_id)
    if actor is None:
        raise LookupError(sentence("no actor {}", address))
    if actor.delegated_address is not None:
        return actor.delegated_address
    if not _is_actor(tree, actor, "account"):
        raise LookupError(sentence("actor {} has no key", address))
    return Address.from_bytes(get_cbor(tree.store, actor.head)[0])


def _is_actor(tree: StateTree, actor: ActorState, name: str) -> bool:
    system = tree.get(SYSTEM_ACTOR)
    if system is None:
        return False
    manifest = manifest_of(load(tree.store, get_cbor(tree.store, system.head)[0]))
    return manifest.names.get(actor.code) == name
