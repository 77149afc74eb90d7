"""VerifyDealsForActivation, BatchActivateDeals and SectorContentChanged, sent by a miner."""

import pytest
from markets import (
    CLIENT,
    OTHER_CLIENT,
    SEAL_2KIB,
    START,
    activate,
    active,
    findings_of,
    market,
    piece,
    put_deals,
    sector_deals,
    stored,
)

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.market.bounds import MIN_DURATION
from papyrus.actors.market.deals import DealID, DealState
from papyrus.actors.market.params import (
    EX_DEAL_EXPIRED,
    VERIFY_DEALS_FOR_ACTIVATION,
    ActivatedDeal,
    BatchActivateDealsResult,
    SectorDealActivation,
    VerifyDealsForActivationParams,
    VerifyDealsForActivationReturn,
)
from papyrus.actors.market.state import PENDING_ALLOCATIONS, PROVIDER_SECTORS, STATES
from papyrus.actors.miner.params.notifications import (
    PieceChange,
    SectorChanges,
    SectorContentChangedParams,
    SectorContentChangedReturn,
)
from papyrus.actors.miner.params.numbers import SECTOR_CONTENT_CHANGED
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.statements import PieceInfo
from papyrus.vm.payloads import encoded

MINER, OTHER_MINER = 110, 111
END = START + MIN_DURATION
NOW = 500

DEALS = {
    0: (stored(MINER, 0), None),
    1: (stored(MINER, 1, OTHER_CLIENT, piece_size=512), None),
    2: (stored(OTHER_MINER, 2), None),
    3: (stored(MINER, 3), active(7)),
    4: (stored(MINER, 4, start_epoch=NOW - 1), None),
    5: (stored(MINER, 5, start_epoch=NOW, verified_deal=True), None),
    6: (stored(MINER, 6, piece_size=2048), None),
    8: (stored(MINER, 8), None),
    # A piece that is no power of two, which no published deal has.
    9: (stored(MINER, 9, piece_size=384), None),
}
"""Deal 7 is over, deal 8 is not pending, and 10 is yet to come."""


@pytest.fixture
def deals(vm):
    """Return a machine at an epoch, with the deals above."""
    schedule = {}
    for deal_id, (terms, _) in DEALS.items():
        schedule.setdefault(terms.start_epoch, []).append(deal_id)
    pending = [deal_id for deal_id in DEALS if deal_id != 8]
    vm.each(
        lambda one: put_deals(
            one,
            DEALS,
            schedule=schedule,
            allocations={5: 77},
            pending=pending,
            last_cron=NOW - 1,
        )
    )
    vm.each(lambda one: one.change(epoch=NOW))
    return vm


def verify(vm, *sectors, miner=MINER):
    params = VerifyDealsForActivationParams(sectors)
    return vm.send(miner, STORAGE_MARKET, VERIFY_DEALS_FOR_ACTIVATION, params)


def commitment(*deal_ids):
    pieces = [DEALS[deal_id][0] for deal_id in deal_ids]
    return unsealed_sector_cid(2048, [PieceInfo(one.piece_size, one.piece_cid) for one in pieces])


def activated(vm, miner, *sectors, compute_cid=False):
    outcome = activate(vm, miner, *sectors, compute_cid=compute_cid)
    assert outcome.code == 0, outcome.failure
    return BatchActivateDealsResult.from_cbor(outcome.value)


def change(deal_id, **fields):
    terms = DEALS[deal_id][0] if deal_id in DEALS else stored(MINER, deal_id)
    given = {
        "data": terms.piece_cid,
        "size": terms.piece_size,
        "payload": encoded(DealID, deal_id),
    }
    return PieceChange(**{**given, **fields})


def content_changed(vm, *sectors, miner=MINER):
    params = SectorContentChangedParams(sectors)
    return vm.send(miner, STORAGE_MARKET, SECTOR_CONTENT_CHANGED, params)


def accepted(outcome):
    assert outcome.code == 0, outcome.failure
    answer = SectorContentChangedReturn.from_cbor(outcome.value)
    return [[one.accepted for one in sector.added] for sector in answer.sectors]


def states(vm):
    return dict(STATES.open(vm.one.machine.store, market(vm.one).states).items())


def in_sectors(vm, miner=MINER):
    found = PROVIDER_SECTORS.open(vm.one.machine.store, market(vm.one).provider_sectors)
    return dict(found.inner(miner).items())


# VerifyDealsForActivation.


def test_verified_deals_make_a_commitment(deals):
    answer = deals.ok(
        MINER,
        STORAGE_MARKET,
        VERIFY_DEALS_FOR_ACTIVATION,
        VerifyDealsForActivationParams(
            (sector_deals(1, 0, 1), sector_deals(2), sector_deals(3, 1, 0, 5))
        ),
    )
    found = VerifyDealsForActivationReturn.from_cbor(answer).unsealed_cids
    assert found == (commitment(0, 1), None, commitment(1, 0, 5))


@pytest.mark.parametrize(
    ("sector", "code"),
    [
        (sector_deals(1, 0, 0), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 7), EX_DEAL_EXPIRED),
        (sector_deals(1, 10), ExitCode.USR_NOT_FOUND),
        (sector_deals(1, 2**64 - 1), ExitCode.USR_ILLEGAL_STATE),
        (sector_deals(1, 2), ExitCode.USR_FORBIDDEN),
        (sector_deals(1, 4), EX_DEAL_EXPIRED),
        (sector_deals(1, 0, expiry=END - 1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 0, expiry=END), ExitCode.OK),
        (sector_deals(1, 0, 6), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 6), ExitCode.OK),
        (sector_deals(1, 9), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 0, seal_proof=20), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, seal_proof=-1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 0, seal_proof=19), ExitCode.OK),
        # That the deal is activated is not looked at.
        (sector_deals(1, 3), ExitCode.OK),
        (sector_deals(1, 8), ExitCode.OK),
    ],
)
def test_each_sector_is_verified(deals, sector, code):
    assert verify(deals, sector).code == code
    assert verify(deals, sector_deals(9), sector).code == code


def test_a_sector_is_named_a_duplicate_before_its_size_is_unknown(deals):
    assert verify(deals, sector_deals(1, 10, seal_proof=99)).code == ExitCode.USR_NOT_FOUND


@pytest.mark.parametrize("call", [verify, content_changed])
def test_only_miners_ask(deals, call):
    assert call(deals, miner=CLIENT.id).code == ExitCode.USR_FORBIDDEN
    assert activate(deals, CLIENT.id).code == ExitCode.USR_FORBIDDEN


# BatchActivateDeals.


def test_activated_deals_are_in_their_sectors(deals):
    answer = activated(deals, MINER, sector_deals(9, 1, 0), sector_deals(8, 5))
    assert answer == BatchActivateDealsResult(
        BatchReturn.of([0, 0]),
        (
            SectorDealActivation(
                (
                    ActivatedDeal(OTHER_CLIENT.id, 0, piece(1), 512),
                    ActivatedDeal(CLIENT.id, 0, piece(0), 256),
                ),
                None,
            ),
            SectorDealActivation((ActivatedDeal(CLIENT.id, 77, piece(5), 256),), None),
        ),
    )
    new = DealState(9, NOW, -1, -1)
    assert states(deals) == {3: active(7), 0: new, 1: new, 5: DealState(8, NOW, -1, -1)}
    assert in_sectors(deals) == {7: (3,), 8: (5,), 9: (0, 1)}
    store = deals.one.machine.store
    root = market(deals.one).pending_deal_allocation_ids
    assert list(PENDING_ALLOCATIONS.open(store, root).items()) == []


def test_commitments_are_computed_where_asked_for(deals):
    answer = activated(
        deals, MINER, sector_deals(9, 1, 0), sector_deals(8), sector_deals(7, 10), compute_cid=True
    )
    assert [one.unsealed_cid for one in answer.activations] == [commitment(1, 0), None]


def test_deals_that_make_no_commitment_fail_the_whole_batch(deals):
    sectors = sector_deals(1, 0), sector_deals(2, 9)
    refused = activate(deals, MINER, *sectors, compute_cid=True)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert activated(deals, MINER, *sectors).activation_results.all_succeeded


@pytest.mark.parametrize(
    ("sector", "code"),
    [
        (sector_deals(1, 0, 0), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 7), EX_DEAL_EXPIRED),
        (sector_deals(1, 10), ExitCode.USR_NOT_FOUND),
        (sector_deals(1, 2), ExitCode.USR_FORBIDDEN),
        (sector_deals(1, 3), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 4), EX_DEAL_EXPIRED),
        (sector_deals(1, 8), ExitCode.USR_ILLEGAL_STATE),
        (sector_deals(1, 0, expiry=END - 1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (sector_deals(1, 1, 10), ExitCode.USR_NOT_FOUND),
        # Activated before, in the same batch.
        (sector_deals(1, 0, 6), ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_a_sectors_deals_fail_together_and_alone(deals, sector, code):
    answer = activated(deals, MINER, sector_deals(5, 6), sector, sector_deals(6, 5))
    assert answer.activation_results == BatchReturn.of([0, code, 0])
    assert len(answer.activations) == 2
    assert in_sectors(deals) == {5: (6,), 6: (5,), 7: (3,)}


def test_a_deal_no_array_can_hold_aborts(deals):
    refused = activate(deals, MINER, sector_deals(1, 2**64 - 1))
    assert refused.code == ExitCode.USR_ILLEGAL_STATE


def test_a_sector_without_deals_is_noted(deals):
    answer = activated(deals, OTHER_MINER, sector_deals(1))
    assert answer.activations == (SectorDealActivation((), None),)
    assert in_sectors(deals, OTHER_MINER) == {1: ()}


def test_deals_are_added_to_those_of_their_sector(deals):
    activated(deals, MINER, sector_deals(7, 6), sector_deals(7, 1))
    assert in_sectors(deals) == {7: (1, 3, 6)}


def test_activations_are_announced(deals):
    outcome = activate(deals, MINER, sector_deals(7, 6, 1))
    said = [[entry.value for entry in one.event.entries] for one in outcome.events]
    assert said == [
        [b"\x6edeal-activated", b"\x06", b"\x18\x66", b"\x18\x6e"],
        [b"\x6edeal-activated", b"\x01", b"\x18\x67", b"\x18\x6e"],
    ]


# SectorContentChanged.


def test_pieces_activate_their_deals_each_on_its_own(deals):
    outcome = content_changed(
        deals,
        SectorChanges(9, END, (change(0), change(10), change(5))),
        SectorChanges(8, END, (change(0), change(6))),
    )
    assert accepted(outcome) == [[True, False, True], [False, True]]
    assert in_sectors(deals) == {7: (3,), 8: (6,), 9: (0, 5)}
    assert states(deals)[5] == DealState(9, NOW, -1, -1)
    root = market(deals.one).pending_deal_allocation_ids
    assert list(PENDING_ALLOCATIONS.open(deals.one.machine.store, root).items()) == []
    assert len(outcome.events) == 3


@pytest.mark.parametrize(
    "piece_change",
    [
        change(2),
        change(3),
        change(4),
        change(7),
        change(8),
        change(10),
        change(0, data=piece(1)),
        change(0, size=512),
        change(0, payload=b""),
        change(0, payload=b"\x00\x00"),
        change(0, payload=b"\x40"),
        change(0, payload=b"\xf6"),
        change(0, payload=b"\x20"),
    ],
)
def test_a_piece_without_a_deal_is_not_accepted(deals, piece_change):
    outcome = content_changed(deals, SectorChanges(9, END, (piece_change, change(6))))
    assert accepted(outcome) == [[False, True]]


def test_a_deal_must_be_over_before_the_sector(deals):
    outcome = content_changed(
        deals, SectorChanges(9, END - 1, (change(0),)), SectorChanges(8, END, (change(0),))
    )
    assert accepted(outcome) == [[False], [True]]
    assert in_sectors(deals) == {7: (3,), 8: (0,), 9: ()}


def test_a_payload_decodes_as_the_released_actors_decode_it(deals):
    outcome = content_changed(deals, SectorChanges(9, END, (change(0, payload=b"\x18\x00"),)))
    assert accepted(outcome) == [[True]]


def test_a_piece_of_a_deal_no_array_can_hold_aborts(deals):
    outcome = content_changed(deals, SectorChanges(9, END, (change(2**64 - 1),)))
    assert outcome.code == ExitCode.USR_ILLEGAL_STATE


def test_no_changes_are_answered_with_nothing(deals):
    assert accepted(content_changed(deals)) == []
    assert accepted(content_changed(deals, SectorChanges(9, END, ()))) == [[]]


def test_the_market_is_sound_after_activations(deals):
    activated(deals, MINER, sector_deals(9, 0, 1, seal_proof=SEAL_2KIB))
    content_changed(deals, SectorChanges(8, END, (change(5), change(6))))
    assert findings_of(deals.one) == []
