"""The code that charges gas: written into actors' code by the thousand, run by the million.

The counter of milligas is global 0. A charge subtracts from it and traps when it falls below zero.
The reference writes a function that does so, and calls it; the same written out at each place makes
the code larger and about twice as fast.
"""

from dataclasses import dataclass
from functools import lru_cache

from papyrus.vm.wasm.binary import FUNCTION_FORM, I64, write_signed, write_unsigned
from papyrus.vm.wasm.opcodes import EMPTY_BLOCK, Op

_GET = bytes((Op.GLOBAL_GET, 0))
_SET = bytes((Op.GLOBAL_SET, 0))
_CONSTANT = bytes((Op.I64_CONST,))
_ARGUMENT = bytes((Op.LOCAL_GET, 0))
_TRAP_BELOW_ZERO = _GET + bytes(
    (Op.I64_CONST, 0, Op.I64_LT_S, Op.IF, EMPTY_BLOCK, Op.UNREACHABLE, Op.END)
)
_SUBTRACT = bytes((Op.I64_SUB,)) + _SET + _TRAP_BELOW_ZERO


@dataclass(frozen=True, slots=True)
class AddedFunction:
    """A function that instrumentation adds to a module; it has no locals."""

    type: bytes
    """The encoding of its type."""
    code: bytes


GAS_FUNCTION = AddedFunction(
    bytes((FUNCTION_FORM, 1, I64, 0)), _GET + _ARGUMENT + _SUBTRACT + bytes((Op.END,))
)
"""The function that charges its argument."""


class AddedFunctions:
    """The functions that instrumentation adds to a module, after all others."""

    def __init__(self, first: int) -> None:
        """Begin with none; the first will have this index."""
        self._first = first
        self.functions: list[AddedFunction] = []

    def add(self, function: AddedFunction) -> bytes:
        """Add a function; return the code that calls it."""
        self.functions.append(function)
        return bytes((Op.CALL,)) + write_unsigned(self._first + len(self.functions) - 1)


class CalledCharges:
    """Charges that call the gas function."""

    def __init__(self, call: bytes) -> None:
        """Take the code that calls the gas function."""
        self._call = call

    @property
    def charge_top(self) -> bytes:
        """The code that charges the i64 on top of the stack, and takes it off."""
        return self._call

    def charge(self, milligas: int) -> bytes:
        """Return the code that charges an unsigned 64-bit number of milligas."""
        return _push(milligas) + self._call


class InlinedCharges(CalledCharges):
    """Charges that do what the gas function does, but for amounts known only at run time."""

    def charge(self, milligas: int) -> bytes:
        """Return the code that charges an unsigned 64-bit number of milligas."""
        return _GET + _push(milligas) + _SUBTRACT


@lru_cache(4096)
def _push(milligas: int) -> bytes:
    # Quirk: a charge of 2**63 milligas or more wraps around to a negative number.
    return _CONSTANT + write_signed(milligas - (1 << 64) if milligas >> 63 else milligas)
