"""A sector of zeros that is made to hold data, and what becomes of it then."""

from dataclasses import replace

import pytest
from calls import last_call
from contents import (
    activations_told,
    check_calls,
    check_others,
    claims_told,
    every_content,
    sector_of,
)
from events import claim_event, content_event, deal_event, events
from passage import (
    Committed,
    active_sectors,
    claimed_power,
    committed,
    dispute,
    end_deadline,
    end_sectors,
    extend,
    is_active,
    is_faulty,
    locked,
    pass_by,
    pass_to,
    prove_deadline,
    put_miner,
    recover,
)
from sealing import codes, commd, deal_pieces, prove_updates, publish_deals, update
from upkeep import (
    CLIENT,
    POLICY,
    SEALING,
    SECTOR_SIZE,
    deadline,
    give_datacap,
    place,
    prove_window,
    put_sector,
    sector,
    store_of,
)
from verified import claims

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.sectors import SECTORS, SIMPLE_QUALITY_POWER
from papyrus.actors.power import params as power
from papyrus.actors.reward import params as reward
from papyrus.actors.singletons import REWARD, STORAGE_MARKET, STORAGE_POWER, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as verifreg
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.payloads import cbor_block

NUMBER = 100
WHOLE = PowerPair(SECTOR_SIZE, SECTOR_SIZE)
FURTHEST = POLICY.max_sector_expiration_extension
ALL_MUST_DO = {"require_activation_success": True, "require_notification_success": True}


@pytest.fixture
def miner(network):
    """Return a miner."""
    return put_miner(network)


@pytest.fixture
def index(network, miner):
    """Return the deadline of a sector of zeros that is proven, and whose window is over."""
    (found,) = active_sectors(network, miner, [NUMBER], network.one.epoch + FURTHEST)
    made = sector(network, miner, NUMBER)
    assert (made.deal_weight, made.verified_deal_weight, made.sector_key_cid) == (0, 0, None)
    assert claimed_power(network, miner) == WHOLE
    return found


@pytest.fixture
def updated(network, miner, index):
    """Return the deadline of a sector that holds a deal since its window was over."""
    fill(network, miner, NUMBER, deal_pieces(network, publish_deals(network, miner, SECTOR_SIZE)))
    return index


def fill(network, miner, number, pieces):
    """Have a sector hold unverified data from now on."""
    before = sector(network, miner, number)
    change = update(network, miner, number, pieces)
    assert codes(prove_updates(network, miner, change, **ALL_MUST_DO)) == [ExitCode.OK]
    check_filled(network, miner, before, change)


def check_filled(network, miner, before, change):
    """Check that a sector holds unverified data since this epoch."""
    now = network.one.epoch
    after = sector(network, miner, before.sector_number)
    space = sum(piece.size for piece in change.pieces)
    assert after == replace(
        before,
        sealed_cid=change.new_sealed_cid,
        sector_key_cid=before.sealed_cid,
        deal_weight=space * (before.expiration - now),
        power_base_epoch=now,
        initial_pledge=after.initial_pledge,
    )
    assert after.initial_pledge >= before.initial_pledge


def regain(network, miner, index):
    """Declare the faulty sector recovered, prove it, and check that its power is back."""
    assert is_faulty(network, miner, NUMBER)
    assert not is_active(network, miner, NUMBER)
    assert claimed_power(network, miner) == NO_POWER
    recover(network, miner, index, NUMBER)
    pass_to(network, miner, index)
    prove_deadline(network, miner, index)
    (claiming,) = last_call(network).calls
    assert (claiming.to, claiming.method) == (STORAGE_POWER, power.UPDATE_CLAIMED_POWER)
    gain = power.UpdateClaimedPowerParams(SECTOR_SIZE, SECTOR_SIZE)
    assert claiming.params == cbor_block(gain)
    assert is_active(network, miner, NUMBER)
    assert not is_faulty(network, miner, NUMBER)
    assert claimed_power(network, miner) == WHOLE


def test_an_updated_sector_is_proven_then_missed_and_recovered(network, miner, updated):
    pass_to(network, miner, updated)
    prove_deadline(network, miner, updated)
    assert last_call(network).calls == ()
    end_deadline(network, miner)
    assert is_active(network, miner, NUMBER)
    pass_by(network, miner, updated)
    regain(network, miner, updated)


def test_an_updated_sector_is_missed_at_once_and_recovered(network, miner, updated):
    assert claimed_power(network, miner) == WHOLE
    pass_by(network, miner, updated)
    found = deadline(network, miner, updated)
    assert found.faulty_power == WHOLE
    assert found.sectors_snapshot == SECTORS.empty_root(store_of(network))
    regain(network, miner, updated)


def test_sectors_of_several_deadlines_are_updated(network, miner):
    deadlines = active_sectors(network, miner, range(3), network.one.epoch + FURTHEST)
    assert deadlines[0] == deadlines[1] != deadlines[2]
    pieces = deal_pieces(network, publish_deals(network, miner, SECTOR_SIZE, SECTOR_SIZE))
    changes = [
        update(network, miner, number, [piece])
        for number, piece in zip((0, 2), pieces, strict=True)
    ]
    before = [sector(network, miner, change.sector) for change in changes]
    outcome = prove_updates(network, miner, *changes, **ALL_MUST_DO)
    assert codes(outcome) == [ExitCode.OK] * 2
    for old, change in zip(before, changes, strict=True):
        check_filled(network, miner, old, change)


def test_a_proof_that_holds_is_not_disputed_after_an_update(network, miner, updated):
    assert dispute(network, miner, updated).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_wrong_proof_of_an_updated_sector_is_disputed(network, miner, updated):
    pass_to(network, miner, updated)
    prove_window(network, miner, updated)
    end_deadline(network, miner)
    end_deadline(network, miner)
    assert dispute(network, miner, updated).code == ExitCode.OK
    assert is_faulty(network, miner, NUMBER)


def test_a_wrong_proof_is_disputed_after_its_sector_was_updated(network, miner, index):
    pass_to(network, miner, index)
    prove_window(network, miner, index)
    end_deadline(network, miner)
    end_deadline(network, miner)
    pieces = deal_pieces(network, publish_deals(network, miner, SECTOR_SIZE))
    fill(network, miner, NUMBER, pieces)
    assert dispute(network, miner, index).code == ExitCode.OK
    assert is_faulty(network, miner, NUMBER)


def test_an_updated_sector_is_given_up(network, miner, updated):
    assert end_sectors(network, miner, updated, NUMBER).code == ExitCode.OK
    assert locked(network, miner) == (0, 0)
    assert claimed_power(network, miner) == NO_POWER
    assert committed(network) == Committed()


def test_an_updated_sector_is_extended(network, miner, updated):
    # As sectors were before FIP-0045.
    put_sector(network, miner, NUMBER, flags=0)
    furthest = network.one.epoch + FURTHEST - 1
    assert place(network, miner, NUMBER) == (updated, 0)
    assert extend(network, miner, NUMBER, furthest).code == ExitCode.OK
    found = sector(network, miner, NUMBER)
    assert (found.expiration, found.flags) == (furthest, 0)


def test_a_deal_is_in_the_first_of_the_sectors_that_hold_it(network, miner):
    active_sectors(network, miner, range(2), network.one.epoch + FURTHEST)
    half = SECTOR_SIZE // 2
    deals = publish_deals(network, miner, half, half)
    pieces = deal_pieces(network, deals)
    changes = [update(network, miner, number, pieces) for number in range(2)]
    before = [sector(network, miner, number) for number in range(2)]
    outcome = prove_updates(network, miner, *changes, require_activation_success=True)
    assert codes(outcome) == [ExitCode.OK] * 2
    for old, change in zip(before, changes, strict=True):
        check_filled(network, miner, old, change)
    assert [sector_of(network, deal) for deal in deals] == [0, 0]


def publish_for_the_rest(network, miner, short=0):
    """Have a verified deal published whose claim may last as long as the sector, or less long."""
    give_datacap(network, SECTOR_SIZE)
    rest = sector(network, miner, NUMBER).expiration - network.one.epoch
    start = network.one.epoch + SEALING
    end = start + rest - POLICY.market_default_allocation_term_buffer - short
    terms = {"verified": True, "start_epoch": start, "end_epoch": end}
    return publish_deals(network, miner, SECTOR_SIZE, **terms)


@pytest.mark.usefixtures("index")
def test_a_sector_is_updated_with_a_verified_deal(network, miner):
    deals = publish_for_the_rest(network, miner)
    ((deal_id, terms),) = deals.items()
    pieces = deal_pieces(network, deals)
    before = sector(network, miner, NUMBER)
    change = update(network, miner, NUMBER, pieces)
    outcome = prove_updates(network, miner, change, **ALL_MUST_DO)
    assert codes(outcome) == [ExitCode.OK]
    whole = last_call(network)
    assert whole.told == [
        (VERIFIED_REGISTRY, verifreg.CLAIM_ALLOCATIONS),
        (REWARD, reward.THIS_EPOCH_REWARD),
        (STORAGE_POWER, power.CURRENT_TOTAL_POWER),
        (STORAGE_POWER, power.UPDATE_PLEDGE_TOTAL),
        (STORAGE_POWER, power.UPDATE_CLAIMED_POWER),
        (STORAGE_MARKET, numbers.SECTOR_CONTENT_CHANGED),
    ]
    gain = power.UpdateClaimedPowerParams(0, 9 * SECTOR_SIZE)
    assert whole.calls[4].params == cbor_block(gain)

    now = network.one.epoch
    ((claim_id, claim),) = claims(network).items()
    assert (claim.client, claim.provider, claim.sector) == (CLIENT.id, miner, NUMBER)
    assert (claim.data, claim.size, claim.term_start) == (terms.piece_cid, SECTOR_SIZE, now)
    assert (claim.term_min, claim.term_max) == (terms.duration, before.expiration - now)
    assert events(outcome) == [
        claim_event("claim", claim_id, claim),
        content_event(miner, "sector-updated", NUMBER, commd(pieces), pieces),
        deal_event("deal-activated", deal_id, CLIENT.id, miner),
    ]
    after = sector(network, miner, NUMBER)
    assert after == replace(
        before,
        sealed_cid=change.new_sealed_cid,
        sector_key_cid=before.sealed_cid,
        verified_deal_weight=SECTOR_SIZE * (before.expiration - now),
        power_base_epoch=now,
        initial_pledge=after.initial_pledge,
        daily_fee=10 * before.daily_fee,
    )


@pytest.mark.usefixtures("index")
def test_a_claim_must_be_able_to_last_as_long_as_its_sector(network, miner):
    pieces = deal_pieces(network, publish_for_the_rest(network, miner, short=1))
    change = update(network, miner, NUMBER, pieces)
    outcome = prove_updates(network, miner, change, **ALL_MUST_DO)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert claims(network) == {}


def test_sectors_are_updated_with_every_content(network, miner):
    lifetime = POLICY.min_sector_expiration + POLICY.market_default_allocation_term_buffer
    expiration = network.one.epoch + lifetime
    sectors = range(NUMBER, NUMBER + 5)
    active_sectors(network, miner, sectors, expiration)
    before = {number: sector(network, miner, number) for number in sectors}
    contents = every_content(network, miner, NUMBER)
    changes = [update(network, miner, number, pieces) for number, pieces in contents.pieces.items()]
    outcome = prove_updates(network, miner, *changes, **ALL_MUST_DO)
    assert codes(outcome) == [ExitCode.OK] * 5
    check_calls(
        network,
        contents,
        expiration,
        [
            (REWARD, reward.THIS_EPOCH_REWARD),
            (STORAGE_POWER, power.CURRENT_TOTAL_POWER),
            (STORAGE_POWER, power.UPDATE_PLEDGE_TOTAL),
            (STORAGE_POWER, power.UPDATE_CLAIMED_POWER),
        ],
    )
    verified = SECTOR_SIZE + SECTOR_SIZE // 2
    held = 5 * SECTOR_SIZE
    assert claimed_power(network, miner) == PowerPair(held, held + 9 * verified)
    assert events(outcome) == [
        *claims_told(network, contents),
        *(
            content_event(miner, "sector-updated", number, commd(pieces), pieces)
            for number, pieces in contents.pieces.items()
        ),
        *activations_told(contents, miner),
    ]
    check_others(network, miner, contents)

    now = network.one.epoch
    full = SECTOR_SIZE * (expiration - now)
    weights = [(0, 0), (full, 0), (0, full), (full, 0), (0, full // 2)]
    for change, (weight, verified_weight) in zip(changes, weights, strict=True):
        old, new = before[change.sector], sector(network, miner, change.sector)
        assert (new.deal_weight, new.verified_deal_weight) == (weight, verified_weight)
        assert (new.activation, new.power_base_epoch) == (old.activation, now)
        assert (new.sealed_cid, new.sector_key_cid) == (change.new_sealed_cid, old.sealed_cid)
        assert (new.flags, new.deprecated_deal_ids) == (SIMPLE_QUALITY_POWER, ())
