"""Gas prices, against the tables of the reference's own tests."""

import pytest

from papyrus.rules.gas_prices import (
    HYGGE,
    MAX_MILLIGAS,
    NI_POREP_32GIB,
    NI_POREP_64GIB,
    POREP_32GIB,
    TEEP,
    WATERMELON,
    AggregateSealPrice,
    ScalingCost,
    gas,
)


def test_scaling_cost_adds_a_flat_part_and_one_per_unit():
    assert ScalingCost(gas(5), 400).apply(3) == 6200


def test_scaling_cost_saturates():
    assert ScalingCost(1, 2).apply(2**63) == MAX_MILLIGAS


@pytest.mark.parametrize(("sectors", "step"), [(0, 0), (9, 0), (10, 1), (19, 1), (20, 2), (100, 2)])
def test_step_price_is_that_of_the_last_step_reached(sectors, step):
    price = AggregateSealPrice(POREP_32GIB, 1000, ((10, 1), (20, 2)))
    assert price.apply(sectors) == 1000 * sectors + step


def _aggregate(prices, proof_type):
    return next(row for row in prices.verify_aggregate_seals if row.proof_type == proof_type)


@pytest.mark.parametrize(
    ("proof_type", "per_sector", "steps"),
    [
        (
            NI_POREP_32GIB,
            44_990 * 126,
            {
                1: 112_356_810,
                2: 122_912_610,
                3: 137_559_930,
                4: 137_559_930,
                5: 162_039_100,
                9: 210_960_780,
                17: 318_351_180,
                32: 318_351_180,
                33: 528_274_980,
                65: 528_274_980,
            },
        ),
        (
            NI_POREP_64GIB,
            35_928 * 126,
            {
                1: 110_803_030,
                2: 120_803_700,
                4: 134_642_130,
                8: 157_357_890,
                16: 203_017_690,
                17: 304_253_590,
                33: 509_880_640,
            },
        ),
    ],
)
def test_non_interactive_aggregates_have_prices_of_their_own_from_teep(
    proof_type, per_sector, steps
):
    price = _aggregate(TEEP, proof_type)
    for sectors, step in steps.items():
        assert price.apply(sectors) == gas(per_sector * sectors + step)


def test_teep_changes_nothing_but_seal_verification():
    changed = {
        name
        for name in TEEP.__dataclass_fields__
        if getattr(TEEP, name) != getattr(WATERMELON, name)
    }
    assert changed == {"name", "verify_seal", "verify_aggregate_seals"}


def test_watermelon_tracks_links_and_hygge_does_not():
    assert WATERMELON.tracks_links
    assert not HYGGE.tracks_links
    assert HYGGE.link_tracked == HYGGE.scan_per_cid == 0
