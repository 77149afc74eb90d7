"""Why the pool refuses a message, and what that says of the peer who sent it (node.md 3.10).

A message that breaks a rule for blocks is refused with that rule's `Fault`. The reasons here are
the pool's own. Most depend on what this node knows, so a peer that passes such a message on may
well be honest, and the message is ignored. Only what no honest node can take for good is rejected,
which costs the peer its standing.
"""

from enum import Enum, StrEnum
from typing import Self

from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import Words, sentence


class Refusal(StrEnum):
    """A rule of the pool, named for what is wrong where it is broken."""

    words: str
    """How Lotus says it, at the end of its error; clients look for these words."""
    is_temporary: bool
    """Whether the message may be taken later, or by another node."""

    def __new__(cls, value: str, words: str, is_temporary: bool = True) -> Self:
        """Make a member of its name and what Lotus says."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        member.is_temporary = is_temporary
        return member

    RECIPIENT_UNREACHABLE = ("recipient-unreachable", "not a valid Eth Address", False)
    """A user's message to a delegated address is to one that Ethereum knows: others are lost."""
    MESSAGE_TOO_BIG = ("message-too-big", "message too big", False)
    """A message takes 64 KiB at most, its signature included."""
    VALUE_TOO_HIGH = (
        "value-too-high",
        "cannot send more filecoin than will ever exist",
        False,
    )
    """A message sends less than all FIL."""
    FEE_CAP_BELOW_MINIMUM = ("fee-cap-below-minimum", "gas fee cap too low")
    """A fee cap reaches the lowest base fee there can be."""
    NONCE_TOO_LOW = ("nonce-too-low", "message nonce too low")
    """The sender has not used the nonce yet."""
    SENDER_UNKNOWN = ("sender-unknown", "validation failure")
    """The sender exists in the state after the head."""
    FEE_CAP_BELOW_BOUND = ("fee-cap-below-bound", "validation failure")
    """A fee cap is not so low that the message cannot enter a block within some twenty epochs."""
    NOT_ENOUGH_FUNDS = ("not-enough-funds", "not enough funds to execute transaction")
    """The sender can pay for the gas."""
    NOT_ENOUGH_FUNDS_FOR_ALL = ("not-enough-funds-for-all", "validation failure")
    """The sender can pay for the gas of all its messages that wait."""
    NONCE_GAP = ("nonce-gap", "unfulfilled nonce gap")
    """Not more than four messages are missing before this one, and none where it replaces one."""
    PREMIUM_TOO_LOW_TO_REPLACE = (
        "premium-too-low-to-replace",
        "replace by fee has too low GasPremium",
    )
    """A message that takes another's place offers a tenth more premium."""
    ALREADY_PENDING = ("already-pending", "message with nonce already exists")
    """The message does not wait already."""
    TOO_MANY_PENDING = ("too-many-pending", "too many pending messages for actor")
    """A sender has 1,000 messages waiting at most, 100 of them by way of a gateway."""
    POOL_FULL = ("pool-full", "validation failure")
    """The pool is not so full that it takes its own users' messages alone."""


class GossipVerdict(Enum):
    """What to do with a message that a peer sent."""

    ACCEPT = "accept"
    """Pass it on."""
    IGNORE = "ignore"
    """Do not pass it on, and think no worse of the peer."""
    REJECT = "reject"
    """Do not pass it on, and hold it against the peer."""


def refused(refusal: Refusal, detail: Words) -> Invalid:
    """Return the error of a refusal, in words for people that end in those of Lotus."""
    return Invalid(refusal, sentence("{}: {}", detail, refusal.words))


def gossip_verdict(error: Invalid) -> GossipVerdict:
    """Return what a peer has earned with a message that was refused."""
    fault = error.fault
    ignored = isinstance(fault, Refusal) and fault.is_temporary
    return GossipVerdict.IGNORE if ignored else GossipVerdict.REJECT
