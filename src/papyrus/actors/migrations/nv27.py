"""Network version 27, Golden Week: actors v17.

New code alone: methods go (FIP-0101, 0103, 0106), the miner's deposit comes (FIP-0077), precompiles
for BLS (FIP-0105) and notifications of any contract (FIP-0109). No state changes its shape.
"""

from papyrus.actors.migrations.context import Changes, Migration


def changes(_migration: Migration) -> Changes:
    """Return how actors change: not at all, beyond their code."""
    return {}
