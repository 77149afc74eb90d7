"""Sectors that are committed at once, to a deadline of the miner's choice (FIP-0092)."""

from dataclasses import replace

import pytest
from events import content_event, events
from passage import (
    claimed_power,
    end_deadline,
    is_active,
    is_faulty,
    pass_by,
    pass_to,
    prove_deadline,
    put_miner,
    recover,
    submissions,
)
from sealing import SEAL_NI_2KIB, at_once, codes, commit_at_once, far_deadline
from upkeep import POLICY, SECTOR_SIZE, deadline, partition, sector, wait

from papyrus.actors.miner.fees import daily_proof_fee
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.sectors import SIMPLE_QUALITY_POWER, SectorOnChainInfo
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY

FIRST = 100


@pytest.fixture
def miner(network):
    """Return a miner."""
    return put_miner(network)


def prepared(network, miner, count):
    """Return sectors whose sealing began a day ago."""
    expiration = network.one.epoch + EPOCHS_IN_DAY + POLICY.min_sector_expiration + 1
    began = network.one.epoch
    wait(network, EPOCHS_IN_DAY)
    return [
        at_once(network, miner, number, seal_randomness_epoch=began, expiration=expiration)
        for number in range(FIRST, FIRST + count)
    ]


def check_committed(network, miner, each):
    """Check that a sector is in the state as it was committed in this epoch."""
    found = sector(network, miner, each.sector_number)
    now = network.one.epoch
    supply = network.one.context.circulating_supply
    assert found.initial_pledge > 0
    assert replace(found, initial_pledge=ZERO) == SectorOnChainInfo(
        sector_number=each.sector_number,
        seal_proof=SEAL_NI_2KIB,
        sealed_cid=each.sealed_cid,
        deprecated_deal_ids=(),
        activation=now,
        expiration=each.expiration,
        deal_weight=0,
        verified_deal_weight=0,
        initial_pledge=ZERO,
        expected_day_reward=None,
        expected_storage_pledge=None,
        power_base_epoch=now,
        replaced_day_reward=None,
        sector_key_cid=None,
        flags=SIMPLE_QUALITY_POWER,
        daily_fee=daily_proof_fee(POLICY, supply, SECTOR_SIZE),
    )


def told(miner, sectors):
    """Return the events of sectors that were committed."""
    return [content_event(miner, "sector-activated", each.sector_number) for each in sectors]


def all_are(network, miner, sectors, condition):
    """Return whether a condition holds of all sectors; it must hold of all or none."""
    found = {condition(network, miner, each.sector_number) for each in sectors}
    assert len(found) == 1
    return found.pop()


def test_sectors_are_committed_at_once(network, miner):
    sectors = prepared(network, miner, 5)
    chosen = far_deadline(network, miner)
    outcome = commit_at_once(
        network, miner, *sectors, proving_deadline=chosen, require_activation_success=True
    )
    assert codes(outcome) == [ExitCode.OK] * 5
    assert events(outcome) == told(miner, sectors)
    for each in sectors:
        check_committed(network, miner, each)
    assert deadline(network, miner, chosen).live_sectors == 5


def test_sectors_that_are_in_order_are_committed_without_the_others(network, miner):
    sectors = prepared(network, miner, 6)
    too_early = network.one.epoch - POLICY.max_non_interactive_randomness_lookback - 1
    sectors[0] = replace(sectors[0], seal_randomness_epoch=too_early)
    sectors[2] = replace(sectors[2], sealer_id=miner + 1)
    good = [sectors[1], *sectors[3:]]
    chosen = far_deadline(network, miner)
    outcome = commit_at_once(network, miner, *sectors, proving_deadline=chosen)
    refused = ExitCode.USR_ILLEGAL_ARGUMENT
    assert codes(outcome) == [refused, 0, refused, 0, 0, 0]
    assert events(outcome) == told(miner, good)
    for each in good:
        check_committed(network, miner, each)
    for each in (sectors[0], sectors[2]):
        assert sector(network, miner, each.sector_number) is None

    assert deadline(network, miner, chosen).live_sectors == 4
    placed = [partition(network, miner, chosen, number) for number in range(3)]
    assert placed.pop() is None
    assert [bit for each in placed for bit in each.sectors] == [s.sector_number for s in good]
    assert all(each.unproven == each.sectors for each in placed)

    pass_to(network, miner, chosen)
    assert submissions(network, miner, chosen) == 0
    prove_deadline(network, miner, chosen)
    assert submissions(network, miner, chosen) == 1
    whole = PowerPair(4 * SECTOR_SIZE, 4 * SECTOR_SIZE)
    assert claimed_power(network, miner) == whole
    end_deadline(network, miner)
    assert all_are(network, miner, good, is_active)
    miss_and_recover(network, miner, chosen, good)
    assert claimed_power(network, miner) == whole


def test_a_sector_that_is_committed_at_once_must_be_proven_in_its_first_window(network, miner):
    sectors = prepared(network, miner, 1)
    chosen = far_deadline(network, miner)
    outcome = commit_at_once(
        network, miner, *sectors, proving_deadline=chosen, require_activation_success=True
    )
    assert codes(outcome) == [ExitCode.OK]
    assert events(outcome) == told(miner, sectors)
    check_committed(network, miner, sectors[0])
    assert deadline(network, miner, chosen).live_sectors == 1
    placed = partition(network, miner, chosen)
    assert list(placed.sectors) == list(placed.unproven) == [FIRST]

    miss_and_recover(network, miner, chosen, sectors)
    pass_to(network, miner, chosen)
    assert submissions(network, miner, chosen) == 0
    prove_deadline(network, miner, chosen)
    assert submissions(network, miner, chosen) == 1
    assert claimed_power(network, miner) == PowerPair(SECTOR_SIZE, SECTOR_SIZE)


def miss_and_recover(network, miner, index, sectors):
    """Miss a window of sectors two to a partition, declare them recovered, and prove them again."""
    pass_by(network, miner, index)
    assert all_are(network, miner, sectors, is_faulty)
    assert not all_are(network, miner, sectors, is_active)
    assert claimed_power(network, miner) == NO_POWER

    size = 2
    for number in range(0, len(sectors), size):
        names = [each.sector_number for each in sectors[number : number + size]]
        assert not partition(network, miner, index, number // size).recoveries
        recover(network, miner, index, *names, number=number // size)
        assert list(partition(network, miner, index, number // size).recoveries) == names
    assert all_are(network, miner, sectors, is_faulty)

    pass_to(network, miner, index)
    prove_deadline(network, miner, index)
    end_deadline(network, miner)
    assert all_are(network, miner, sectors, is_active)
    assert not all_are(network, miner, sectors, is_faulty)
    assert not partition(network, miner, index).recoveries
