"""Fractions as the actors compute with them: Q.128, integers that count units of 2^-128.

A value is written as the integer nearest below it times 2^128, so sums are plain sums, products are
shifted back by 128 bits, and shifting right rounds down, negative numbers included.
"""

from collections.abc import Sequence

PRECISION = 128
"""The bits after the point."""

ONE = 1 << PRECISION


def polynomial(coefficients: Sequence[int], x: int) -> int:
    """Return the value of a polynomial at x, all in Q.128, the highest coefficient first."""
    value = 0
    for coefficient in coefficients:
        value = (value * x >> PRECISION) + coefficient
    return value
