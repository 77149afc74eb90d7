"""What the system actor keeps on chain."""

from papyrus.ipld.blockstore import Blockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, cbor_tuple


@cbor_tuple
class State(Record):
    """Which code the network runs."""

    builtin_actors: Cid
    """A list of the name and code CID of each built-in actor, which upgrades replace."""


def empty(store: Blockstore) -> State:
    """Return the state that names no actors."""
    return State(put_cbor(store, []))
