"""Registered proof types: which go together, and what each implies (fvm_shared `sector`).

Every family of proof types lists the sector sizes in the same order: 2 KiB, 8 MiB, 512 MiB, 32 GiB,
64 GiB. Seal proofs come in four families: V1, V1P1, synthetic and non-interactive. Of PoSt proofs
there are Winning ones from 0 on and Window ones (V1P1) from 10 on; 5 to 9 were Window proofs before
network version 19. An unknown number is kept wherever it travels and has None for what is asked.
"""

from papyrus.proofs.sector_sizes import FIRST_NON_INTERACTIVE, seal_sector_size

_SIZES = 5
_FIRST_WINDOW_POST = 2 * _SIZES
_POST_PROOFS = frozenset((*range(_SIZES), *range(_FIRST_WINDOW_POST, _FIRST_WINDOW_POST + _SIZES)))
_PARTITION_SECTORS = (2, 2, 2, 2349, 2300)
_SEAL_PROOF_LENGTHS = (192, 192, 192, 1_920, 1_920)
_NON_INTERACTIVE_PROOF_LENGTHS = (14_164, 14_164, 14_164, 23_092, 23_092)
_POST_PROOF_LENGTH = 192

SNARK_PACK_V1 = 0
"""Registered aggregate proofs."""
SNARK_PACK_V2 = 1


def post_sector_size(post_proof: int) -> int | None:
    """Return the sector size in padded bytes of a registered PoSt proof, or None if unknown."""
    return seal_sector_size(post_proof % _SIZES) if post_proof in _POST_PROOFS else None


def window_post_partition_sectors(post_proof: int) -> int | None:
    """Return how many sectors one Window PoSt covers, or None for an unknown proof type."""
    return _PARTITION_SECTORS[post_proof % _SIZES] if post_proof in _POST_PROOFS else None


def window_post_proof_of(seal_proof: int) -> int | None:
    """Return the Window PoSt proof of sectors with a seal proof, or None if that is unknown."""
    if seal_sector_size(seal_proof) is None:
        return None
    return _FIRST_WINDOW_POST + seal_proof % _SIZES


def seal_proof_of_window_post(window_post_proof: int) -> int | None:
    """Return the seal proof (V1P1) of a miner's new sectors by its Window PoSt, or None."""
    return window_post_proof % _SIZES + _SIZES if window_post_proof in _POST_PROOFS else None


def winning_post_proof_of(window_post_proof: int) -> int | None:
    """Return the Winning PoSt proof of miners with a Window one, or None if that is unknown."""
    return window_post_proof % _SIZES if window_post_proof in _POST_PROOFS else None


def update_proof_of(seal_proof: int) -> int | None:
    """Return the replica update proof of sectors with a seal proof, or None if unknown."""
    return None if seal_sector_size(seal_proof) is None else seal_proof % _SIZES


def post_proof_length(post_proof: int) -> int | None:
    """Return the bytes of one PoSt proof, or None for an unknown proof type."""
    return _POST_PROOF_LENGTH if post_proof in _POST_PROOFS else None


def seal_proof_length(seal_proof: int) -> int | None:
    """Return the bytes of one seal proof, or None for an unknown proof type."""
    if seal_sector_size(seal_proof) is None:
        return None
    lengths = (
        _SEAL_PROOF_LENGTHS
        if seal_proof < FIRST_NON_INTERACTIVE
        else _NON_INTERACTIVE_PROOF_LENGTHS
    )
    return lengths[seal_proof % _SIZES]
