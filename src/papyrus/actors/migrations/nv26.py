"""Network version 26, Tock: actors v16 still.

The version only ends a grace period of FIP-0100 inside the miner actor, so no network migrates for
it. Calibration had released Teep with other constants, and took the right code within this version.
"""

from papyrus.actors.migrations.context import Changes, Migration


def changes(_migration: Migration) -> Changes:
    """Return how actors change: not at all, beyond their code."""
    return {}
