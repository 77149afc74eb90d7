"""Integers as the released actors compute with them (Rust, built with overflow checks).

Python's grow without bound and its division rounds down. Where an actor's integer could overflow,
or where the sign of a remainder matters, these say so.
"""

from papyrus.vm.aborts import assertion_failed


def checked_i64(number: int) -> int:
    """Return the number; abort as a Rust panic does where it exceeds a signed 64-bit integer."""
    if -(1 << 63) <= number < 1 << 63:
        return number
    raise assertion_failed("attempt to compute with overflow")


def checked_u64(number: int) -> int:
    """Return the number; abort as a Rust panic does where it exceeds an unsigned 64-bit integer."""
    if 0 <= number < 1 << 64:
        return number
    raise assertion_failed("attempt to compute with overflow")


def truncated_quotient(dividend: int, divisor: int) -> int:
    """Return the quotient rounded toward zero, as `/` does in Rust and for its BigInt."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def truncated_remainder(dividend: int, divisor: int) -> int:
    """Return the remainder with the sign of the dividend, as `%` does in Rust."""
    return dividend - divisor * truncated_quotient(dividend, divisor)


def ceiling_quotient(dividend: int, divisor: int) -> int:
    """Return the quotient rounded up."""
    return -(-dividend // divisor)
