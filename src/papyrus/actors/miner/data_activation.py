"""Data comes into sectors: its commitment is checked, and the allocations for it are claimed.

Either a sector's pieces are listed, with the allocations they claim (FIP-0076), or it was announced
with deals, which the market activates and whose allocations it knows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.proofs import compute_unsealed_sector_cid
from papyrus.actors.market.calls import batch_activate_deals
from papyrus.actors.market.params import (
    NO_ALLOCATION_ID,
    BatchActivateDealsResult,
    SectorDealActivation,
    SectorDeals,
)
from papyrus.actors.miner.commd import full_unsealed_cid
from papyrus.actors.miner.params.onboarding import PieceActivationManifest
from papyrus.actors.verifreg.calls import claim_allocations
from papyrus.actors.verifreg.params import (
    AllocationClaim,
    ClaimAllocationsReturn,
    SectorAllocationClaims,
    SectorClaimSummary,
)
from papyrus.ipld.cid import Cid
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.statements import PieceInfo
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.runtime import Runtime


@dataclass(frozen=True, slots=True)
class SectorPieces:
    """The data of one sector, as its manifest lists it."""

    number: int
    expiration: int
    seal_proof: int
    pieces: tuple[PieceActivationManifest, ...]
    declared: Cid | None
    """The CommD that the pieces must make up, or None where nothing was declared."""


@dataclass(frozen=True, slots=True)
class ActivatedData:
    """The data that has come into one sector (`DataActivationOutput` in builtin-actors)."""

    unverified_space: int
    """Padded bytes, as is the next."""
    verified_space: int
    pieces: tuple[tuple[Cid, int], ...]
    """Their CIDs and padded sizes."""


def unsealed_cid_of(
    rt: Runtime, pieces: Iterable[PieceActivationManifest], seal_proof: int
) -> Cid | None:
    """Return the CommD that pieces make up, None for no pieces; abort where they do not fit."""
    infos = [PieceInfo(piece.size, piece.cid) for piece in pieces]
    return compute_unsealed_sector_cid(rt, seal_proof, infos) if infos else None


def activate_pieces(
    rt: Runtime, sectors: Sequence[SectorPieces], *, all_or_nothing: bool
) -> tuple[BatchReturn, list[ActivatedData]]:
    """Claim the allocations of sectors' pieces; return which sectors have theirs, and their data.

    Aborts where the pieces of any sector do not make up the CommD it was declared with.
    """
    claims = []
    for sector in sectors:
        if sector.declared is not None:
            _require_declared(rt, sector, sector.declared)
        claims.append(
            SectorAllocationClaims(
                sector.number,
                sector.expiration,
                tuple(
                    AllocationClaim(key.client, key.id, piece.cid, piece.size)
                    for piece in sector.pieces
                    if (key := piece.verified_allocation_key) is not None
                ),
            )
        )
    claimed = _claim(rt, claims, all_or_nothing=all_or_nothing)
    activated = [
        _activated_pieces(sector.pieces, summary)
        for sector, summary in zip(
            claimed.sector_results.successes(sectors), claimed.sector_claims, strict=True
        )
    ]
    return claimed.sector_results, activated


def activate_deals(
    rt: Runtime, sectors: Sequence[SectorDeals]
) -> tuple[BatchReturn, list[ActivatedData]]:
    """Activate sectors' deals and claim their allocations; return which have theirs, and the data.

    Aborts where no sector has, and where an allocation of those that do cannot be claimed.
    """
    result = _activate(rt, sectors)
    if result.activation_results.success_count == 0:
        raise illegal_argument("all deals failed to activate")
    claims = [
        SectorAllocationClaims(
            sector.sector_number,
            sector.sector_expiry,
            tuple(
                AllocationClaim(deal.client, deal.allocation_id, deal.data, deal.size)
                for deal in activation.activated
                if deal.allocation_id != NO_ALLOCATION_ID
            ),
        )
        for sector, activation in zip(
            result.activation_results.successes(sectors), result.activations, strict=True
        )
    ]
    claimed = _claim(rt, claims, all_or_nothing=True)
    activated = [
        _activated_deals(activation, summary)
        for activation, summary in zip(result.activations, claimed.sector_claims, strict=True)
    ]
    return result.activation_results, activated


def _require_declared(rt: Runtime, sector: SectorPieces, declared: Cid) -> None:
    computed = full_unsealed_cid(
        unsealed_cid_of(rt, sector.pieces, sector.seal_proof), sector.seal_proof
    )
    if computed != declared:
        raise illegal_argument(
            f"unsealed CID does not match pieces for sector {sector.number}, "
            f"computed {computed} declared {declared}"
        )


def _activate(rt: Runtime, sectors: Sequence[SectorDeals]) -> BatchActivateDealsResult:
    """Have the market activate deals, unless there are none at all."""
    if any(sector.deal_ids for sector in sectors):
        return batch_activate_deals(rt, sectors, compute_cid=False)
    return BatchActivateDealsResult(
        _all_succeeded(sectors), (SectorDealActivation((), None),) * len(sectors)
    )


def _claim(
    rt: Runtime, claims: Sequence[SectorAllocationClaims], *, all_or_nothing: bool
) -> ClaimAllocationsReturn:
    """Claim allocations, naming all sectors in any case, unless there are no claims at all."""
    if any(sector.claims for sector in claims):
        return claim_allocations(rt, claims, all_or_nothing=all_or_nothing)
    return ClaimAllocationsReturn(_all_succeeded(claims), (SectorClaimSummary(0),) * len(claims))


def _all_succeeded(sectors: Sequence[object]) -> BatchReturn:
    return BatchReturn.of([ExitCode.OK] * len(sectors))


def _activated_pieces(
    pieces: Iterable[PieceActivationManifest], summary: SectorClaimSummary
) -> ActivatedData:
    pieces = tuple(pieces)
    unverified = sum(piece.size for piece in pieces if piece.verified_allocation_key is None)
    return ActivatedData(
        unverified, summary.claimed_space, tuple((piece.cid, piece.size) for piece in pieces)
    )


def _activated_deals(
    activation: SectorDealActivation, summary: SectorClaimSummary
) -> ActivatedData:
    deals = activation.activated
    unverified = sum(deal.size for deal in deals if deal.allocation_id == NO_ALLOCATION_ID)
    return ActivatedData(
        unverified, summary.claimed_space, tuple((deal.data, deal.size) for deal in deals)
    )
