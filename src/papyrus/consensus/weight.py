"""How heavy a chain is (spec 4.20, node.md 3.6).

Each tipset adds the binary logarithm of the network's power, and half of it again for each five
wins in its blocks; so a chain on which more of the network's power worked is heavier. The power is
that before the tipset. A block states the weight up to its parent tipset as `parent_weight`.
"""

from papyrus.consensus.election import BLOCKS_PER_EPOCH
from papyrus.consensus.power_table import PowerTable
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.errors import LocalFault
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree

_SCALE = 8
"""Weights are counted in units of 2^-8."""

_WIN_RATIO = (1, 2)
"""What the wins of a full epoch weigh beside the power itself, as a fraction."""


def weight(tipset: Tipset, store: Blockstore) -> int:
    """Return the weight of the chain up to and including a tipset.

    LocalFault where its parent state is not in the store, or shows no power at all: then the
    network is dead and no chain of it can be judged.
    """
    power = PowerTable.of(StateTree(store, tipset.parent_state_root)).total_quality_adjusted_power
    if power <= 0:
        raise LocalFault(f"the network has no power in the state before tipset {tipset.key}")
    magnitude = power.bit_length() - 1
    numerator, denominator = _WIN_RATIO
    wins = (magnitude * numerator << _SCALE) * wins_of(tipset)
    return (
        tipset.blocks[0].parent_weight
        + (magnitude << _SCALE)
        + wins // (BLOCKS_PER_EPOCH * denominator)
    )


def wins_of(tipset: Tipset) -> int:
    """Return how many wins the blocks of a tipset claim together."""
    return sum(
        block.election_proof.win_count
        for block in tipset.blocks
        if block.election_proof is not None
    )
