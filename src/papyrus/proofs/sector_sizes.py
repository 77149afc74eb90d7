"""The sizes of sectors by registered proof type (FIP-0013, FIP-0092)."""

_KIB = 1 << 10
_MIB = 1 << 20
_GIB = 1 << 30

_SIZES = (2 * _KIB, 8 * _MIB, 512 * _MIB, 32 * _GIB, 64 * _GIB)
"""The five sizes, in the order in which every family of proof types lists them."""

_SEAL_FAMILIES = 4
"""V1, V1P1, synthetic, non-interactive."""

FIRST_NON_INTERACTIVE = 3 * len(_SIZES)
"""The first number of the last family."""


def seal_sector_size(registered_proof: int) -> int | None:
    """Return the sector size in padded bytes of a registered seal proof, or None if unknown."""
    if 0 <= registered_proof < _SEAL_FAMILIES * len(_SIZES):
        return _SIZES[registered_proof % len(_SIZES)]
    return None
