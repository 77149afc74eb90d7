"""The gas account: charges, limits within limits, rounding."""

import pytest

from papyrus.primitives.errors import OutOfGas
from papyrus.vm.gas import MAX_MILLIGAS, GasTracker, round_down, round_up


def test_charges_add_up_to_the_limit():
    gas = GasTracker(20)
    gas.charge("compute", 5_000)
    gas.charge("both", 10_000, 5_000)
    assert (gas.used, gas.available) == (20_000, 0)


def test_a_charge_over_the_limit_uses_everything():
    gas = GasTracker(20)
    gas.charge("first", 15_000)
    with pytest.raises(OutOfGas):
        gas.charge("second", 5_001)
    assert (gas.used, gas.available) == (20_000, 0)


def test_a_limit_is_capped_at_what_a_signed_counter_holds():
    assert GasTracker(2**63).limit == MAX_MILLIGAS


def test_an_inner_limit_counts_from_zero_and_adds_up_when_popped():
    gas = GasTracker(100)
    gas.charge("before", 30_000)
    gas.push_limit(50_000)
    assert (gas.limit, gas.used) == (50_000, 0)
    gas.charge("inside", 20_000)
    gas.pop_limit()
    assert (gas.limit, gas.used) == (100_000, 50_000)


def test_an_inner_limit_is_never_more_than_what_is_left():
    gas = GasTracker(100)
    gas.charge("before", 30_000)
    gas.push_limit(90_000)
    assert gas.limit == 70_000


def test_running_out_under_an_inner_limit_leaves_the_rest():
    gas = GasTracker(100)
    gas.push_limit(10_000)
    with pytest.raises(OutOfGas):
        gas.charge("inside", 10_001)
    gas.pop_limit()
    assert gas.available == 90_000


def test_an_observer_sees_the_charge_that_runs_out():
    seen = []

    class Watch:
        def gas_charged(self, name, compute, storage):
            seen.append((name, compute, storage))

    gas = GasTracker(1, Watch())
    with pytest.raises(OutOfGas):
        gas.charge("much", 700, 400)
    assert seen == [("much", 700, 400)]


@pytest.mark.parametrize(("milligas", "up", "down"), [(0, 0, 0), (1, 1, 0), (999, 1, 0)])
def test_rounding_of_parts(milligas, up, down):
    assert (round_up(milligas), round_down(milligas)) == (up, down)


@pytest.mark.parametrize("whole", [1, 7, 2**53 + 1, MAX_MILLIGAS // 1000])
def test_whole_gas_needs_no_rounding(whole):
    assert round_up(whole * 1000) == round_down(whole * 1000) == whole
