"""Which blocks make a tipset together (spec 4.1, node.md 3.2).

They are of one height and have the same parents, which makes them siblings, and they must agree on
the beacon. No miner has two of them. Each may still be good without the others: what is wrong with
the tipset is not always wrong with its blocks.
"""

from collections.abc import Sequence

from papyrus.consensus.verdicts import Fault
from papyrus.primitives.errors import Invalid
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import Tipset


def check_tipset(blocks: Sequence[BlockHeader]) -> Tipset:
    """Return the tipset that blocks make together, or raise Invalid."""
    if not blocks:
        raise Invalid(Fault.TIPSET_EMPTY, "no blocks")
    first = blocks[0]
    for block in blocks:
        if block.ticket is None:
            raise Invalid(Fault.NO_TICKET, f"block {block.cid}")
        if block.height != first.height:
            raise Invalid(Fault.TIPSET_HEIGHTS, f"{block.height} and {first.height}")
        if block.parents != first.parents:
            raise Invalid(Fault.TIPSET_PARENTS, f"blocks {first.cid} and {block.cid} differ")
        if block.beacon_entries != first.beacon_entries:
            raise Invalid(Fault.TIPSET_BEACON_ENTRIES, f"blocks {first.cid} and {block.cid} differ")
    rounds = [entry.round for entry in first.beacon_entries]
    if rounds != sorted(rounds):
        raise Invalid(Fault.TIPSET_BEACON_ORDER, f"rounds {rounds}")
    miners = [block.miner for block in blocks]
    if len(set(miners)) != len(miners):
        raise Invalid(Fault.DUPLICATE_MINER, f"two blocks of one miner at height {first.height}")
    return Tipset.of(blocks)
