"""What the policy says of proof types: which may be used for what, for how long, and how large."""

from papyrus.ipld.cid import Cid
from papyrus.rules.policy import Policy


def can_pre_commit_seal_proof(policy: Policy, seal_proof: int) -> bool:
    """Return whether sectors of a registered seal proof may be pre-committed."""
    return seal_proof in policy.pre_commit_proofs


def can_prove_commit_non_interactive(policy: Policy, seal_proof: int) -> bool:
    """Return whether sectors of a registered seal proof may be committed at once (FIP-0092)."""
    return seal_proof in policy.non_interactive_proofs


def max_prove_commit_duration(policy: Policy, seal_proof: int) -> int | None:
    """Return the epochs between a pre-commitment and its proof, at most; None if unknown."""
    raise NotImplementedError


def sector_maximum_lifetime(seal_proof: int) -> int | None:
    """Return the epochs that a sector may last, at most; None for an unknown proof type."""
    raise NotImplementedError


def max_partitions_loaded(policy: Policy, partition_sectors: int) -> int:
    """Return how many partitions one proof may cover, so that all their sectors can be read."""
    raise NotImplementedError


def max_deals_in_sector(policy: Policy, sector_size: int) -> int:
    """Return how many deals a sector may hold."""
    raise NotImplementedError


def is_sealed_sector(cid: Cid) -> bool:
    """Return whether a CID can be a CommR."""
    raise NotImplementedError
