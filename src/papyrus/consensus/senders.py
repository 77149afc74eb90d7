"""Who may send a message, and whose key signs for it (node.md 3.8, FIP-0055).

The sender of a message on chain is an account: one of a key, an Ethereum one, or the placeholder
that stands where an Ethereum account will be once it has sent. A message may name it by its key or
by its ID. The key of an ID is the delegated address in the state tree, or else what the account
keeps in its state.
"""

from papyrus.consensus.worker_keys import key_of
from papyrus.ipld.blockstore import get_cbor, load
from papyrus.primitives.address import ETHEREUM_NAMESPACE, Address, Protocol
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.types.actor import ActorState
from papyrus.vm.manifest import Manifest, manifest_of
from papyrus.vm.state_tree import SYSTEM_ACTOR, StateTree


def manifest_in(tree: StateTree) -> Manifest:
    """Return which code is which actor in a state; LocalFault where the state does not say."""
    system = tree.get(SYSTEM_ACTOR)
    if system is None:
        raise LocalFault("the state holds no system actor")
    return manifest_of(load(tree.store, get_cbor(tree.store, system.head)[0]))


def may_send(actor: ActorState, manifest: Manifest) -> bool:
    """Return whether messages may come from an actor."""
    if actor.code in (manifest.account, manifest.ethaccount):
        return True
    delegated = actor.delegated_address
    return (
        actor.code == manifest.placeholder
        and actor.nonce == 0
        and delegated is not None
        and delegated.protocol is Protocol.DELEGATED
        and delegated.namespace == ETHEREUM_NAMESPACE
    )


def key_address(tree: StateTree, address: Address) -> Address:
    """Return the address whose key signs for an address: itself, or that of an ID's account.

    LookupError where there is no such account, and for the address of another kind of actor.
    """
    if address.protocol is Protocol.ACTOR:
        raise LookupError(sentence("{} names no account", address))
    try:
        return key_of(tree, address)
    except DecodeError as error:
        raise LookupError(sentence("account {} keeps no key: {}", address, error)) from error


def key_address_at(parent: StateTree, tree: StateTree, address: Address) -> Address:
    """Return the address whose key signs, by the state before a tipset or else the one after it.

    LookupError where neither knows it.
    """
    try:
        return key_address(parent, address)
    except LookupError:
        return key_address(tree, address)
