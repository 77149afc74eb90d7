"""A result pointer without room for the result: refused, and paid for twice."""

import pytest

from papyrus.primitives.exit_codes import ErrorNumber as E

PAGE = 65_536


@pytest.mark.parametrize("offset", [PAGE - 7, PAGE, 2**32 - 1])
def test_a_result_that_does_not_fit_is_refused_and_instructions_are_paid_twice(world, offset):
    outcome = world.run(("gas.available", world.pointer(offset)), ("debug.enabled",), recounted=1)
    assert [step.errno for step in outcome.steps] == [E.ILLEGAL_ARGUMENT, 0]
    assert outcome.call.of_step(0) == []


def test_each_refusal_counts_the_same_instructions_once_more(world):
    steps = [("vm.message_context", world.pointer(PAGE))] * 3
    outcome = world.run(*steps, recounted=3)
    assert [step.errno for step in outcome.steps] == [E.ILLEGAL_ARGUMENT] * 3


def test_instructions_paid_before_are_not_paid_again(world):
    steps = [("debug.enabled",), ("gas.available", world.pointer(PAGE))]
    assert world.run(*steps).steps[1].errno == E.ILLEGAL_ARGUMENT


def test_a_result_may_end_with_the_memory(world):
    outcome = world.run(("gas.available", world.pointer(PAGE - 8)))
    assert (outcome.steps[0].errno, outcome.steps[0].out) == (0, bytes(8))


def test_a_refused_call_has_done_nothing(world):
    outcome = world.run(
        ("ipld.block_create", world.pointer(PAGE - 3), 0x55, b"data"),
        ("ipld.block_create", 0x55, b"data"),
        recounted=1,
    )
    assert outcome.steps[1].number == 1
