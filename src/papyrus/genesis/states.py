"""Reading and replacing the state of an actor from outside, as only a genesis may."""

from typing import TypeVar

from papyrus.ipld.blockstore import load, put_cbor
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.types.actor import ActorState
from papyrus.vm.machine import Machine

R = TypeVar("R", bound=Record)


def actor_at(machine: Machine, address: Address) -> ActorState:
    """Return an actor by its ID address; LocalFault where there is none."""
    actor = machine.tree.get(address.id)
    if actor is None:
        raise LocalFault(f"there is no actor {address}")
    return actor


def load_state(machine: Machine, address: Address, kind: type[R]) -> R:
    """Return the state of an actor."""
    return kind.from_cbor(load(machine.store, actor_at(machine, address).head))


def save_state(machine: Machine, address: Address, state: Record) -> None:
    """Put a state in place of an actor's."""
    head = put_cbor(machine.store, state.to_ipld())
    machine.tree.set(address.id, actor_at(machine, address).with_head(head))
