"""System calls on gas."""

import pytest

from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode


def test_an_actor_charges_whole_gas_under_its_own_name(world):
    outcome = world.run(("gas.charge", b"work", 7))
    assert outcome.steps[0].errno == 0
    assert outcome.call.of_step(0) == [("work", 7000, 0)]


def test_a_name_that_is_no_text_is_refused_and_costs_nothing(world):
    outcome = world.run(("gas.charge", b"\xff", 7))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
    assert outcome.call.of_step(0) == []


@pytest.mark.parametrize("amount", [2**64 - 1, 2**63, 18_446_744_073_709_552])
def test_a_charge_beyond_64_bits_of_milligas_counts_as_the_most_there_is(world, amount):
    outcome = world.run(("gas.charge", b"work", amount))
    assert outcome.code == ExitCode.SYS_OUT_OF_GAS
    assert outcome.call.of_step(0) == [("work", 2**64 - 1, 0)]
