"""Which wishes for funds a channel meets by itself, and which need a message (Lotus simple.go).

Some ask that an amount be reserved for them: out of what is available in the channel, or else with
new funds. Others ask for new funds that are available to anybody. Wishes that come while a message
is under way wait for its end and are then met together, with one message at most.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount


@dataclass(frozen=True, slots=True)
class Funded:
    """How a wish for funds was met."""

    channel: Address | None
    """None until the channel is made."""
    message: Cid | None
    """The message that brings the funds, None where they were there."""


@dataclass(slots=True, eq=False)
class Wish:
    """Somebody's wish for funds in the channel between two parties."""

    amount: TokenAmount
    is_reserved: bool = False
    """Whether the amount is to be kept for whoever wishes for it."""
    off_chain: bool = False
    """Whether it is to be met with what is there, or not at all."""
    answer: Funded | Exception | None = None

    def result(self) -> Funded:
        """Return how it was met, or raise why it was not."""
        if not isinstance(self.answer, Funded):
            raise self.answer or LookupError("the wish was not answered")
        return self.answer


@dataclass(frozen=True, slots=True)
class Shares:
    """Wishes, by what becomes of them."""

    met: list[Wish]
    """Out of what is available."""
    refused: list[Wish]
    rest: list[Wish]
    """With a message."""

    @property
    def reserved(self) -> TokenAmount:
        """What is taken of what is available."""
        return _sum(self.met)

    @property
    def amount(self) -> TokenAmount:
        """What the message brings."""
        return _sum(self.rest)

    @property
    def available(self) -> TokenAmount:
        """What of it is for anybody."""
        return _sum(wish for wish in self.rest if not wish.is_reserved)


def shares(wishes: Iterable[Wish], available: TokenAmount | None) -> Shares:
    """Return what becomes of wishes where so much is available; None where there is no channel.

    Those that must not cost a message come first, then the smaller before the greater.
    """
    found = Shares([], [], [])
    left = available
    for wish in sorted(wishes, key=lambda wish: (not wish.off_chain, wish.amount)):
        is_there = left is not None and (
            wish.amount <= left if wish.is_reserved else not wish.amount
        )
        if is_there:
            found.met.append(wish)
            left = TokenAmount((left or ZERO) - wish.amount)
        elif wish.off_chain:
            found.refused.append(wish)
        else:
            found.rest.append(wish)
    return found


def _sum(wishes: Iterable[Wish]) -> TokenAmount:
    return TokenAmount(sum(wish.amount for wish in wishes))
