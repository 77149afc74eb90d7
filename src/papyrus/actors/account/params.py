"""What others ask of an account, and the numbers to ask it at."""

from papyrus.actors.dispatch import frc42
from papyrus.ipld.tuples import Record, cbor_tuple

PUBKEY_ADDRESS = 2
AUTHENTICATE_MESSAGE = frc42("AuthenticateMessage")


@cbor_tuple
class AuthenticateMessageParams(Record):
    """A claim that this account signed a message."""

    signature: bytes
    """Without the byte that tells its type."""
    message: bytes
