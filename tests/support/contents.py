"""Sectors of every content there is, and whom a miner tells of it, for scenarios.

Five sectors in a row: of zeros, of data that nobody follows, of two pieces with allocations, of a
deal, and of a verified deal with room beside it.
"""

from dataclasses import dataclass

from calls import last_call
from events import claim_event, deal_event
from sealing import deal_pieces, publish_deals
from upkeep import CLIENT, SECTOR_SIZE, give_datacap, piece, store_of, verified_pieces
from verified import claims

from papyrus.actors.market.state import PROVIDER_SECTORS, STATES
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.notifications import (
    PieceChange,
    SectorChanges,
    SectorContentChangedParams,
)
from papyrus.actors.miner.params.onboarding import PieceActivationManifest
from papyrus.actors.singletons import STORAGE_MARKET, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as verifreg
from papyrus.actors.verifreg.params import (
    AllocationClaim,
    ClaimAllocationsParams,
    SectorAllocationClaims,
)
from papyrus.vm.payloads import cbor_block

HALF = SECTOR_SIZE // 2
DATA = 20
"""The number of the first piece that is in no deal."""
DEAL = 30
VERIFIED_DEAL = 40


@dataclass(frozen=True)
class Contents:
    """What is to be in some sectors, by number."""

    pieces: dict[int, list[PieceActivationManifest]]
    deals: dict[int, int]
    """Deals by sector, one at most in each."""

    @property
    def allocations(self):
        """The allocations to be claimed, in order, and the sector of each."""
        return {
            piece.verified_allocation_key.id: number
            for number, pieces in self.pieces.items()
            for piece in pieces
            if piece.verified_allocation_key is not None
        }


def every_content(vm, miner, first):
    """Have deals published and DataCap allocated, and return contents of five sectors."""
    give_datacap(vm, 2 * SECTOR_SIZE)
    allocated = verified_pieces(vm, miner, HALF, HALF, number=DATA)
    plain = publish_deals(vm, miner, SECTOR_SIZE, number=DEAL)
    verified = publish_deals(vm, miner, HALF, number=VERIFIED_DEAL, verified=True)
    pieces = [
        [],
        [piece(DATA + 5, SECTOR_SIZE)],
        allocated,
        deal_pieces(vm, plain),
        deal_pieces(vm, verified),
    ]
    deals = dict(zip((first + 3, first + 4), [*plain, *verified], strict=True))
    return Contents(dict(enumerate(pieces, first)), deals)


def claiming(contents, expiration):
    """Return what the registry is asked when all sectors expire together."""
    return ClaimAllocationsParams(
        tuple(
            SectorAllocationClaims(
                number,
                expiration,
                tuple(
                    AllocationClaim(CLIENT.id, each.verified_allocation_key.id, each.cid, each.size)
                    for each in pieces
                    if each.verified_allocation_key is not None
                ),
            )
            for number, pieces in contents.pieces.items()
        ),
        all_or_nothing=True,
    )


def telling(contents, expiration):
    """Return what the market is told when all sectors expire together."""
    return SectorContentChangedParams(
        tuple(
            SectorChanges(
                number,
                expiration,
                tuple(
                    PieceChange(each.cid, each.size, each.notify[0].payload)
                    for each in contents.pieces[number]
                ),
            )
            for number in contents.deals
        )
    )


def check_calls(vm, contents, expiration, between):
    """Check the calls of the last message: to the registry, some between, and to the market."""
    first, *others, last = last_call(vm).calls
    assert (first.to, first.method) == (VERIFIED_REGISTRY, verifreg.CLAIM_ALLOCATIONS)
    assert first.params == cbor_block(claiming(contents, expiration))
    assert [(call.to, call.method) for call in others] == between
    assert (last.to, last.method) == (STORAGE_MARKET, numbers.SECTOR_CONTENT_CHANGED)
    assert last.params == cbor_block(telling(contents, expiration))
    assert (last.value, last.calls) == (0, ())


def check_others(vm, miner, contents):
    """Check that registry and market know what is in which sector."""
    assert {number: made.sector for number, made in claims(vm).items()} == contents.allocations
    assert deals_in(vm, miner) == {number: (deal,) for number, deal in contents.deals.items()}
    assert {deal: sector_of(vm, deal) for deal in contents.deals.values()} == {
        deal: number for number, deal in contents.deals.items()
    }


def claims_told(vm, contents):
    """Return the events of the claims that were made."""
    made = claims(vm)
    return [claim_event("claim", number, made[number]) for number in contents.allocations]


def activations_told(contents, miner):
    """Return the events of the deals that have begun."""
    return [
        deal_event("deal-activated", deal, CLIENT.id, miner) for deal in contents.deals.values()
    ]


# Looking at the market.


def deals_in(vm, miner):
    """Return the deals in a miner's sectors, by sector."""
    root = PROVIDER_SECTORS.roots.open(store_of(vm), _market(vm).provider_sectors).get(miner)
    if root is None:
        return {}
    return dict(PROVIDER_SECTORS.inner.open(store_of(vm), root).items())


def sector_of(vm, deal_id):
    """Return the sector of a deal, or None where it has none as yet, or ended."""
    state = STATES.open(store_of(vm), _market(vm).states).get(deal_id)
    return None if state is None else state.sector_number


def _market(vm):
    return vm.one.state(STORAGE_MARKET.id, MarketState)
