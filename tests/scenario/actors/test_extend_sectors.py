"""Sectors that are made to last longer, and sectors that last as long as they can."""

from dataclasses import replace

import pytest
from calls import last_call
from events import claim_event, content_event, events
from passage import (
    claimed_power,
    extend,
    keep_proving,
    prove_sectors,
    put_miner,
)
from sealing import (
    announcement,
    codes,
    commd,
    deal_pieces,
    pre_commit,
    prove_commit,
    prove_updates,
    publish_deals,
    update,
)
from upkeep import (
    POLICY,
    SEAL_2KIB,
    SECTOR_SIZE,
    give_datacap,
    go_to,
    leap,
    onboard,
    put_sector,
    sector,
    tick,
    wait,
)
from verified import claims

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import SectorClaim
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.proof_policy import max_prove_commit_duration
from papyrus.actors.power import params as power
from papyrus.actors.reward import params as reward
from papyrus.actors.singletons import REWARD, STORAGE_MARKET, STORAGE_POWER, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as verifreg
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.vm.payloads import cbor_block

NUMBER = 100
PROVEN_LAST = max_prove_commit_duration(POLICY, SEAL_2KIB)
"""Epochs after its announcement in which a sector may be proven last."""
HALF_YEAR = 180 * EPOCHS_IN_DAY
ALL_MUST_DO = {"require_activation_success": True, "require_notification_success": True}
FULL_POWER = PowerPair(SECTOR_SIZE, 10 * SECTOR_SIZE)


@pytest.fixture
def miner(network):
    """Return a miner."""
    return put_miner(network)


def prove_with_deal(network, miner, duration):
    """Prove a sector as late as can be, full of a verified deal that lasts as long as itself."""
    give_datacap(network, SECTOR_SIZE)
    start = network.one.epoch + PROVEN_LAST
    end = start + duration
    terms = {"verified": True, "start_epoch": start, "end_epoch": end}
    pieces = deal_pieces(network, publish_deals(network, miner, SECTOR_SIZE, **terms))
    info = announcement(network, miner, NUMBER, pieces, expiration=end)
    assert pre_commit(network, miner, info).code == ExitCode.OK
    leap_to(network, start)
    outcome = prove_commit(network, miner, {NUMBER: pieces}, **ALL_MUST_DO)
    assert codes(outcome) == [ExitCode.OK]
    tick(network)
    prove_sectors(network, miner, [NUMBER])
    assert claimed_power(network, miner) == FULL_POWER


def leap_to(network, epoch):
    """Let it be some epoch; cron does nothing for whole days until then, and no sector is due."""
    leap(network, (epoch - network.one.epoch) // EPOCHS_IN_DAY)
    go_to(network, epoch)


def leap_with_sector(network, _miner, _number, epoch):
    """Let it be some epoch as if a sector had been proven every day until then."""
    leap_to(network, epoch)


def check_extended(network, miner, expiration, change):
    """Let the sector last until an epoch; its power must change by so many bytes."""
    before = claimed_power(network, miner)
    assert extend(network, miner, NUMBER, expiration).code == ExitCode.OK
    whole = last_call(network)
    if change:
        assert whole.told == [(STORAGE_POWER, power.UPDATE_CLAIMED_POWER)]
        gain = power.UpdateClaimedPowerParams(0, change)
        assert whole.calls[0].params == cbor_block(gain)
    else:
        assert whole.told == []
    assert claimed_power(network, miner) == before + PowerPair(0, change)
    assert sector(network, miner, NUMBER).expiration == expiration


@pytest.mark.parametrize(
    "pass_time", [leap_with_sector, pytest.param(keep_proving, marks=pytest.mark.full)]
)
def test_verified_data_is_worth_less_the_longer_its_sector_lasts(network, miner, pass_time):
    prove_with_deal(network, miner, HALF_YEAR)
    # A sector from before FIP-0045, which is what may be extended without a word of its claims.
    put_sector(network, miner, NUMBER, flags=0)
    made = sector(network, miner, NUMBER)
    start, whole = made.activation, made.verified_deal_weight
    assert (made.expiration - start, made.deal_weight) == (HALF_YEAR, 0)
    assert whole == HALF_YEAR * SECTOR_SIZE

    # Half of its life is over, and what is left of its weight counts for thrice that time:
    # (90 days of 10 bytes each + 180 days of 1) / 270 days = 4 bytes each.
    pass_time(network, miner, NUMBER, start + HALF_YEAR // 2)
    check_extended(network, miner, start + 2 * HALF_YEAR, -6 * SECTOR_SIZE)
    found = sector(network, miner, NUMBER)
    assert (found.deal_weight, found.verified_deal_weight) == (0, whole // 2)

    # A third of the time since is over: (180 days of 4 + 180 days of 1) / 360 days = 2.5 each.
    pass_time(network, miner, NUMBER, start + HALF_YEAR)
    check_extended(network, miner, start + 3 * HALF_YEAR, -3 * SECTOR_SIZE // 2)
    found = sector(network, miner, NUMBER)
    assert (found.deal_weight, found.verified_deal_weight) == (0, whole // 3)
    assert found.activation == start


def test_a_sector_holds_a_deal_of_the_longest_duration(network, miner):
    duration = POLICY.max_sector_expiration_extension - PROVEN_LAST
    prove_with_deal(network, miner, duration)
    found = sector(network, miner, NUMBER)
    assert found.expiration - found.activation == duration
    assert found.verified_deal_weight == duration * SECTOR_SIZE


def test_a_sector_is_extended_as_far_as_can_be(network, miner):
    onboard(network, miner, [NUMBER])
    tick(network)
    prove_sectors(network, miner, [NUMBER])
    assert claimed_power(network, miner) == PowerPair(SECTOR_SIZE, SECTOR_SIZE)
    furthest = network.one.epoch + POLICY.max_sector_expiration_extension
    refused = extend(network, miner, NUMBER, furthest + 1)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
    check_extended(network, miner, furthest, 0)


def test_an_updated_sector_is_extended_with_its_claim(network, miner):
    expiration = network.one.epoch + 2 * HALF_YEAR
    onboard(network, miner, [NUMBER], expiration)
    tick(network)
    prove_sectors(network, miner, [NUMBER])
    made = sector(network, miner, NUMBER)
    assert (made.expiration, made.deal_weight, made.verified_deal_weight) == (expiration, 0, 0)

    give_datacap(network, SECTOR_SIZE)
    start = network.one.epoch + EPOCHS_IN_DAY
    terms = {"verified": True, "start_epoch": start, "end_epoch": start + 340 * EPOCHS_IN_DAY}
    deals = publish_deals(network, miner, SECTOR_SIZE, **terms)
    pieces = deal_pieces(network, deals)
    claim_id = pieces[0].verified_allocation_key.id
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
    claim = claims(network)[claim_id]
    assert (claim.term_start, claim.sector) == (network.one.epoch, NUMBER)
    assert claim.term_max == 340 * EPOCHS_IN_DAY + POLICY.market_default_allocation_term_buffer
    assert events(outcome)[0] == claim_event("claim", claim_id, claim)
    assert events(outcome)[1] == content_event(
        miner, "sector-updated", NUMBER, commd(pieces), pieces
    )

    updated = sector(network, miner, NUMBER)
    now = network.one.epoch
    assert updated == replace(
        made,
        sealed_cid=change.new_sealed_cid,
        sector_key_cid=made.sealed_cid,
        verified_deal_weight=(expiration - now) * SECTOR_SIZE,
        power_base_epoch=now,
        initial_pledge=updated.initial_pledge,
        daily_fee=updated.daily_fee,
    )
    wait(network, 1)
    later = expiration + 60 * EPOCHS_IN_DAY
    kept = SectorClaim(NUMBER, (claim_id,), ())
    outcome = extend(network, miner, NUMBER, later, kept)
    assert outcome.code == ExitCode.OK
    assert last_call(network).told == [(VERIFIED_REGISTRY, verifreg.GET_CLAIMS)]
    extended = sector(network, miner, NUMBER)
    assert extended == replace(
        updated,
        expiration=later,
        verified_deal_weight=(later - now - 1) * SECTOR_SIZE,
        power_base_epoch=now + 1,
        daily_fee=extended.daily_fee,
    )
    assert claimed_power(network, miner) == FULL_POWER
