"""The sector a block producer must still hold (spec 4.6, node.md 3.3).

Winning an election is worth nothing without storage: the producer proves that it holds one of its
active sectors, chosen at random. The choice counts through the active sectors in order of number,
as they were in the state by which the block is judged.
"""

from hashlib import sha256
from typing import Protocol

from papyrus.consensus.miner_states import MinerState
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.proof_types import post_sector_size
from papyrus.proofs.statements import PoStProof, SectorInfo, WinningPoStStatement
from papyrus.types.ticket import PoStProof as BlockProof

_CHALLENGED_SECTORS = 1
"""Sectors that one winning proof is about."""

_SCALAR_BYTES = 32


class WinningPoStVerifier(Protocol):
    """Who checks the winning proofs of blocks."""

    name: str
    """What to call this verifier where results are shown."""

    def verify_winning_post(self, statement: WinningPoStStatement, /) -> bool:
        """Return whether a winning proof of spacetime holds."""


class AcceptAllWinningProofs:
    """A verifier for chains with mock proofs that holds every winning proof for valid."""

    name = "accept-all (no winning proof is checked)"

    def verify_winning_post(self, _statement: WinningPoStStatement, /) -> bool:
        """Accept, whatever the statement."""
        return True


def winning_sectors(state: MinerState, miner: int, randomness: bytes) -> tuple[SectorInfo, ...]:
    """Return the sectors that the randomness challenges, in order of number.

    None where the miner has no active sector. LookupError where the miner's proof type is unknown,
    LocalFault where a sector that its partitions name is not among its sectors.
    """
    active = state.active_sectors()
    if not active:
        return ()
    if post_sector_size(state.info.window_post_proof_type) is None:
        raise LookupError(f"unknown proof type {state.info.window_post_proof_type}")
    places = challenged_places(miner, randomness, len(active))
    numbers = sorted({next(iter(active.slice(place, 1))) for place in places})
    return tuple(_sector_info(state, number) for number in numbers)


def challenged_places(miner: int, randomness: bytes, count: int) -> tuple[int, ...]:
    """Return which of so many sectors a randomness challenges, each by its place from 0."""
    seed = prover_id(miner) + as_scalar(randomness)
    hashes = (
        sha256(seed + index.to_bytes(8, "little")).digest() for index in range(_CHALLENGED_SECTORS)
    )
    return tuple(int.from_bytes(hashed[:8], "little") % count for hashed in hashes)


def winning_statement(
    miner: int,
    randomness: bytes,
    sectors: tuple[SectorInfo, ...],
    proofs: tuple[BlockProof, ...],
) -> WinningPoStStatement:
    """Return what a block's winning proofs claim."""
    return WinningPoStStatement(
        randomness=as_scalar(randomness),
        proofs=tuple(PoStProof(proof.post_proof, proof.proof_bytes) for proof in proofs),
        challenged_sectors=sectors,
        prover=miner,
    )


def prover_id(miner: int) -> bytes:
    """Return a miner as proofs write it: the payload of its ID address, filled up with zeros."""
    return Address.from_id(miner).payload.ljust(_SCALAR_BYTES, b"\0")


def as_scalar(randomness: bytes) -> bytes:
    """Return 32 random bytes with the two highest bits cleared, so that they are a scalar."""
    return randomness[:-1] + bytes((randomness[-1] & 0x3F,))


def _sector_info(state: MinerState, number: int) -> SectorInfo:
    sector = state.sector(number)
    if sector is None:
        raise LocalFault(f"a partition names sector {number}, which the miner does not have")
    return SectorInfo(sector.seal_proof, number, sector.sealed_cid)
