"""Network version 28, Fire Horse: actors v18.

New code alone: the status of sectors for contracts (FIP-0112), a precompile for P-256 (FIP-0113)
and the instruction CLZ (FIP-0114). No state changes its shape.
"""

from papyrus.actors.migrations.context import Changes, Migration


def changes(_migration: Migration) -> Changes:
    """Return how actors change: not at all, beyond their code."""
    return {}
