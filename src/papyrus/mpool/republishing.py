"""Which of the users' own messages are published again (`repub.go`).

Gossip forgets, so a node tells of its users' messages anew every ten epochs until a block has them:
at most thirty at a time, the best first, and only chains whose every message could be included with
the base fee at a tenth. Others would be refused by those who hear of them.
"""

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.mpool.message_chains import (
    MINIMUM_GAS,
    MessageChain,
    create_chains,
    push_down,
    sort_by_performance,
)
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.selection import Candidates

MOST_AT_ONCE = 30
"""Messages published at a time."""

PAUSE = 0.1
"""Seconds between two of them, so that those who hear of them check them in order."""

_EPOCHS_BETWEEN = 10
_PROPAGATION_SECONDS = 10
_GOSSIP_MEMORY_SECONDS = 120
"""How long gossip drops what it has seen."""


def republish_interval(block_delay: int) -> int:
    """Return the seconds between two times, for a network with epochs of so many seconds."""
    return max(_EPOCHS_BETWEEN * block_delay, _GOSSIP_MEMORY_SECONDS) + _PROPAGATION_SECONDS


def messages_to_republish(candidates: Candidates, base_fee: int) -> list[PendingMessage]:
    """Return what to publish again, in order.

    `candidates` are the users' own messages with the lower bound of the base fee; `base_fee` is
    that of the next block, by which a chain is cut.
    """
    bound = candidates.base_fee
    chains = [
        chain
        for queue in candidates.queues
        for chain in create_chains(queue, bound, candidates.prices)
    ]
    sort_by_performance(chains)
    found: list[PendingMessage] = []
    gas = BLOCK_GAS_LIMIT
    place = 0
    while place < len(chains) and len(found) <= MOST_AT_ONCE and gas > MINIMUM_GAS:
        chain = chains[place]
        if not chain.is_valid:
            place += 1
        elif chain.gas_limit <= gas:
            includable = _includable(chain, bound)
            gas -= sum(message.gas_limit for message in includable)
            found += includable
            place += 1
        else:
            chain.trim(gas, MOST_AT_ONCE, base_fee)
            push_down(chains, place)
    return found[:MOST_AT_ONCE]


def _includable(chain: MessageChain, bound: int) -> list[PendingMessage]:
    """Return a chain's messages up to the first with too low a fee cap, which ends the sender's."""
    for count, message in enumerate(chain.messages):
        if message.fee_cap < bound:
            before = chain.messages[:count]
            chain.invalidate()
            return before
    return chain.messages
