import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.common.fixed_point import ONE, PRECISION
from papyrus.actors.common.smoothing import (
    FilterEstimate,
    extrapolated_cumulative_sum_of_ratio,
    natural_logarithm,
)
from papyrus.primitives.errors import ActorError

ERROR_IN_MILLIONTHS = 350


def summed(numerator, denominator, start, epochs):
    """Return the sum of the ratios epoch by epoch, by trapezoids, in Q.128."""
    total = 0
    for epoch in range(epochs):
        over = numerator.position + numerator.velocity * (start + epoch) << PRECISION
        ratio = over // (denominator.position + denominator.velocity * (start + epoch))
        total += ratio if epoch in (0, epochs - 1) else 2 * ratio
    return total // 2


@pytest.mark.parametrize(
    ("x", "logarithm"),
    [
        (ONE, 0),
        (924_990_000_000_000_000_000_000_000_000_000_000_000, 1),
        (10**20 * ONE, 46),
        (2 * 10**22 * ONE, 51),
        (204_169_000_000_000_000_000_000_000_000_000_000, -8),
        (34_028_236_692_093_846_346_337_460_743, -24),
    ],
)
def test_the_logarithm_of_known_numbers(x, logarithm):
    assert natural_logarithm(x) >> PRECISION == logarithm


@given(st.integers(1, 2**200), st.integers(1, 2**64))
def test_logarithms_of_products_add_up(first, second):
    both = natural_logarithm(first * second >> PRECISION or 1)
    apart = natural_logarithm(first) + natural_logarithm(second)
    if first * second >> PRECISION > 1 << 40:
        assert abs(both - apart) < ONE >> 39


def test_a_constant_series_sums_to_its_multiple():
    ratio = FilterEstimate.of(4_000_000, 0), FilterEstimate.of(1, 0)
    for start in (0, 10**15):
        assert extrapolated_cumulative_sum_of_ratio(1000, start, *ratio) == 4 * 10**9 * ONE


@pytest.mark.parametrize(
    ("numerator", "denominator", "epochs"),
    [
        ((111, 12), (3456, 8), 10_000),
        ((1_000_000, -100), (70_000, 1000), 10_000),
        ((50 * 10**18, 25), (10**19, 1), 2880),
        ((50 * 10**18, 100), (2 * 10**22, 2**60 // 2880), 2880),
        ((50 * 10**18, 100), (10**19, 10 * 2**50 // 2880), 2880),
    ],
)
def test_the_sum_of_ratios_is_near_that_by_epochs(numerator, denominator, epochs):
    estimates = FilterEstimate.of(*numerator), FilterEstimate.of(*denominator)
    found = extrapolated_cumulative_sum_of_ratio(epochs, 0, *estimates)
    error = abs(found - summed(*estimates, 0, epochs))
    assert error * 10**6 <= ERROR_IN_MILLIONTHS * abs(found)


def test_a_sum_over_nothing_panics():
    with pytest.raises(ActorError):
        extrapolated_cumulative_sum_of_ratio(10, 0, FilterEstimate.of(1, 0), FilterEstimate(0, 0))


def test_the_filter_rounds_down():
    """Whose velocity is negative; the figures are those of the released actors' own test."""
    before = FilterEstimate(
        12340768897043811082913117521041414330876498465539749838848,
        -37396269384748225153347462373739139597454335279104,
    )
    assert before.next_estimate(36266252337034982540, 3) == FilterEstimate(
        12340768782449774548722755900999027209659079673176744001536,
        -37396515542149801792802995707072472930787668612438,
    )


def test_a_filter_follows_a_constant_series():
    estimate = FilterEstimate.of(0, 0)
    for _ in range(40_000):
        estimate = estimate.next_estimate(10**6, 1)
    assert abs(estimate.estimate - 10**6) <= 1
    assert abs(estimate.velocity) < ONE
    with pytest.raises(ActorError):
        estimate.next_estimate(10**6, 0)
