"""What the DataCap actor keeps on chain."""

from papyrus.actors.datacap import token
from papyrus.actors.datacap.token import TokenState
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address


@cbor_tuple
class State(Record):
    """A token and who governs it."""

    governor: Address
    """Who mints and destroys, and to or from whom alone tokens go: the verified registry."""
    token: TokenState


def empty(store: Blockstore, governor: Address) -> State:
    """Return the state of a DataCap actor without DataCap."""
    return State(governor, token.empty(store))
