"""Many sectors at once: announced in batches, proven in others, and again in their windows."""

import pytest
from calls import last_call
from events import claim_event, content_event, deal_event, events, sector_event
from markets import piece
from passage import claimed_power, committed, locked, prove_sectors, put_miner
from sealing import (
    announcement,
    codes,
    deal_pieces,
    pre_commit,
    prove_commit,
    publish_deals,
    together,
)
from upkeep import (
    CLIENT,
    POLICY,
    SEALING,
    SECTOR_SIZE,
    give_datacap,
    sector,
    tick,
    wait,
)
from verified import claims

from papyrus.actors.market.params import VERIFY_DEALS_FOR_ACTIVATION
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.power import PowerPair, power_of_sectors
from papyrus.actors.power import params as power
from papyrus.actors.reward import params as reward
from papyrus.actors.singletons import REWARD, STORAGE_MARKET, STORAGE_POWER, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as verifreg
from papyrus.primitives.exit_codes import ExitCode

STEPS = [
    (0, 10, 0, 0),
    (1, 20, 0, 0),
    (SEALING, 0, 8, POLICY.max_aggregated_sectors),
    (1, 0, 8, 4),
    (1, 10, 0, 0),
    (SEALING, 0, 24, 10),
]
"""How many epochs to wait, sectors to announce, sectors to prove, and how many of these at a time.

A proof covers a part of an announced batch, or of several. The order stays.
"""

ECONOMY = [
    (REWARD, reward.THIS_EPOCH_REWARD),
    (STORAGE_POWER, power.CURRENT_TOTAL_POWER),
]
"""What a miner asks before it locks funds."""

LIFETIME = POLICY.min_sector_expiration + POLICY.market_default_allocation_term_buffer
BATCH = 8


@pytest.fixture
def miner(network):
    """Return a miner."""
    return put_miner(network)


def announce(network, miner, sectors, *, is_first):
    """Announce sectors without data, and check what is told of it and asked for."""
    infos = [announcement(network, miner, number) for number in sectors]
    outcome = pre_commit(network, miner, *infos)
    assert outcome.code == ExitCode.OK
    expected = [sector_event(miner, "sector-precommitted", number) for number in sectors]
    assert events(outcome) == expected
    enrolling = [(STORAGE_POWER, power.ENROLL_CRON_EVENT)] if is_first else []
    assert last_call(network).told == ECONOMY + enrolling


def prove(network, miner, sectors):
    """Prove sectors without data together, and check what is told of it and asked for."""
    outcome = prove_commit(network, miner, dict.fromkeys(sectors, ()), **together())
    assert codes(outcome) == [ExitCode.OK] * len(sectors)
    expected = [content_event(miner, "sector-activated", number) for number in sectors]
    assert events(outcome) == expected
    assert last_call(network).told == [*ECONOMY, (STORAGE_POWER, power.UPDATE_PLEDGE_TOTAL)]


def test_sectors_are_onboarded_in_batches(network, miner):
    announced, proven = 0, 0
    for delay, to_announce, to_prove, most in STEPS:
        wait(network, delay)
        if to_announce:
            batch = range(announced, announced + to_announce)
            announce(network, miner, batch, is_first=announced == 0)
            announced = batch.stop
        goal = proven + to_prove
        while proven < goal:
            batch = range(proven, min(proven + most, goal))
            prove(network, miner, batch)
            proven = batch.stop
    assert proven == announced == 40

    prove_sectors(network, miner, range(proven))
    _, pledge = locked(network, miner)
    assert pledge > 0
    for _ in range(2):
        found = committed(network)
        assert found.raw == found.quality_adjusted == proven * SECTOR_SIZE
        assert found.pledge == pledge
        wait(network, 1)
        tick(network)


def test_a_sector_with_deals_is_announced_with_its_commd(network, miner):
    (deal_id,) = publish_deals(network, miner, SECTOR_SIZE)
    for wrong in (None, piece(77)):
        sector_with_deal = announcement(
            network, miner, 100, deal_ids=(deal_id,), unsealed_cid=wrong
        )
        outcome = pre_commit(network, miner, sector_with_deal)
        assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert last_call(network).told == [
        *ECONOMY,
        (STORAGE_MARKET, VERIFY_DEALS_FOR_ACTIVATION),
    ]
    assert locked(network, miner) == (0, 0)


def test_sectors_with_verified_deals_are_onboarded_in_a_batch(network, miner):
    give_datacap(network, BATCH * SECTOR_SIZE)
    deals = publish_deals(network, miner, *[SECTOR_SIZE] * BATCH, verified=True)
    pieces = {number: [each] for number, each in enumerate(deal_pieces(network, deals))}
    keys = [piece.verified_allocation_key for [piece] in pieces.values()]
    assert None not in keys

    expiration = network.one.epoch + LIFETIME
    infos = [
        announcement(network, miner, number, held, expiration=expiration)
        for number, held in pieces.items()
    ]
    assert pre_commit(network, miner, *infos).code == ExitCode.OK
    wait(network, SEALING)
    required = {"require_activation_success": True, "require_notification_success": True}
    outcome = prove_commit(network, miner, pieces, **together(**required))
    assert codes(outcome) == [ExitCode.OK] * BATCH
    assert last_call(network).told == [
        (VERIFIED_REGISTRY, verifreg.CLAIM_ALLOCATIONS),
        *ECONOMY,
        (STORAGE_POWER, power.UPDATE_PLEDGE_TOTAL),
        (STORAGE_MARKET, numbers.SECTOR_CONTENT_CHANGED),
    ]
    made = claims(network)
    assert [made[key.id].sector for key in keys] == list(pieces)
    assert events(outcome) == [
        *(claim_event("claim", key.id, made[key.id]) for key in keys),
        *(
            content_event(miner, "sector-activated", info.sector_number, info.unsealed_cid, held)
            for info, held in zip(infos, pieces.values(), strict=True)
        ),
        *(deal_event("deal-activated", deal_id, CLIENT.id, miner) for deal_id in deals),
    ]

    prove_sectors(network, miner, pieces)
    sectors = [sector(network, miner, number) for number in pieces]
    whole = PowerPair(BATCH * SECTOR_SIZE, 10 * BATCH * SECTOR_SIZE)
    assert claimed_power(network, miner) == power_of_sectors(SECTOR_SIZE, sectors) == whole
    _, pledge = locked(network, miner)
    found = committed(network)
    assert (found.raw, found.quality_adjusted) == (whole.raw, whole.quality_adjusted)
    assert found.pledge == pledge > 0
