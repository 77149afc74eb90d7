import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.common.integers import (
    ceiling_quotient,
    checked_i64,
    checked_u64,
    truncated_quotient,
    truncated_remainder,
)
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode

nonzero = st.integers().filter(bool)


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient", "remainder"),
    [(7, 2, 3, 1), (-7, 2, -3, -1), (7, -2, -3, 1), (-7, -2, 3, -1), (-2222, 60, -37, -2)],
)
def test_division_rounds_toward_zero(dividend, divisor, quotient, remainder):
    assert truncated_quotient(dividend, divisor) == quotient
    assert truncated_remainder(dividend, divisor) == remainder


@given(st.integers(), nonzero)
def test_quotient_and_remainder_make_up_the_dividend(dividend, divisor):
    quotient, remainder = (
        truncated_quotient(dividend, divisor),
        truncated_remainder(dividend, divisor),
    )
    assert quotient * divisor + remainder == dividend
    assert abs(remainder) < abs(divisor)
    assert remainder == 0 or (remainder < 0) == (dividend < 0)


@given(st.integers(), st.integers(min_value=1))
def test_a_quotient_may_be_rounded_up(dividend, divisor):
    quotient = ceiling_quotient(dividend, divisor)
    assert (quotient - 1) * divisor < dividend <= quotient * divisor


@pytest.mark.parametrize(
    ("check", "number"),
    [(checked_i64, 2**63), (checked_i64, -(2**63) - 1), (checked_u64, 2**64), (checked_u64, -1)],
)
def test_an_overflow_is_a_panic(check, number):
    with pytest.raises(ActorError) as refused:
        check(number)
    assert refused.value.exit_code == ExitCode.USR_ASSERTION_FAILED


def test_the_extremes_are_no_overflow():
    assert checked_i64(-(2**63)) == -(2**63)
    assert checked_i64(2**63 - 1) == 2**63 - 1
    assert checked_u64(2**64 - 1) == 2**64 - 1
    assert checked_u64(0) == 0
