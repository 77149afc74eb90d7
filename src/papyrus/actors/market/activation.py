"""Deals begin: their data has come into a sector. Methods 5 and 6, and SectorContentChanged.

The miner asks for a sector's commitment when it is pre-committed, and has its deals activated when
it is proven: either all of a sector's deals at once, or, as one of the actors that follow what is
in sectors, piece by piece (FIP-0076).
"""

from collections.abc import Iterable, Sequence

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.proofs import compute_unsealed_sector_cid
from papyrus.actors.dispatch import method
from papyrus.actors.market.deals import EPOCH_UNDEFINED, DealID, DealProposal, DealState
from papyrus.actors.market.events import ACTIVATED, emit_deal
from papyrus.actors.market.identity import deal_cid
from papyrus.actors.market.ledger import Ledger
from papyrus.actors.market.params import (
    BATCH_ACTIVATE_DEALS,
    EX_DEAL_EXPIRED,
    NO_ALLOCATION_ID,
    VERIFY_DEALS_FOR_ACTIVATION,
    ActivatedDeal,
    BatchActivateDealsParams,
    BatchActivateDealsResult,
    SectorDealActivation,
    SectorDeals,
    VerifyDealsForActivationParams,
    VerifyDealsForActivationReturn,
)
from papyrus.actors.market.state import State
from papyrus.actors.miner.params.notifications import (
    PieceChange,
    PieceReturn,
    SectorContentChangedParams,
    SectorContentChangedReturn,
    SectorReturn,
)
from papyrus.actors.miner.params.numbers import SECTOR_CONTENT_CHANGED
from papyrus.ipld import lenient
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import ActorError, DecodeError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.sector_sizes import seal_sector_size
from papyrus.proofs.statements import PieceInfo
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state
from papyrus.vm.payloads import codec_of
from papyrus.vm.runtime import Runtime


@method(VERIFY_DEALS_FOR_ACTIVATION)
def verify_deals_for_activation(
    rt: Runtime, params: VerifyDealsForActivationParams
) -> VerifyDealsForActivationReturn:
    """Return the commitment to the data of each sector, or None for one without deals.

    For miners. Aborts unless all deals are the miner's, fit in their sectors, and can be activated
    by now if the sectors live as long as is said.
    """
    rt.require_caller_type("storageminer")
    ledger = Ledger(rt.store, rt.load(State))
    return VerifyDealsForActivationReturn(
        tuple(_commitment_of(rt, ledger, sector) for sector in params.sectors)
    )


@method(BATCH_ACTIVATE_DEALS)
def batch_activate_deals(rt: Runtime, params: BatchActivateDealsParams) -> BatchActivateDealsResult:
    """Activate the deals of each sector, if all of that sector's can be. For miners.

    That the deals fit in their sectors is for the miner to prove, by the sectors' commitments.
    """
    rt.require_caller_type("storageminer")
    batch = _Activations(rt)
    codes = []
    activations = []
    for sector in params.sectors:
        code, proposals = batch.admit(sector)
        codes.append(code)
        if code != ExitCode.OK:
            continue
        activated = tuple(
            ActivatedDeal(
                client=proposal.client.id,
                allocation_id=batch.activate(sector.sector_number, deal_id),
                data=proposal.piece_cid,
                size=proposal.piece_size,
            )
            for deal_id, proposal in zip(sector.deal_ids, proposals, strict=True)
        )
        commitment = None
        if params.compute_cid and proposals:
            commitment = _data_commitment(rt, sector.sector_type, proposals)
        activations.append(SectorDealActivation(activated, commitment))
        batch.note(sector.sector_number, sector.deal_ids)
        for deal_id, proposal in zip(sector.deal_ids, proposals, strict=True):
            emit_deal(rt, ACTIVATED, deal_id, proposal)
    batch.save()
    return BatchActivateDealsResult(BatchReturn.of(codes), tuple(activations))


@method(SECTOR_CONTENT_CHANGED)
def sector_content_changed(
    rt: Runtime, params: SectorContentChangedParams
) -> SectorContentChangedReturn:
    """Activate the deals of the pieces that have come into sectors, each on its own. For miners.

    The answer says of each piece whether a deal about it was activated.
    """
    rt.require_caller_type("storageminer")
    batch = _Activations(rt)
    answers = []
    for sector in params.sectors:
        accepted = []
        deal_ids = []
        for piece in sector.added:
            deal_id = batch.activate_piece(sector.sector, sector.minimum_commitment_epoch, piece)
            accepted.append(PieceReturn(deal_id is not None))
            if deal_id is not None:
                deal_ids.append(deal_id)
        batch.note(sector.sector, deal_ids)
        answers.append(SectorReturn(tuple(accepted)))
    batch.save()
    return SectorContentChangedReturn(tuple(answers))


class _Activations:
    """The deals that a call of a miner activates."""

    def __init__(self, rt: Runtime) -> None:
        """Begin with the state and no deal activated."""
        self._rt = rt
        self._ledger = Ledger(rt.store, rt.load(State))
        self._new_states: dict[int, DealState] = {}
        self._in_sectors: list[tuple[int, Sequence[int]]] = []

    def admit(self, sector: SectorDeals) -> tuple[int, list[DealProposal]]:
        """Return the deals of a sector, or the exit code for why they cannot be activated."""
        proposals: list[DealProposal] = []
        if len(set(sector.deal_ids)) != len(sector.deal_ids):
            return ExitCode.USR_ILLEGAL_ARGUMENT, proposals
        for deal_id in sector.deal_ids:
            if deal_id in self._new_states:
                return ExitCode.USR_ILLEGAL_ARGUMENT, proposals
            found = self._find(deal_id, sector.sector_expiry)
            if isinstance(found, ActorError):
                return found.exit_code, proposals
            proposals.append(found)
        return ExitCode.OK, proposals

    def activate(self, sector_number: int, deal_id: int) -> int:
        """Activate a deal and return its allocation, or zero."""
        self._new_states[deal_id] = DealState(
            sector_number=sector_number,
            sector_start_epoch=self._rt.epoch,
            last_updated_epoch=EPOCH_UNDEFINED,
            slash_epoch=EPOCH_UNDEFINED,
        )
        return self._ledger.allocations.delete(deal_id) or NO_ALLOCATION_ID

    def activate_piece(
        self, sector_number: int, committed_until: int, piece: PieceChange
    ) -> int | None:
        """Activate the deal about a piece and return its ID, or None where there is none."""
        try:
            deal_id: int = lenient.read_all(codec_of(DealID).read, piece.payload)
        except DecodeError:
            return None
        if deal_id in self._new_states:
            return None
        proposal = self._find(deal_id, committed_until)
        if isinstance(proposal, ActorError):
            return None
        if (piece.data, piece.size) != (proposal.piece_cid, proposal.piece_size):
            return None
        emit_deal(self._rt, ACTIVATED, deal_id, proposal)
        self.activate(sector_number, deal_id)
        return deal_id

    def note(self, sector_number: int, deal_ids: Sequence[int]) -> None:
        """Remember that deals are in a sector."""
        self._in_sectors.append((sector_number, deal_ids))

    def save(self) -> None:
        """Keep all this in the state."""
        ledger = self._ledger
        for deal_id, state in self._new_states.items():
            ledger.states.set(deal_id, state)
        ledger.add_sector_deals(self._rt.caller_id, self._in_sectors)
        self._rt.save(ledger.close())

    def _find(self, deal_id: int, sector_expiry: int) -> DealProposal | ActorError:
        """Return a deal that can be activated, or why it cannot be; abort where state is broken."""
        rt = self._rt
        try:
            proposal = self._ledger.get_proposal(deal_id)
        except ActorError as error:
            if error.exit_code in (ExitCode.USR_NOT_FOUND, EX_DEAL_EXPIRED):
                return error
            raise
        try:
            _check_can_activate(rt, proposal, sector_expiry)
        except ActorError as error:
            return error
        if self._ledger.find_state(deal_id) is not None:
            return illegal_argument(f"deal {deal_id} already activated")
        cid = deal_cid(rt, proposal)
        if cid not in self._ledger.pending:
            return illegal_state(f"deal {cid} is not in pending set")
        return proposal


def _commitment_of(rt: Runtime, ledger: Ledger, sector: SectorDeals) -> Cid | None:
    """Return the commitment to a sector's data; abort where its deals cannot be activated."""
    proposals: dict[int, DealProposal] = {}
    for deal_id in sector.deal_ids:
        if deal_id in proposals:
            raise illegal_argument(f"duplicate deal ID {deal_id} in sector")
        proposals[deal_id] = ledger.get_proposal(deal_id)
    sector_size = seal_sector_size(sector.sector_type)
    if sector_size is None:
        raise illegal_argument(f"sector size unknown: {sector.sector_type}")
    for proposal in proposals.values():
        _check_can_activate(rt, proposal, sector.sector_expiry)
    filled = sum(proposal.piece_size for proposal in proposals.values())
    if filled > sector_size:
        raise illegal_argument(f"deals too large to fit in sector {filled} > {sector_size}")
    if not proposals:
        return None
    return _data_commitment(rt, sector.sector_type, proposals.values())


def _check_can_activate(rt: Runtime, proposal: DealProposal, sector_expiry: int) -> None:
    """Abort unless a deal is the calling miner's, still to begin, and over before its sector."""
    if proposal.provider != rt.caller:
        raise forbidden(f"proposal has provider {proposal.provider}, must be {rt.caller}")
    if rt.epoch > proposal.start_epoch:
        # The code of a deal that was cleaned up, as this one will be.
        raise ActorError(
            EX_DEAL_EXPIRED,
            f"proposal start epoch {proposal.start_epoch} has already elapsed at {rt.epoch}",
        )
    if proposal.end_epoch > sector_expiry:
        raise illegal_argument(
            f"proposal expiration {proposal.end_epoch} exceeds sector expiration {sector_expiry}"
        )


def _data_commitment(rt: Runtime, seal_proof: int, proposals: Iterable[DealProposal]) -> Cid:
    pieces = [PieceInfo(proposal.piece_size, proposal.piece_cid) for proposal in proposals]
    return compute_unsealed_sector_cid(rt, seal_proof, pieces)
