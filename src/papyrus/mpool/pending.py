"""A message that waits, with what is asked of it often worked out once.

The CID of a message costs an encoding and a hash, and the pool asks for it, the length on chain
and the funds each time it chooses for a block. So they are kept beside the message.
"""

from dataclasses import dataclass

from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.types.message import SignedMessage


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message that waits for a block; amounts in attoFIL."""

    signed: SignedMessage
    cid: Cid
    """The CID a block would refer to."""
    unsigned_cid: Cid
    """The CID of the message alone; the same under BLS."""
    sender: Address
    """The key the sender is known by, whatever address the message names."""
    length: int
    """Bytes on chain."""
    nonce: int
    gas_limit: int
    fee_cap: int
    premium: int
    value: int
    required_funds: int
    """What its gas costs at most, which the sender must have; its value is not counted."""
    is_bls: bool

    @classmethod
    def of(cls, signed: SignedMessage, sender: Address) -> "PendingMessage":
        """Return a message with what follows from it; `sender` is the sender's key."""
        message = signed.message
        encoded = message.to_cbor()
        unsigned_cid = Cid.of(encoded)
        is_bls = signed.signature.type == SignatureType.BLS
        on_chain = encoded if is_bls else signed.to_cbor()
        return cls(
            signed=signed,
            cid=unsigned_cid if is_bls else Cid.of(on_chain),
            unsigned_cid=unsigned_cid,
            sender=sender,
            length=len(on_chain),
            nonce=message.nonce,
            gas_limit=message.gas_limit,
            fee_cap=int(message.gas_fee_cap),
            premium=int(message.gas_premium),
            value=int(message.value),
            required_funds=int(message.gas_fee_cap) * message.gas_limit,
            is_bls=is_bls,
        )
