"""How other actors call the verified registry."""

from collections.abc import Iterable

from papyrus.actors.singletons import VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import (
    CLAIM_ALLOCATIONS,
    GET_CLAIMS,
    ClaimAllocationsParams,
    ClaimAllocationsReturn,
    GetClaimsParams,
    GetClaimsReturn,
    SectorAllocationClaims,
)
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


def claim_allocations(
    rt: Runtime, sectors: Iterable[SectorAllocationClaims], *, all_or_nothing: bool
) -> ClaimAllocationsReturn:
    """Claim allocations for the calling miner and return which sectors have them."""
    params = ClaimAllocationsParams(tuple(sectors), all_or_nothing)
    answer = rt.send(VERIFIED_REGISTRY, CLAIM_ALLOCATIONS, params)
    return read_return(ClaimAllocationsReturn, answer)


def get_claims(rt: Runtime, provider: int, claim_ids: Iterable[int]) -> GetClaimsReturn:
    """Return those of a provider's claims that exist."""
    params = GetClaimsParams(provider, tuple(claim_ids))
    return read_return(GetClaimsReturn, rt.send(VERIFIED_REGISTRY, GET_CLAIMS, params))
