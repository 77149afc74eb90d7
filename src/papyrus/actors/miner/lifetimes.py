"""How long a sector may last."""

from papyrus.actors.miner.proof_policy import sector_maximum_lifetime
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument


def require_valid_expiration(
    policy: Policy, epoch: int, activation: int, expiration: int, seal_proof: int
) -> None:
    """Abort with an illegal argument unless a sector may last from one epoch to another.

    Its life must not be too short, nor longer than its seal proof allows, nor end too far from the
    current epoch.
    """
    if expiration <= activation:
        raise illegal_argument(
            f"sector expiration {expiration} must be after activation {activation}"
        )
    lifetime = expiration - activation
    if lifetime < policy.min_sector_expiration:
        raise illegal_argument(
            f"invalid expiration {expiration}, total sector lifetime ({lifetime}) must exceed "
            f"{policy.min_sector_expiration} after activation {activation}"
        )
    if expiration > epoch + policy.max_sector_expiration_extension:
        raise illegal_argument(
            f"invalid expiration {expiration}, cannot be more than "
            f"{policy.max_sector_expiration_extension} past current epoch {epoch}"
        )
    longest = sector_maximum_lifetime(seal_proof)
    if longest is None:
        raise illegal_argument(f"unrecognized seal proof type {seal_proof}")
    if lifetime > longest:
        raise illegal_argument(
            f"invalid expiration {expiration}, total sector lifetime ({lifetime}) cannot exceed "
            f"{longest} after activation {activation}"
        )
