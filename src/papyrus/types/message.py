"""Messages: what an account asks the chain to do (spec 4.3.2).

A message names a sender, a receiver, a method, its parameters, funds to move, and what its sender
will pay for gas. On chain it appears in one of two forms. With a BLS signature it stands alone,
because the block holds one aggregate of all such signatures. Any other signature travels with it,
and then the pair is what the block refers to and what its length is measured by.
"""

from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.types.limits import BoundedBytes

MESSAGE_VERSION = 0
"""The only version of messages there has been."""

METHOD_SEND = 0
"""The method that only moves funds."""

METHOD_CONSTRUCTOR = 1
"""The method an actor is created with."""


@cbor_tuple
class Message(Record):
    """A message without its signature."""

    version: U64
    to: Address
    sender: Address
    """`From` in Lotus."""
    nonce: U64
    """How many messages of the sender came before."""
    value: TokenAmount
    gas_limit: I64
    """The most gas it may use; the sender pays for part of what is left over."""
    gas_fee_cap: TokenAmount
    """The most attoFIL a unit of gas may cost the sender, base fee and premium together."""
    gas_premium: TokenAmount
    """What the block's producer gets for each unit of the gas limit."""
    method: U64
    params: BoundedBytes

    @property
    def cid(self) -> Cid:
        """The CID of the message alone."""
        return Cid.of(self.to_cbor())

    @property
    def chain_length(self) -> int:
        """The bytes it takes in a block as a BLS message."""
        return len(self.to_cbor())

    @property
    def unsigned(self) -> "Message":
        """The message itself, so that both forms on chain can be asked for it."""
        return self

    def effective_premium(self, base_fee: int) -> int:
        """Return the premium left under the fee cap at a base fee; never negative."""
        return min(self.gas_premium, max(self.gas_fee_cap - base_fee, ZERO))


def draft(
    sender: Address,
    to: Address,
    value: TokenAmount = ZERO,
    method: int = METHOD_SEND,
    params: bytes = b"",
) -> Message:
    """Return a message to be sent, whose nonce and gas are still to be filled in."""
    return Message(
        version=MESSAGE_VERSION,
        to=to,
        sender=sender,
        nonce=0,
        value=value,
        gas_limit=0,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=method,
        params=params,
    )


@cbor_tuple
class SignedMessage(Record):
    """A message and its sender's signature."""

    message: Message
    signature: Signature

    @property
    def cid(self) -> Cid:
        """The CID a block refers to: the message's own under BLS, otherwise the pair's."""
        if self.signature.type == SignatureType.BLS:
            return self.message.cid
        return Cid.of(self.to_cbor())

    @property
    def chain_length(self) -> int:
        """The bytes it takes in a block; a BLS signature lies in the aggregate and counts not."""
        if self.signature.type == SignatureType.BLS:
            return self.message.chain_length
        return len(self.to_cbor())

    @property
    def unsigned(self) -> Message:
        """The message without its signature."""
        return self.message
