"""The data of published deals, as a sector that is to hold it announces and proves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from papyrus.actors.market.deals import DealProposal
from papyrus.actors.market.state import PENDING_ALLOCATIONS, PROPOSALS, STATES, State
from papyrus.actors.miner.params.onboarding import (
    DataActivationNotification,
    PieceActivationManifest,
    VerifiedAllocationKey,
)
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import load
from papyrus.mining.post_scheduler import ChainView
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.statements import PieceInfo
from papyrus.vm.state_tree import StateTree


@dataclass(frozen=True, slots=True)
class SectorData:
    """What one sector is to hold."""

    pieces: tuple[PieceActivationManifest, ...] = ()
    """Each names its deal to the market, and the allocation that it claims."""
    needed_until: ChainEpoch = 0
    """The sector must not expire sooner."""

    @property
    def commitments(self) -> tuple[PieceInfo, ...]:
        """The pieces alone, in order."""
        return tuple(PieceInfo(piece.size, piece.cid) for piece in self.pieces)


def data_of_deals(view: ChainView, miner: Address, deals: Sequence[int]) -> SectorData:
    """Return the data of a miner's deals; LocalFault where one is not waiting for a sector."""
    market = StateTree(view.store, view.state_root).get(STORAGE_MARKET.id)
    if market is None:
        raise LocalFault(f"the state {view.state_root} has no market")
    state = State.from_cbor(load(view.store, market.head))
    proposals = PROPOSALS.open(view.store, state.proposals)
    active = STATES.open(view.store, state.states)
    allocations = PENDING_ALLOCATIONS.open(view.store, state.pending_deal_allocation_ids)
    pieces, ends = [], [0]
    for deal in deals:
        terms = proposals.get(deal)
        if terms is None or terms.provider != miner or deal in active:
            raise LocalFault(
                sentence(
                    "deal {} is none that {} has published and not put into a sector: "
                    "`papyrus market deals --provider {}` lists those",
                    deal,
                    miner,
                    miner,
                )
            )
        pieces.append(_piece(deal, terms, allocations.get(deal)))
        ends.append(terms.end_epoch)
    return SectorData(tuple(pieces), max(ends))


def _piece(deal: int, terms: DealProposal, allocation: int | None) -> PieceActivationManifest:
    claimed = None if allocation is None else VerifiedAllocationKey(terms.client.id, allocation)
    told = DataActivationNotification(STORAGE_MARKET, dag_cbor.encode(deal))
    return PieceActivationManifest(terms.piece_cid, terms.piece_size, claimed, (told,))
