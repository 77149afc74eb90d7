import pytest
from miner_sectors import a_sector

from papyrus.actors.miner.power import (
    NO_POWER,
    PowerPair,
    power_of_sectors,
    quality_adjusted_power_for_weight,
    quality_adjusted_power_max,
    quality_for_weight,
)
from papyrus.primitives.errors import ActorError

SIZE = 32 << 30
LIFE = 1_000_000
FULL = SIZE * LIFE


@pytest.mark.parametrize(
    ("weight", "quality"),
    [(0, 1 << 20), (FULL, 10 << 20), (FULL // 2, 11 << 19), (FULL // 3, (4 << 20) - 1)],
)
def test_quality_is_the_average_over_space_and_time(weight, quality):
    assert quality_for_weight(SIZE, LIFE, weight) == quality


def test_power_is_the_size_times_its_quality_rounded_down():
    assert quality_adjusted_power_for_weight(SIZE, LIFE, 0) == SIZE
    assert quality_adjusted_power_for_weight(SIZE, LIFE, FULL) == quality_adjusted_power_max(SIZE)
    assert quality_adjusted_power_max(SIZE) == 10 * SIZE
    assert quality_adjusted_power_for_weight(SIZE, LIFE, FULL // 3) == SIZE * ((4 << 20) - 1) >> 20


def test_weight_counts_from_the_power_base_epoch():
    sector = a_sector(1, LIFE + 50, activation=50, verified_deal_weight=FULL)
    assert power_of_sectors(SIZE, [sector]) == PowerPair(SIZE, 10 * SIZE)
    assert power_of_sectors(SIZE, [sector] * 3) == PowerPair(3 * SIZE, 30 * SIZE)
    assert power_of_sectors(SIZE, []) == NO_POWER


def test_sector_without_duration_panics():
    with pytest.raises(ActorError, match="divide by zero"):
        quality_for_weight(SIZE, 0, 0)


def test_pairs_are_added_subtracted_and_negated():
    assert PowerPair(1, 2) + PowerPair(3, 4) - PowerPair(2, 2) == PowerPair(2, 4)
    assert -PowerPair(1, 2) == PowerPair(-1, -2)
    assert [pair.is_zero for pair in (NO_POWER, PowerPair(0, 1))] == [True, False]
    assert [pair.is_negative for pair in (PowerPair(5, -1), PowerPair(0, 0))] == [True, False]
