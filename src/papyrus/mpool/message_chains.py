"""Message chains: runs of one sender's messages that a block takes together (`selection.go`).

A sender's messages must enter the chain in order of nonce, so a poor message stands before a rich
one that follows it. A chain is a run of messages of which each raises what the run earns for its
gas, and a sender's chains stand in falling order of that: the later is never worth more than the
earlier, or the two would be one. What a chain earns for its gas is a float, as in Lotus: it only
orders chains, and the quotient is rounded once, to the nearest.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.consensus.message_validity import minimum_gas
from papyrus.mpool.pending import PendingMessage
from papyrus.primitives.address import Address
from papyrus.rules.gas_prices import GasPrices

BLOCK_MESSAGE_LIMIT = 10_000
"""Messages of a block."""

MINIMUM_GAS = 1_298_450
"""Below this much gas no more message is looked for: it is what the cheapest transfer once took."""

_PENALTY_FACTOR = 3
"""A message that costs its block's producer counts three times."""


@dataclass(frozen=True, slots=True)
class SenderQueue:
    """A sender that has messages waiting."""

    sender: Address
    nonce: int
    """The account's, in the state the block builds on."""
    balance: int
    messages: tuple[PendingMessage, ...]
    """In order of nonce; there may be gaps."""


class MessageChain:
    """A run of one sender's messages, linked to the runs before and after it."""

    __slots__ = (
        "block_probability",
        "effective_performance",
        "gas_limit",
        "gas_performance",
        "gas_reward",
        "is_bls",
        "is_merged",
        "is_valid",
        "messages",
        "next",
        "parent_offset",
        "previous",
        "sender",
    )

    def __init__(self, message: PendingMessage, reward: int) -> None:
        """Begin a chain with its first message and what that earns."""
        self.messages = [message]
        self.sender = message.sender
        self.is_bls = message.is_bls
        self.gas_reward = reward
        self.gas_limit = message.gas_limit
        self.gas_performance = gas_performance(reward, message.gas_limit)
        self.effective_performance = 0.0
        self.block_probability = 0.0
        self.parent_offset = 0.0
        self.is_valid = True
        self.is_merged = False
        self.previous: MessageChain | None = None
        self.next: MessageChain | None = None

    def comes_before(self, other: "MessageChain") -> bool:
        """Return whether this chain earns more for its gas, or as much and more in all."""
        return (self.gas_performance, self.gas_reward) > (other.gas_performance, other.gas_reward)

    def comes_before_effectively(self, other: "MessageChain") -> bool:
        """Return whether this chain is better for a producer whose block is one of several."""
        # Quirk: the tests are tried one after another, so of two chains each may come before the
        # other where one has been merged.
        return (
            (self.is_merged and not other.is_merged)
            or (self.gas_performance >= 0 > other.gas_performance)
            or self.effective_performance > other.effective_performance
            or (
                self.effective_performance == other.effective_performance
                and self.comes_before(other)
            )
        )

    def set_block_probability(self, probability: float) -> None:
        """Weigh the chain by the chance that it falls to this producer's block."""
        self.block_probability = probability
        self.weigh()

    def weigh(self) -> None:
        """Work the effective performance out anew: what precedes the chain weighs on it."""
        effective = self.gas_performance * self.block_probability
        previous = self.previous
        if effective > 0 and previous is not None:
            with_parent = (
                effective * self.gas_limit + previous.effective_performance * previous.gas_limit
            ) / (self.gas_limit + previous.gas_limit)
            self.parent_offset = effective - with_parent
            effective = with_parent
        self.effective_performance = effective

    def weigh_nothing(self) -> None:
        """Take the chain as one that no block of this height will hold."""
        self.effective_performance = min(self.gas_performance, 0.0)

    def trim(self, gas_limit: int, message_limit: int, base_fee: int) -> None:
        """Take messages off the end until the rest fits and earns something.

        The chain is invalid where nothing is left. What came after it is invalid in any case.
        """
        kept = len(self.messages)
        while kept and (
            self.gas_limit > gas_limit or self.gas_performance < 0 or kept > message_limit
        ):
            kept -= 1
            message = self.messages[kept]
            self.gas_reward -= gas_reward(message, base_fee)
            self.gas_limit -= message.gas_limit
            if self.gas_limit > 0:
                self.gas_performance = gas_performance(self.gas_reward, self.gas_limit)
                if self.block_probability:
                    self.weigh()
            else:
                self.gas_performance = self.effective_performance = 0.0
        del self.messages[kept:]
        self.is_valid = self.is_valid and bool(kept)
        self._end_here()

    def invalidate(self) -> None:
        """Drop the chain and all that come after it."""
        chain: MessageChain | None = self
        while chain is not None:
            chain.is_valid = False
            chain.messages = []
            following, chain.next = chain.next, None
            chain = following

    def _end_here(self) -> None:
        if self.next is not None:
            self.next.invalidate()
            self.next = None


def sort_by_performance(chains: list[MessageChain]) -> None:
    """Put the chains that pay a block best first; equal ones keep their order."""
    chains.sort(key=lambda chain: (chain.gas_performance, chain.gas_reward), reverse=True)


def push_down(
    chains: list[MessageChain],
    place: int,
    before: Callable[[MessageChain, MessageChain], bool] = MessageChain.comes_before,
) -> bool:
    """Move a chain that was cut back to where it belongs; return whether it moved."""
    start = place
    while place < len(chains) - 1 and not before(chains[place], chains[place + 1]):
        chains[place], chains[place + 1] = chains[place + 1], chains[place]
        place += 1
    return place > start


def gas_reward(message: PendingMessage, base_fee: int) -> int:
    """Return the attoFIL a message earns its block's producer, or costs it, and then threefold."""
    reward = min(message.fee_cap - base_fee, message.premium) * message.gas_limit
    return reward * _PENALTY_FACTOR if reward < 0 else reward


def gas_performance(reward: int, gas_limit: int) -> float:
    """Return what a full block of such messages would earn, rounded to the nearest float."""
    try:
        return reward * BLOCK_GAS_LIMIT / gas_limit
    except OverflowError:
        return math.inf if reward > 0 else -math.inf


def create_chains(queue: SenderQueue, base_fee: int, prices: GasPrices) -> list[MessageChain]:
    """Return a sender's chains in order, each linked with its neighbours.

    Messages count up to the first that is missing, asks for less gas than its place takes, would
    overfill a block, or cannot be paid for, value and gas of those before it included.
    """
    messages = _includable(queue, prices)
    chains: list[MessageChain] = []
    for message in messages:
        reward = gas_reward(message, base_fee)
        last = chains[-1] if chains else None
        if last is None:
            chains.append(MessageChain(message, reward))
            continue
        joint_reward = last.gas_reward + reward
        joint_limit = last.gas_limit + message.gas_limit
        performance = gas_performance(joint_reward, joint_limit)
        if performance < last.gas_performance:
            chains.append(MessageChain(message, reward))
        else:
            last.messages.append(message)
            last.gas_reward, last.gas_limit = joint_reward, joint_limit
            last.gas_performance = performance
    chains = _merged(chains)
    for earlier, later in pairwise(chains):
        earlier.next, later.previous = later, earlier
    return chains


def _includable(queue: SenderQueue, prices: GasPrices) -> Sequence[PendingMessage]:
    nonce, balance, gas = queue.nonce, queue.balance, 0
    found = []
    for message in queue.messages:
        if message.nonce < nonce:
            continue
        if message.nonce != nonce or message.gas_limit < minimum_gas(message.length, prices):
            break
        nonce += 1
        gas += message.gas_limit
        if gas > BLOCK_GAS_LIMIT or balance < message.required_funds:
            break
        balance -= message.required_funds + message.value
        found.append(message)
    return found[:BLOCK_MESSAGE_LIMIT]


def _merged(chains: list[MessageChain]) -> list[MessageChain]:
    """Return the chains with each joined to the one before it that it is not worse than."""
    merged = True
    while merged:
        merged = False
        for place in range(len(chains) - 1, 0, -1):
            chain, before = chains[place], chains[place - 1]
            if chain.gas_performance >= before.gas_performance:
                before.messages += chain.messages
                before.gas_reward += chain.gas_reward
                before.gas_limit += chain.gas_limit
                before.gas_performance = gas_performance(before.gas_reward, before.gas_limit)
                chain.is_valid = False
                merged = True
        chains = [chain for chain in chains if chain.is_valid]
    return chains
