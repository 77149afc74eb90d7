"""What the policy says of proof types: which may be used for what, for how long, and how large."""

from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.proofs.sector_sizes import FIRST_NON_INTERACTIVE, seal_sector_size
from papyrus.rules.policy import EPOCHS_IN_DAY, EPOCHS_IN_YEAR, Policy

_FIRST_V1P1 = 5
"""Seal proofs below are of network versions before 7."""
_DIGEST_LENGTH = 32


def can_pre_commit_seal_proof(policy: Policy, seal_proof: int) -> bool:
    """Return whether sectors of a registered seal proof may be pre-committed."""
    return seal_proof in policy.pre_commit_proofs


def can_prove_commit_non_interactive(policy: Policy, seal_proof: int) -> bool:
    """Return whether sectors of a registered seal proof may be committed at once (FIP-0092)."""
    return seal_proof in policy.non_interactive_proofs


def max_prove_commit_duration(policy: Policy, seal_proof: int) -> int | None:
    """Return the epochs between a pre-commitment and its proof, at most.

    None for proof types that are not pre-committed.
    """
    if not 0 <= seal_proof < FIRST_NON_INTERACTIVE:
        return None
    days = 1 if seal_proof < _FIRST_V1P1 else 30
    return days * EPOCHS_IN_DAY + policy.pre_commit_challenge_delay


def sector_maximum_lifetime(seal_proof: int) -> int | None:
    """Return the epochs that a sector may last, at most; None for an unknown proof type."""
    if seal_sector_size(seal_proof) is None:
        return None
    return 540 * EPOCHS_IN_DAY if seal_proof < _FIRST_V1P1 else 5 * EPOCHS_IN_YEAR


def max_partitions_loaded(policy: Policy, partition_sectors: int) -> int:
    """Return how many partitions one proof may cover, so that all their sectors can be read."""
    return min(policy.addressed_sectors_max // partition_sectors, policy.addressed_partitions_max)


def max_deals_in_sector(policy: Policy, sector_size: int) -> int:
    """Return how many deals a sector may hold."""
    return max(256, sector_size // policy.deal_limit_denominator)


def is_sealed_sector(cid: Cid) -> bool:
    """Return whether a CID can be a CommR."""
    return (
        cid.version == 1
        and cid.codec == FIL_COMMITMENT_SEALED
        and cid.hash_code == POSEIDON_BLS12_381_A2_FC1
        and len(cid.digest) == _DIGEST_LENGTH
    )
