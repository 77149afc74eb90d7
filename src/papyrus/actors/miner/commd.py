"""CommD, the commitment to the data in a sector before it is sealed."""

from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.proofs.commitments import zero_commitment
from papyrus.proofs.sector_sizes import seal_sector_size
from papyrus.vm.aborts import illegal_argument

_DIGEST_LENGTH = 32


def is_unsealed_sector(cid: Cid) -> bool:
    """Return whether a CID can be a CommD."""
    return (
        cid.version == 1
        and cid.codec == FIL_COMMITMENT_UNSEALED
        and cid.hash_code == SHA2_256_TRUNC254_PADDED
        and len(cid.digest) == _DIGEST_LENGTH
    )


def full_unsealed_cid(unsealed: Cid | None, seal_proof: int) -> Cid:
    """Return a CommD whose short form may be None: that of zeros, by the sector's size.

    Aborts with an illegal argument for an unknown proof type.
    """
    if unsealed is not None:
        return unsealed
    size = seal_sector_size(seal_proof)
    if size is None:
        raise illegal_argument("unknown SealProof")
    return Cid.of_digest(zero_commitment(size), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)
