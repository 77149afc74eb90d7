"""The vested part of the genesis allocation."""

from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.networks import LOTUS_ITEST, MAINNET
from papyrus.rules.vesting import Tranche, VestingPeriod, vested

LIFTOFF = 148_888


def test_a_tranche_vests_in_whole_steps_rounded_for_the_locked_part():
    period = VestingPeriod(None, 0, (Tranche(3, TokenAmount(10)),))
    assert [vested((period,), height) for height in (-1, 0, 1, 2, 3, 4)] == [0, 1, 4, 7, 10, 10]


def test_a_tranche_without_duration_is_vested_from_its_start():
    period = VestingPeriod(None, 5, (Tranche(0, TokenAmount(10)),))
    assert vested((period,), 4) == 0
    assert vested((period,), 5) == 10


def test_the_first_period_that_covers_the_height_counts():
    periods = (
        VestingPeriod(10, 0, (Tranche(0, TokenAmount(1)),)),
        VestingPeriod(None, 0, (Tranche(0, TokenAmount(2)),)),
    )
    assert vested(periods, 10) == 1
    assert vested(periods, 11) == 2


def test_before_ignition_whole_fil_are_taken_for_attofil():
    assert vested(LOTUS_ITEST.vesting, 0) == 6_898_560
    assert vested(LOTUS_ITEST.vesting, 7753) == 8_991_870


def test_mainnet_allocation_ends_at_six_years():
    total = TokenAmount.from_fil(599_822_557)
    assert vested(MAINNET.vesting, LIFTOFF + 6 * 365 * 2880) == total
    assert vested(MAINNET.vesting, 10**9) == total
