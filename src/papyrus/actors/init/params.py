"""What the methods of the init actor take and return."""

from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address

EXEC = 2
EXEC4 = 3


@cbor_tuple
class ConstructorParams(Record):
    """The network that the actor will hand out addresses on."""

    network_name: str


@cbor_tuple
class ExecParams(Record):
    """An actor to create."""

    code: Cid
    """`code_cid` in builtin-actors."""
    constructor_params: bytes
    """What its constructor takes, encoded; nothing if empty."""


@cbor_tuple
class Exec4Params(Record):
    """An actor to create at an address that the caller chooses within its namespace."""

    code: Cid
    """`code_cid` in builtin-actors."""
    constructor_params: bytes
    """What its constructor takes, encoded; nothing if empty."""
    subaddress: bytes
    """What follows the caller's ID in the delegated address."""


@cbor_tuple
class ExecReturn(Record):
    """The addresses of an actor that has been created."""

    id_address: Address
    robust_address: Address
    """The same however the chain is reorganised, unlike the ID."""
