"""What the system actor keeps on chain: the code that the network runs."""

from typing import Annotated

from papyrus.actors.common.collections import RecordShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple


@cbor_tuple
class ActorEntry(Record):
    """A built-in actor."""

    name: str
    code: Cid


@cbor_transparent
class Registry(Record):
    """The built-in actors, in the order of the bundle's manifest."""

    actors: tuple[ActorEntry, ...]


REGISTRY = RecordShape(Registry)


@cbor_tuple
class State(Record):
    """Which code the network runs."""

    builtin_actors: Annotated[Cid, REGISTRY]
    """Replaced by upgrades, without a message."""


def empty(store: Blockstore) -> State:
    """Return the state that names no actors."""
    return State(REGISTRY.save(store, Registry(())))
