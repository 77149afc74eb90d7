"""Choosing messages for a block (`selection.go`).

With a very good ticket a block comes first in its tipset, so it takes whatever pays best: greedy.
With any other ticket the best messages are probably in an earlier block already, which is paid for
them. So chains are dealt out over the blocks that are likely to come before, and each is weighed
by the chance that it falls to this block: optimal. Gas that remains goes to chains drawn at random,
so that producers do not all draw the same.

Everything here is a pure function of what it is given, and changes nothing of it. Lotus sorts with
a sort that is not stable and walks its senders in random order; here equal chains keep the order
in which their senders were given.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.mpool.block_filling import BlockFilling
from papyrus.mpool.block_probability import MOST_BLOCKS, block_probabilities
from papyrus.mpool.message_chains import (
    BLOCK_MESSAGE_LIMIT,
    MINIMUM_GAS,
    MessageChain,
    SenderQueue,
    create_chains,
    push_down,
    sort_by_performance,
)
from papyrus.mpool.pending import PendingMessage
from papyrus.primitives.address import Address
from papyrus.rules.gas_prices import GasPrices

GREEDY_ABOVE = 0.84
"""With a better ticket than this the first place is likelier than any other."""

RandomBelow = Callable[[int], int]
"""Draws a whole number from 0 up to, not including, the one given."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What there is to choose from, and what the choice depends on; it may travel to a worker."""

    queues: tuple[SenderQueue, ...]
    base_fee: int
    """The block's, in attoFIL."""
    prices: GasPrices
    priority: tuple[Address, ...] = ()
    """Senders, by their keys, whose messages go before all others."""


def select_messages(
    candidates: Candidates, ticket_quality: float, draw: RandomBelow
) -> list[PendingMessage]:
    """Return messages for a block in an order in which they can be executed.

    The quality of the block's ticket is from 0 to 1.
    """
    if not candidates.queues:
        return []
    filling = BlockFilling()
    _fill_with_priority(filling, candidates)
    if not filling.is_full:
        chains = _chains(candidates, but=candidates.priority)
        if chains and chains[0].gas_performance >= 0:
            if ticket_quality > GREEDY_ABOVE:
                _fill_greedily(filling, chains, candidates.base_fee)
            else:
                _fill_optimally(filling, chains, candidates.base_fee, ticket_quality, draw)
    return filling.messages


def _chains(
    candidates: Candidates,
    *,
    only: Collection[Address] | None = None,
    but: Collection[Address] = (),
) -> list[MessageChain]:
    """Return the chains of some senders, the best first."""
    found = [
        chain
        for queue in candidates.queues
        if (only is None or queue.sender in only) and queue.sender not in but
        for chain in create_chains(queue, candidates.base_fee, candidates.prices)
    ]
    sort_by_performance(found)
    return found


def _effective(chain: MessageChain) -> tuple[bool, float, float, int]:
    """Return what sorts chains by their effect, the best first."""
    return (
        chain.gas_performance < 0,
        -chain.effective_performance,
        -chain.gas_performance,
        -chain.gas_reward,
    )


def _fill_with_priority(filling: BlockFilling, candidates: Candidates) -> None:
    if not candidates.priority:
        return
    chains = _chains(candidates, only=candidates.priority)
    if chains and chains[0].gas_performance >= 0:
        _fill_greedily(filling, chains, candidates.base_fee)


def _fill_greedily(filling: BlockFilling, chains: list[MessageChain], base_fee: int) -> None:
    """Take the best chains that fit, and at the edge what is left of those that are cut."""
    edge = len(chains)
    for place, chain in enumerate(chains):
        if chain.gas_performance < 0:
            break
        if not filling.add(chain):
            edge = place
            break
    while filling.has_gas and edge < len(chains):
        filling.trim(chains[edge], base_fee)
        if chains[edge].is_valid:
            push_down(chains, edge)
        for place in range(edge, len(chains)):
            chain = chains[place]
            if not chain.is_valid:
                continue
            if chain.gas_performance < 0:
                return
            if not filling.add(chain):
                edge = place
                break
        else:
            return


def _fill_optimally(
    filling: BlockFilling,
    chains: list[MessageChain],
    base_fee: int,
    ticket_quality: float,
    draw: RandomBelow,
) -> None:
    _weigh(chains, block_probabilities(ticket_quality))
    rest = _merge_best(filling, chains, base_fee)
    _pack_tail(filling, rest, base_fee)
    if not filling.is_full:
        _pack_at_random(filling, rest, base_fee, draw)


def _weigh(chains: Sequence[MessageChain], probabilities: Sequence[float]) -> None:
    """Deal chains out over the blocks of a tipset, and weigh each by its block's chance."""
    block, gas, room = 0, BLOCK_GAS_LIMIT, BLOCK_MESSAGE_LIMIT
    for chain in chains:
        if block == MOST_BLOCKS:
            chain.weigh_nothing()
            continue
        chain.set_block_probability(probabilities[block])
        gas -= chain.gas_limit
        room -= len(chain.messages)
        if gas < MINIMUM_GAS or room <= 0:
            block, gas, room = block + 1, BLOCK_GAS_LIMIT, BLOCK_MESSAGE_LIMIT


def _merge_best(
    filling: BlockFilling, chains: Iterable[MessageChain], base_fee: int
) -> list[MessageChain]:
    """Take the chains of the best effect with what they depend on, up to the first without room.

    Return that one, and after it in order those that were not looked at; nothing where all chains
    that earn something were taken.
    """
    # Lotus sorts all chains again after each it took. Only those of the same sender have changed,
    # so the best of each sender in a heap gives the same order in a fraction of the time.
    ordered = sorted(chains, key=_effective)
    by_sender: dict[Address, list[MessageChain]] = {}
    for chain in ordered:
        by_sender.setdefault(chain.sender, []).append(chain)
    heap = [
        (_effective(own[0]), order, own[0], own) for order, own in enumerate(by_sender.values())
    ]
    heapify(heap)
    while heap:
        _, order, best, own = heap[0]
        if best.gas_performance < 0:
            break
        if not filling.add_with_dependencies(best, base_fee):
            rest = [one for one in ordered if not one.is_merged and one is not best]
            return [best, *sorted(rest, key=_effective)]
        _lift_next(best)
        own = [chain for chain in own if not chain.is_merged]
        if own:
            best = min(own, key=_effective)
            heapreplace(heap, (_effective(best), order, best, own))
        else:
            heappop(heap)
    return []


def _lift_next(chain: MessageChain) -> None:
    """Let the chain after a merged one no longer bear what came before."""
    following = chain.next
    if following is None or following.effective_performance <= 0:
        return
    following.effective_performance += following.parent_offset
    following = following.next
    while following is not None and following.effective_performance > 0:
        following.weigh()
        following = following.next


def _pack_tail(filling: BlockFilling, chains: list[MessageChain], base_fee: int) -> None:
    """Fill what gas is left with chains in order, each cut to what fits."""
    edge = 0
    looked_at = 1  # between the edge and this one, none is left to choose
    while filling.has_gas and edge < len(chains):
        if not chains[edge].is_valid:
            edge += 1
            looked_at = max(looked_at, edge + 1)
            continue
        # Quirk: the chain at the edge may have been merged meanwhile; to cut it then changes
        # nothing of it, and drops what comes after it.
        filling.trim(chains[edge], base_fee)
        if chains[edge].is_valid and push_down(chains, edge, MessageChain.comes_before_effectively):
            looked_at = edge + 1
        for place in (edge, *range(looked_at, len(chains))):
            chain = chains[place]
            if chain.is_valid and not chain.is_merged:
                if chain.gas_performance < 0:
                    return
                if not filling.add_with_dependencies(chain, base_fee):
                    break
            if place == looked_at:
                looked_at += 1
        else:
            return


def _pack_at_random(
    filling: BlockFilling, chains: list[MessageChain], base_fee: int, draw: RandomBelow
) -> None:
    """Fill what gas is left with chains in random order."""
    shuffled = chains.copy()
    for place in range(len(shuffled)):
        other = draw(place + 1)
        shuffled[place], shuffled[other] = shuffled[other], shuffled[place]
    for chain in shuffled:
        if filling.is_full:
            return
        if chain.is_merged or not chain.is_valid or chain.gas_performance < 0:
            continue
        if not filling.add_with_dependencies(chain, base_fee) and chain.is_valid:
            filling.add_with_dependencies(chain, base_fee)
