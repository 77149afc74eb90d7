import pytest

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.miner.fees import (
    adjusted_daily_proof_fee,
    daily_proof_fee,
    payable_daily_proof_fee,
)
from papyrus.actors.miner.monies import (
    BASE_PENALTY_FOR_DISPUTED_WINDOW_POST,
    consensus_fault_penalty,
    expected_reward_for_power,
    initial_pledge_for_power,
    locked_part_of_reward,
    pledge_penalty_for_continued_fault,
    pledge_penalty_for_invalid_window_post,
    pledge_penalty_for_termination,
    pre_commit_deposit_for_power,
    reward_for_consensus_slash_report,
)
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.rules.policy import EPOCHS_IN_DAY, MAINNET_POLICY

FIL = TokenAmount.from_fil(1)


@pytest.mark.parametrize("network", [10**19, 600 * 10**18, 2 * 10**22])
@pytest.mark.parametrize("power", [32 << 30, 1 << 60])
def test_reward_under_constant_estimates_is_a_plain_share(network, power):
    reward = FilterEstimate.of(50 * FIL, 0)
    found = expected_reward_for_power(reward, FilterEstimate.of(network, 0), power, EPOCHS_IN_DAY)
    assert found == power * EPOCHS_IN_DAY * 50 * FIL // network


def test_reward_is_never_negative_and_a_deposit_never_zero():
    reward = FilterEstimate.of(1 << 50, 0)
    shrinking = FilterEstimate.of(1 << 10, -(1 << 10))
    assert expected_reward_for_power(reward, shrinking, 1 << 36, 4) == 0
    assert pre_commit_deposit_for_power(reward, FilterEstimate.of(1 << 10, 1 << 10), 0) == 1


def test_reward_without_network_power_is_that_of_an_epoch():
    nothing = FilterEstimate.of(0, 0)
    assert expected_reward_for_power(FilterEstimate.of(77, 5), nothing, 1 << 36, 100) == 77


def test_fault_penalties_are_in_proportion_to_power():
    reward = FilterEstimate.of(100 << 53, 0)
    network = FilterEstimate.of(100 << 50, 0)
    powers = [1 << 50, 19 << 50, 63 << 50]
    single = sum(pledge_penalty_for_continued_fault(reward, network, power) for power in powers)
    together = pledge_penalty_for_continued_fault(reward, network, sum(powers))
    assert 0 <= together - single < 3
    assert pledge_penalty_for_continued_fault(reward, network, 0) == 0


def test_periods_of_penalties():
    # A reward of one attoFIL an epoch for each byte counts the epochs.
    reward, network = FilterEstimate.of(1 << 60, 0), FilterEstimate.of(1 << 60, 0)
    assert pledge_penalty_for_continued_fault(reward, network, 1) == 10_108
    assert pre_commit_deposit_for_power(reward, network, 1) == 57_600
    assert (
        pledge_penalty_for_invalid_window_post(reward, network, 1)
        == BASE_PENALTY_FOR_DISPUTED_WINDOW_POST + 10_108 + 5_760
    )


@pytest.mark.parametrize(
    ("age_days", "fault_fee", "fee"),
    [
        (141, 0, 87),
        (140, 0, 87),
        (70, 0, 43),
        (0, 0, 20),
        (-1, 0, 20),
        (141, 1_024, 1_075),
        (141, 82, 87),
        (0, 20, 21),
    ],
)
def test_termination_fee_grows_with_age_between_bounds(age_days, fault_fee, fee):
    found = pledge_penalty_for_termination(
        TokenAmount(1_024), age_days * EPOCHS_IN_DAY, TokenAmount(fault_fee)
    )
    assert found == fee


@pytest.mark.parametrize(
    ("since", "ramp", "ten_thousandths"),
    [
        (-100, 100, 1500),
        (-1, 10, 1500),
        (0, 100, 1500),
        (1, 10, 1545),
        (10, 100, 1545),
        (50, 100, 1725),
        (100, 100, 1950),
        (500, 100, 1950),
        (0, 0, 1950),
        (10, 0, 1950),
        (-1, 0, 1500),
    ],
)
def test_pledge_moves_from_the_baseline_on_the_ramp(since, ramp, ten_thousandths):
    found = initial_pledge_for_power(
        power=1 << 36,
        baseline_power=1 << 37,
        reward=FilterEstimate.of(0, 0),
        network_power=FilterEstimate.of(1 << 10, 1 << 10),
        circulating_supply=FIL,
        epochs_since_ramp_start=since,
        ramp_duration_epochs=ramp,
    )
    assert found == 1 + FIL * ten_thousandths // 10_000


def test_pledge_is_capped_at_a_fil_for_32_gib():
    found = initial_pledge_for_power(
        32 << 30, 1, FilterEstimate.of(0, 0), FilterEstimate.of(1, 0), 10**9 * FIL, 0, 0
    )
    assert found == (FIL // (32 << 30)) * (32 << 30)


def test_no_power_and_none_in_the_network_panics():
    with pytest.raises(ActorError, match="divide by zero"):
        initial_pledge_for_power(0, 0, FilterEstimate.of(0, 0), FilterEstimate.of(0, 0), FIL, 0, 0)


def test_shares_of_an_epochs_reward():
    assert consensus_fault_penalty(TokenAmount(13)) == 13
    assert reward_for_consensus_slash_report(TokenAmount(45)) == 2
    assert locked_part_of_reward(TokenAmount(11)) == 8


def test_daily_fee_is_a_share_of_the_supply():
    supply = TokenAmount.from_fil(680_000_000)
    fee = daily_proof_fee(MAINNET_POLICY, supply, 32 << 30)
    assert fee == 161_817 * supply * (32 << 30) // 10**30
    assert adjusted_daily_proof_fee(fee, 32 << 30, 32 << 30) == fee
    assert adjusted_daily_proof_fee(TokenAmount(100), 3, 7) == 233
    assert payable_daily_proof_fee(MAINNET_POLICY, TokenAmount(10), TokenAmount(19)) == 9
    assert payable_daily_proof_fee(MAINNET_POLICY, TokenAmount(10), TokenAmount(21)) == 10
