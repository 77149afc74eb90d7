"""CommD, the commitment to the data in a sector before it is sealed."""

from papyrus.ipld.cid import Cid


def is_unsealed_sector(cid: Cid) -> bool:
    """Return whether a CID can be a CommD."""
    raise NotImplementedError


def full_unsealed_cid(unsealed: Cid | None, seal_proof: int) -> Cid:
    """Return a CommD whose short form may be None: that of zeros, by the sector's size.

    Aborts with an illegal argument for an unknown proof type.
    """
    raise NotImplementedError
