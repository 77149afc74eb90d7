"""What the init actor keeps on chain: every address there is, and the ID it stands for.

The machine reads and writes this state too, whenever it resolves an address or makes an account.
"""

from dataclasses import replace
from typing import Annotated

from papyrus.actors.common.collections import ADDRESS_KEY, MapShape
from papyrus.actors.common.integers import checked_u64
from papyrus.actors.singletons import FIRST_NON_SINGLETON_ID
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import ActorID
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.vm.aborts import forbidden

ADDRESSES: MapShape[Address, int] = MapShape(ADDRESS_KEY, ActorID)
"""The ID of each address that is not an ID itself."""


@cbor_tuple
class State(Record):
    """The addresses of a network."""

    address_map: Annotated[Cid, ADDRESSES]
    next_id: ActorID
    network_name: str


def empty(store: Blockstore, network_name: str) -> State:
    """Return the state of a network without addresses."""
    return State(ADDRESSES.empty_root(store), FIRST_NON_SINGLETON_ID, network_name)


def map_to_id(
    store: Blockstore, state: State, robust: Address, delegated: Address | None = None
) -> tuple[State, int, bool]:
    """Return the state in which the addresses have an ID, the ID, and whether it was there before.

    A delegated address that has an ID keeps it; otherwise the ID is the next one. ActorError where
    the robust address has one: an address is given away once, even if its actor is deleted.
    """
    addresses = ADDRESSES.open(store, state.address_map)
    actor_id = None if delegated is None else addresses.get(delegated)
    existing = actor_id is not None
    if actor_id is None:
        actor_id = state.next_id
        state = replace(state, next_id=checked_u64(actor_id + 1))
        if delegated is not None:
            addresses.set(delegated, actor_id)

    if not addresses.set_if_absent(robust, actor_id):
        raise forbidden(f"robust address {robust} is already allocated in the address map")
    return replace(state, address_map=addresses.flush()), actor_id, existing
