"""Actors and their addresses, as Lotus tells them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.init.state import ADDRESSES
from papyrus.actors.init.state import State as InitState
from papyrus.actors.singletons import INIT
from papyrus.consensus.worker_keys import key_of
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.sentences import sentence
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.views.state_at import StateAt
from papyrus.types.actor import ActorState
from papyrus.vm.state_tree import StateTree


@dataclass(frozen=True, slots=True)
class ActorView:
    """An actor as the state tree has it."""

    code: Cid
    head: Cid
    nonce: int
    balance: TokenAmount
    delegated_address: Annotated[Address | None, Named("DelegatedAddress")]


def actor(state: StateAt, address: Address) -> ActorView:
    """Return the actor at an address; RpcError where there is none."""
    return _view(state.actor(address))


def id_address(state: StateAt, address: Address) -> Address:
    """Return the ID address of an address; RpcError where nobody has it."""
    return Address.from_id(state.id_of(address))


def key_address(state: StateAt, address: Address) -> Address:
    """Return the address with the key that an account signs with; RpcError where it has none."""
    try:
        return key_of(state.tree, address)
    except (LookupError, DecodeError) as error:
        raise RpcError(
            ErrorCode.GENERIC, sentence("{} has no key: {}", address, error.args[0])
        ) from error


def robust_address(state: StateAt, address: Address) -> Address:
    """Return an address of an ID that keeps in a reorganisation; RpcError where it has none."""
    if address.protocol is not Protocol.ID:
        raise RpcError(
            ErrorCode.GENERIC, sentence("failed to decode provided address as id addr: {}", address)
        )
    own = state.record(INIT, "init", InitState)
    for robust, actor_id in ADDRESSES.open(state.store, own.address_map).items():
        if actor_id == address.id:
            return robust
    raise RpcError(ErrorCode.GENERIC, sentence("Address {} not found", address))


def list_actors(state: StateAt) -> list[Address]:
    """Return the ID address of every actor."""
    return [Address.from_id(actor_id) for actor_id, _ in state.tree.items()]


def changed_actors(store: Blockstore, old: Cid, new: Cid, network: str) -> dict[str, ActorView]:
    """Return the actors of a state tree that another one does not have so, by ID address."""
    before = StateTree(store, old)
    return {
        Address.from_id(actor_id).to_string(network): _view(found)
        for actor_id, found in _items(StateTree(store, new))
        if before.get(actor_id) != found
    }


def code_cids(state: StateAt) -> dict[str, Cid]:
    """Return the code of each built-in actor by its name."""
    return {name: code for code, name in state.manifest().names.items()}


def _items(tree: StateTree) -> Iterator[tuple[int, ActorState]]:
    return tree.items()


def _view(found: ActorState) -> ActorView:
    return ActorView(found.code, found.head, found.nonce, found.balance, found.delegated_address)
