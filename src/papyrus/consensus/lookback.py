"""By which past a block is judged (node.md 3.4).

A miner's power, worker and sectors count as they were a finality before the block, so that nobody
can arrange them for an election whose randomness is already known. The lookback gives two things
that differ by one tipset: the last tipset at or below the lookback height, and the state after
executing it. Eligibility by minimum power is read from the state that tipset began with; power,
worker and sectors from the state after it.
"""

from dataclasses import dataclass

from papyrus.consensus.chain import TipsetSource, tipset_at
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.types.tipset import Tipset


@dataclass(frozen=True, slots=True)
class Lookback:
    """The past by which the blocks of an epoch are judged."""

    tipset: Tipset
    """The last at or below the lookback height, or genesis."""
    state_root: Cid
    """The state after it, not the one it began with."""


def lookback(source: TipsetSource, base: Tipset, epoch: ChainEpoch) -> Lookback:
    """Return the past by which a block of the epoch is judged whose parents are `base`.

    LookupError where the lookback would reach the base itself, which means a finality of epochs
    without blocks. Genesis is judged by itself.
    """
    if base.height == 0:
        return Lookback(base, base.parent_state_root)
    height = max(epoch - CHAIN_FINALITY, 0)
    if height >= base.height:
        raise LookupError(f"lookback height {height} is at or after the tipset at {base.height}")
    after = tipset_at(source, base, height + 1, before_null=False)
    return Lookback(source.tipset(after.parents), after.parent_state_root)
