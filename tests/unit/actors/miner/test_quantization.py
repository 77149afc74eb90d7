import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.miner.quantization import NO_QUANTIZATION, QuantSpec


@pytest.mark.parametrize(
    ("unit", "offset", "epoch", "up"),
    [
        (10, 0, 0, 0),
        (10, 0, 1, 10),
        (10, 0, 10, 10),
        (10, 0, 11, 20),
        (10, 3, 3, 3),
        (10, 3, 4, 13),
        (10, 103, 4, 13),
        # Before the offset too.
        (10, 3, 0, 3),
        (10, 0, -5, 0),
        (10, 0, -10, -10),
        (60, -2222, 0, 58),
        (60, -2222, -2, -2),
        (60, -2222, 59, 118),
        (60, -2222, -3, -2),
    ],
)
def test_epochs_are_rounded_up(unit, offset, epoch, up):
    assert QuantSpec(unit, offset).quantize_up(epoch) == up


@pytest.mark.parametrize(
    ("unit", "offset", "epoch", "down"),
    [(10, 0, 0, 0), (10, 0, 9, 0), (10, 0, 10, 10), (10, 3, 12, 3), (10, 3, 2, -7), (1, 0, 5, 5)],
)
def test_epochs_are_rounded_down(unit, offset, epoch, down):
    assert QuantSpec(unit, offset).quantize_down(epoch) == down


@given(
    st.integers(1, 5_000), st.integers(-10_000, 1 << 40), st.integers(0, 1 << 40), st.integers(0, 9)
)
def test_rounding_up_gives_the_first_epoch_of_the_series(unit, offset, epoch, step):
    quant = QuantSpec(unit, offset)
    up = quant.quantize_up(epoch)
    assert epoch <= up < epoch + unit
    assert (up - offset) % unit == 0
    assert quant.quantize_up(up) == up
    assert quant.quantize_down(up + min(step, unit - 1)) == up


def test_no_quantization_leaves_epochs_as_they_are():
    assert [NO_QUANTIZATION.quantize_up(epoch) for epoch in (-3, 0, 7)] == [-3, 0, 7]
