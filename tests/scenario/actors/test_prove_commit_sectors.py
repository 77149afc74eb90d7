"""Five sectors of every content there is, announced and proven in one batch."""

import pytest
from contents import activations_told, check_calls, check_others, claims_told, every_content
from events import content_event, events
from passage import put_miner
from sealing import announcement, codes, commd, pre_commit, prove_commit
from upkeep import POLICY, SEALING, SECTOR_SIZE, sector, wait

from papyrus.actors.miner.fees import daily_proof_fee
from papyrus.actors.miner.sectors import SIMPLE_QUALITY_POWER
from papyrus.actors.power import params as power
from papyrus.actors.reward import params as reward
from papyrus.actors.singletons import REWARD, STORAGE_POWER
from papyrus.primitives.exit_codes import ExitCode

FIRST = 100
LIFETIME = POLICY.min_sector_expiration + POLICY.market_default_allocation_term_buffer


@pytest.fixture
def miner(network):
    """Return a miner."""
    return put_miner(network)


def test_sectors_of_every_content_are_proven(network, miner):
    contents = every_content(network, miner, FIRST)
    expiration = network.one.epoch + LIFETIME
    infos = [
        announcement(network, miner, number, pieces, expiration=expiration)
        for number, pieces in contents.pieces.items()
    ]
    assert pre_commit(network, miner, *infos).code == ExitCode.OK
    wait(network, SEALING)
    now = network.one.epoch
    required = {"require_activation_success": True, "require_notification_success": True}
    outcome = prove_commit(network, miner, contents.pieces, **required)
    assert codes(outcome) == [ExitCode.OK] * len(infos)
    check_calls(
        network,
        contents,
        expiration,
        [
            (REWARD, reward.THIS_EPOCH_REWARD),
            (STORAGE_POWER, power.CURRENT_TOTAL_POWER),
            (STORAGE_POWER, power.UPDATE_PLEDGE_TOTAL),
        ],
    )
    assert events(outcome) == [
        *claims_told(network, contents),
        *(
            content_event(miner, "sector-activated", number, commd(pieces), pieces)
            for number, pieces in contents.pieces.items()
        ),
        *activations_told(contents, miner),
    ]
    check_others(network, miner, contents)

    sectors = [sector(network, miner, number) for number in contents.pieces]
    for each in sectors:
        assert each.activation == each.power_base_epoch == now
        assert each.flags == SIMPLE_QUALITY_POWER
        assert each.deprecated_deal_ids == ()
    full = SECTOR_SIZE * (expiration - now)
    assert [(each.deal_weight, each.verified_deal_weight) for each in sectors] == [
        (0, 0),
        (full, 0),
        (0, full),
        (full, 0),
        (0, full // 2),
    ]
    supply = network.one.context.circulating_supply
    assert [each.daily_fee for each in sectors] == [
        daily_proof_fee(POLICY, supply, size)
        for size in (
            SECTOR_SIZE,
            SECTOR_SIZE,
            10 * SECTOR_SIZE,
            SECTOR_SIZE,
            11 * SECTOR_SIZE // 2,
        )
    ]
