"""What the cron actor keeps on chain: whom to call at the end of every epoch."""

from papyrus.ipld.schema import MethodNumber
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address


@cbor_tuple
class Entry(Record):
    """One call to make."""

    receiver: Address
    """An ID address."""
    method_number: MethodNumber
    """A method without parameters; `method_num` in builtin-actors."""


@cbor_tuple
class State(Record):
    """The calls of an epoch's end; builtin-actors names the constructor's parameters apart."""

    entries: tuple[Entry, ...]
    """In the order in which they are made."""
