"""A state as the methods look at it: the one a tipset was executed on.

Quirk: what a method says "at a tipset" is of the state before the tipset's own messages, as
everywhere in Lotus: the state after them is known only once a child names it.
"""

from dataclasses import dataclass
from typing import TypeVar

from papyrus.actors.common.collections import RecordShape
from papyrus.ipld.blockstore import Blockstore, get_cbor, load
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.rpc.errors import ErrorCode, RpcError, actor_not_found
from papyrus.rules.network import Network
from papyrus.rules.policy import Policy, policy_of
from papyrus.types.actor import ActorState
from papyrus.types.tipset import Tipset
from papyrus.vm.manifest import Manifest, manifest_of
from papyrus.vm.state_tree import SYSTEM_ACTOR, StateTree

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class StateAt:
    """A state tree with what its reading depends on."""

    tree: StateTree
    network: Network
    epoch: ChainEpoch
    """The tipset's height."""

    @classmethod
    def before(cls, tipset: Tipset, store: Blockstore, network: Network) -> "StateAt":
        """Return the state that a tipset was executed on."""
        return cls(StateTree(store, tipset.parent_state_root), network, tipset.height)

    @property
    def store(self) -> Blockstore:
        """Where the state's blocks are."""
        return self.tree.store

    @property
    def policy(self) -> Policy:
        """The constants of the network's actors."""
        return policy_of(self.network.actors_bundle)

    def id_of(self, address: Address) -> int:
        """Return the ID of an address; RpcError where nobody has it."""
        found = self.tree.resolve(address)
        if found is None:
            raise actor_not_found()
        return found

    def actor(self, address: Address) -> ActorState:
        """Return the actor at an address; RpcError where there is none."""
        actor = self.tree.get(self.id_of(address))
        if actor is None:
            raise actor_not_found()
        return actor

    def manifest(self) -> Manifest:
        """Return which code is which actor's."""
        system = self.tree.get(SYSTEM_ACTOR)
        if system is None:
            raise LocalFault("the state holds no system actor")
        return manifest_of(load(self.store, get_cbor(self.store, system.head)[0]))

    def kind_of(self, actor: ActorState) -> str | None:
        """Return the name of an actor's code, such as "storageminer"; None where it has none."""
        return self.manifest().names.get(actor.code)

    def record(self, address: Address, name: str, kind: type[R]) -> R:
        """Return the state of an actor of a kind; RpcError where it is another or too old."""
        actor = self.actor(address)
        found = self.kind_of(actor)
        if found != name:
            raise RpcError(
                ErrorCode.GENERIC,
                sentence("{} is no {} actor but {}", address, name, found or actor.code),
            )
        rules = self.network.rules_at(self.epoch)
        if not rules.records_are_current:
            raise RpcError(
                ErrorCode.GENERIC,
                f"the state at epoch {self.epoch} is of network version {rules.network_version}, "
                "whose actors kept other records than today's",
            )
        try:
            return RecordShape(kind).load(self.store, actor.head)
        except DecodeError as error:
            raise LocalFault(
                sentence("the state of {} cannot be read: {}", address, error)
            ) from error
