"""What a token actor tells the recipient of tokens (FRC-0046, universal receiver hook).

The recipient is called at one exported number with the kind of the asset and what that kind has to
say. To accept is to return; a recipient that aborts refuses the tokens.
"""

from papyrus.actors.dispatch import frc42
from papyrus.ipld.schema import U32
from papyrus.ipld.tuples import Record, cbor_tuple

RECEIVE = frc42("Receive")


@cbor_tuple
class UniversalReceiverParams(Record):
    """Something has been received."""

    kind: U32
    """What is received: a hash of the name of the standard (builtin-actors `type_`)."""
    payload: bytes
    """The encoding of what the standard tells of it."""
