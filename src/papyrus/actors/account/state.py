"""What an account keeps on chain."""

from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address


@cbor_tuple
class State(Record):
    """The key that an account was made for."""

    address: Address
    """The key address; its protocol is BLS or secp256k1, never an ID."""
