"""Sealed sectors of a genesis: their sizes, proof types, and sectors that only pretend.

A sealed sector takes hours and gigabytes to make, and none is needed to try messages or to run
miners whose proofs nobody checks. A simulated sector commits to zeros, truly, with a commitment to
a replica that does not exist; its CommR spells that out.
"""

from papyrus.genesis.template import FIRST_MINER_ID, Sector
from papyrus.ipld.cid import (
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    POSEIDON_BLS12_381_A2_FC1,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.commitments import zero_commitment
from papyrus.proofs.simulated import REPLICA_MARK, is_simulated_replica

SECTOR_SIZES = {
    "2KiB": 2 << 10,
    "8MiB": 8 << 20,
    "512MiB": 512 << 20,
    "32GiB": 32 << 30,
    "64GiB": 64 << 30,
}
"""In bytes, in the order in which every family of proof types lists them."""

_FIRST_SEAL_PROOF = 5
_FIRST_WINDOW_PROOF = 10
"""Of the families that are in use, V1P1."""


def size_named(name: str) -> int:
    """Return a sector size by its name; LocalFault naming the sizes where there is none."""
    size = SECTOR_SIZES.get(name)
    if size is None:
        raise LocalFault(f"{name!r} is no sector size: there are {', '.join(SECTOR_SIZES)}")
    return size


def name_of_size(size: int) -> str:
    """Return the name of a sector size; LocalFault where no sector has that size."""
    for name, known in SECTOR_SIZES.items():
        if known == size:
            return name
    raise LocalFault(f"no sector has {size} bytes")


def seal_proof_of(size: int) -> int:
    """Return the registered seal proof for sectors of a size."""
    return _FIRST_SEAL_PROOF + list(SECTOR_SIZES.values()).index(size)


def window_proof_of(size: int) -> int:
    """Return the registered window proof for sectors of a size."""
    return _FIRST_WINDOW_PROOF + list(SECTOR_SIZES.values()).index(size)


def simulated_sector(miner_place: int, number: int, size: int) -> Sector:
    """Return a sector of zeros that nobody has sealed, for the miner at a place."""
    numbers = (FIRST_MINER_ID + miner_place).to_bytes(4, "big") + number.to_bytes(4, "big")
    return Sector(
        number=number,
        sealed_cid=Cid.of_digest(
            numbers + REPLICA_MARK, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1
        ),
        unsealed_cid=Cid.of_digest(
            zero_commitment(size), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED
        ),
        label=f"simulated {number}",
        seal_proof=seal_proof_of(size),
    )


def is_simulated(sealed_cid: Cid) -> bool:
    """Return whether a commitment to a replica is that of a simulated sector."""
    return is_simulated_replica(sealed_cid)
