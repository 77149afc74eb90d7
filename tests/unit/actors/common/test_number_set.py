"""A set of numbers kept as bits."""

from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.common.number_set import NumberSet

numbers = st.one_of(st.integers(0, 200), st.integers(32_760, 32_780), st.integers(0, 2**64))


@given(st.lists(numbers), st.lists(numbers))
def test_it_holds_what_was_added_and_nothing_else(added, others):
    found, model = NumberSet(), set()
    for number in added:
        assert found.add(number) == (number not in model)
        model.add(number)
    for number in (*added, *others):
        assert (number in found) == (number in model)
