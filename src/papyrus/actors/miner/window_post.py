"""Checking a window proof: that the sectors of partitions were held when they were challenged."""

from collections.abc import Iterable

from papyrus.actors.common.proofs import verify_post
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.primitives.address import Address
from papyrus.proofs.statements import PoStProof, SectorInfo, WindowPoStStatement
from papyrus.vm.payloads import encoded
from papyrus.vm.runtime import RandomnessPurpose, Runtime


def window_post_holds(
    rt: Runtime,
    challenge: int,
    sectors: Iterable[SectorOnChainInfo],
    proofs: tuple[PoStProof, ...],
) -> bool:
    """Return whether proofs show sectors as the beacon of the challenge epoch challenges them."""
    randomness = rt.beacon_randomness(
        RandomnessPurpose.WINDOWED_POST_CHALLENGE_SEED, challenge, encoded(Address, rt.receiver)
    )
    challenged = tuple(
        SectorInfo(sector.seal_proof, sector.sector_number, sector.sealed_cid) for sector in sectors
    )
    return verify_post(rt, WindowPoStStatement(randomness, proofs, challenged, rt.receiver_id))
