"""Network version 22, Dragon: actors v13.

The market learns where deals lie (FIP-0076): a deal's state names its sector, and a new index leads
from a provider and a sector to the deals in it. Until then only the miner's table of sectors knew.
Deals and sectors that end before the upgrade are left out, and so are terminated deals. The state
of a deal no longer names its claim, which the verified registry holds.

The sectors of all miners are read first, for the market is one actor. What is kept of them is the
index itself, written miner by miner, and eight bytes a deal: the sector it lies in.
"""

from array import array
from collections.abc import Iterator
from functools import partial
from typing import Any

from papyrus.actors.migrations.context import Changes, Migration, put_record
from papyrus.actors.migrations.nv21 import SectorV12
from papyrus.actors.migrations.shapes import SECTORS_BIT_WIDTH, MinerV15
from papyrus.actors.migrations.trees import rewrite_array
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import UNDEFINED_EPOCH
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import encode_unsigned
from papyrus.types.actor import ActorState

PROPOSALS_BIT_WIDTH = 5
STATES_BIT_WIDTH = 6

_PROPOSAL_FIELDS = 11
_PROPOSAL_END = 7

_PAGE = 1 << 12
"""Deals in a page of numbers; the IDs of the deals in force lie close together."""


@cbor_tuple
class MarketV12(Record):
    """The state of the market up to actors v12."""

    proposals: Cid
    states: Cid
    pending_proposals: Cid
    escrow_table: Cid
    locked_table: Cid
    next_id: U64
    deal_ops_by_epoch: Cid
    last_cron: ChainEpoch
    total_client_locked_collateral: TokenAmount
    total_provider_locked_collateral: TokenAmount
    total_client_storage_fee: TokenAmount
    pending_deal_allocation_ids: Cid


@cbor_tuple
class MarketV13(Record):
    """The state of the market from actors v13 on."""

    proposals: Cid
    states: Cid
    pending_proposals: Cid
    escrow_table: Cid
    locked_table: Cid
    next_id: U64
    deal_ops_by_epoch: Cid
    last_cron: ChainEpoch
    total_client_locked_collateral: TokenAmount
    total_provider_locked_collateral: TokenAmount
    total_client_storage_fee: TokenAmount
    pending_deal_allocation_ids: Cid
    provider_sectors: Cid
    """A HAMT of provider IDs, each to a HAMT of sector numbers to the IDs of deals."""


@cbor_tuple
class DealStateV12(Record):
    """An activated deal up to actors v12."""

    sector_start_epoch: ChainEpoch
    last_updated_epoch: ChainEpoch
    slash_epoch: ChainEpoch
    verified_claim: U64


@cbor_tuple
class DealStateV13(Record):
    """An activated deal from actors v13 on."""

    sector_number: U64
    """Zero where it is not known."""
    sector_start_epoch: ChainEpoch
    last_updated_epoch: ChainEpoch
    slash_epoch: ChainEpoch


def changes(migration: Migration) -> Changes:
    """Return how actors change, having read every miner's sectors."""
    facts, height = migration.facts, migration.height
    expire_from = height if facts.deals_expire_from is None else facts.deals_expire_from
    sectors = SectorOfDeal()
    index = Hamt(migration.store)
    for miner_id, miner in _miners(migration):
        _read_sectors(migration.store, miner_id, miner.head, expire_from, sectors, index)
    provider_sectors = index.flush()
    return {
        "storagemarket": partial(_market, migration.store, expire_from, sectors, provider_sectors)
    }


class SectorOfDeal:
    """The number of the sector that each deal lies in, zero where none was set."""

    def __init__(self) -> None:
        """Know of no deal."""
        self._pages: dict[int, array[int]] = {}

    def __getitem__(self, deal: int) -> int:
        page = self._pages.get(deal // _PAGE)
        return 0 if page is None else page[deal % _PAGE]

    def __setitem__(self, deal: int, sector: int) -> None:
        page = self._pages.get(deal // _PAGE)
        if page is None:
            page = self._pages[deal // _PAGE] = array("Q", bytes(8 * _PAGE))
        page[deal % _PAGE] = sector


def proposal_end(proposal: Any) -> int:
    """Return the epoch in which a decoded proposal's deal ends, or raise DecodeError."""
    if isinstance(proposal, list) and len(proposal) == _PROPOSAL_FIELDS:
        end = proposal[_PROPOSAL_END]
        if type(end) is int:
            return end
    raise DecodeError("a deal proposal is an array of 11 fields, the eighth an epoch")


def _miners(migration: Migration) -> Iterator[tuple[int, ActorState]]:
    code = migration.old_codes["storageminer"]
    for key, value in Hamt(migration.store, migration.actors).items():
        actor = ActorState.from_ipld(value)
        if actor.code == code:
            yield Address.from_bytes(key).id, actor


def _read_sectors(
    store: Blockstore,
    miner_id: int,
    head: Cid,
    expire_from: ChainEpoch,
    sectors: SectorOfDeal,
    index: Hamt,
) -> None:
    """Note the deals of a miner's sectors that do not end before an epoch."""
    state = MinerV15.from_cbor(load(store, head))
    of_miner = Hamt(store)
    for number, value in Amt(store, state.sectors, bit_width=SECTORS_BIT_WIDTH).items():
        sector = SectorV12.from_ipld(value)
        if not sector.deal_ids or sector.expiration < expire_from:
            continue
        for deal in sector.deal_ids:
            sectors[deal] = number
        of_miner.set(encode_unsigned(number), list(sector.deal_ids))
    if not of_miner.is_empty:
        index.set(encode_unsigned(miner_id), of_miner.flush())


def _market(
    store: Blockstore,
    expire_from: ChainEpoch,
    sectors: SectorOfDeal,
    provider_sectors: Cid,
    _actor_id: int,
    actor: ActorState,
) -> ActorState:
    old = MarketV12.from_cbor(load(store, actor.head))
    # Both arrays are walked in the order of deals, so that neither has to be kept.
    proposals = Amt(store, old.proposals, bit_width=PROPOSALS_BIT_WIDTH).items()

    def deal_state(deal: int, encoded: bytes) -> bytes:
        end = _end_of_deal(proposals, deal)
        state = DealStateV12.from_cbor(encoded)
        is_active = state.slash_epoch == UNDEFINED_EPOCH and end >= expire_from
        new = DealStateV13(
            # Quirk: a deal that no sector lists keeps sector 0; mainnet has such deals.
            sector_number=sectors[deal] if is_active else 0,
            sector_start_epoch=state.sector_start_epoch,
            last_updated_epoch=state.last_updated_epoch,
            slash_epoch=state.slash_epoch,
        )
        return new.to_cbor()

    new = MarketV13(
        proposals=old.proposals,
        states=rewrite_array(store, old.states, STATES_BIT_WIDTH, deal_state),
        pending_proposals=old.pending_proposals,
        escrow_table=old.escrow_table,
        locked_table=old.locked_table,
        next_id=old.next_id,
        deal_ops_by_epoch=old.deal_ops_by_epoch,
        last_cron=old.last_cron,
        total_client_locked_collateral=old.total_client_locked_collateral,
        total_provider_locked_collateral=old.total_provider_locked_collateral,
        total_client_storage_fee=old.total_client_storage_fee,
        pending_deal_allocation_ids=old.pending_deal_allocation_ids,
        provider_sectors=provider_sectors,
    )
    return actor.with_head(put_record(store, new))


def _end_of_deal(proposals: Iterator[tuple[int, Any]], deal: int) -> ChainEpoch:
    """Return when a deal ends, having gone on among the proposals to it."""
    for index, proposal in proposals:
        if index == deal:
            return proposal_end(proposal)
        if index > deal:
            break
    raise DecodeError(f"deal {deal} has a state and no proposal")
