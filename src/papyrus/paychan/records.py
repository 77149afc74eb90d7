"""What this node remembers of payment channels."""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.types.message import Message, SignedMessage


class Direction(IntEnum):
    """Which end of a channel is here, as Lotus numbers them."""

    INBOUND = 1
    """The payee: vouchers come in."""
    OUTBOUND = 2
    """The payer: vouchers are made here."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of this node."""

    number: int
    """By which the records name it."""
    address: Address | None
    """None until the message that makes it is executed."""
    direction: Direction
    control: Address
    """The party that is here."""
    target: Address
    """The other one."""
    next_lane: int = 0
    """The lowest lane that nobody was given."""
    confirmed: TokenAmount = ZERO
    """What was put in from here, and is there."""
    available: TokenAmount = ZERO
    """What of it nobody has reserved."""
    is_settling: bool = False
    """Whether a message to settle it was sent from here."""

    @property
    def payer(self) -> Address:
        """Who pays."""
        return self.control if self.direction is Direction.OUTBOUND else self.target

    @property
    def payee(self) -> Address:
        """Who is paid."""
        return self.target if self.direction is Direction.OUTBOUND else self.control


@dataclass(frozen=True, slots=True)
class Funding:
    """A message that makes a channel or puts funds into one."""

    wish: UUID
    """By which its message is sent once, however often that is tried."""
    channel: int | None
    """Of the channel; None where it was to be made, and was not."""
    draft: Message
    amount: TokenAmount
    available: TokenAmount
    """What of the amount nobody has reserved."""
    message: SignedMessage | None = None
    """None until it waits for a block."""
    outcome: str | None = None
    """None while it is under way, empty where it went well, else what went wrong."""
