"""Which of several tipsets to build on (spec 4.20, FIP-0023, node.md 3.6).

The heaviest chain is the right one. Blocks of one epoch on the same parents make one tipset, with
one exception: a miner that made two blocks in an epoch has equivocated, and none of its blocks of
that epoch counts. Two chains of the same weight are told apart by their last tipsets' tickets, the
smaller winning, so that everyone who knows both chooses the same one.
"""

from collections.abc import Callable, Iterable

from papyrus.primitives.address import Address
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import Tipset, TipsetKey

Weigh = Callable[[Tipset], int]
"""Gives the weight of the chain up to and including a tipset."""


def without_equivocations(blocks: Iterable[BlockHeader]) -> tuple[BlockHeader, ...]:
    """Return the blocks of one epoch without those of miners that made more than one.

    A block given twice counts once.
    """
    by_miner: dict[Address, dict[bytes, BlockHeader]] = {}
    for block in blocks:
        by_miner.setdefault(block.miner, {})[block.cid] = block
    return tuple(block for made in by_miner.values() if len(made) == 1 for block in made.values())


def formable_tipsets(blocks: Iterable[BlockHeader]) -> tuple[Tipset, ...]:
    """Return the tipsets that the blocks of one epoch make, one for each set of parents.

    Each is as large as it can be; blocks of equivocating miners are in none.
    """
    by_parents: dict[TipsetKey, list[BlockHeader]] = {}
    for block in without_equivocations(blocks):
        by_parents.setdefault(TipsetKey(block.parents), []).append(block)
    return tuple(Tipset.of(siblings) for siblings in by_parents.values())


def heaviest(tipsets: Iterable[Tipset], weigh: Weigh) -> Tipset | None:
    """Return the heaviest of some tipsets, a tie broken by tickets; None where there are none.

    What is left equal stays with the first given, so a node puts its own head first.
    """
    best: Tipset | None = None
    best_weight = 0
    for tipset in tipsets:
        found = weigh(tipset)
        if (
            best is None
            or found > best_weight
            or (found == best_weight and breaks_tie(tipset, best))
        ):
            best, best_weight = tipset, found
    return best


def breaks_tie(challenger: Tipset, champion: Tipset) -> bool:
    """Return whether a tipset wins against another of the same weight (FIP-0023).

    Their blocks are compared pairwise in order, and the first pair whose tickets differ decides:
    the smaller digest wins. Where one tipset is the beginning of the other, nobody wins.
    """
    for ours, theirs in zip(challenger.blocks, champion.blocks, strict=False):
        left, right = _ticket_digest(ours), _ticket_digest(theirs)
        if left != right:
            return left < right
    return False


def _ticket_digest(block: BlockHeader) -> bytes:
    return b"" if block.ticket is None else block.ticket.digest
