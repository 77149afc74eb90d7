"""Growth of memory and tables, taken from what all calls of a message may have together.

The reference's limiter (`engine/mod.rs`, `machine/limiter.rs`) is asked whenever a memory or table
grows. Growth beyond its own maximum, or beyond what is left for all calls, is refused; any other is
taken from what is left. wasmtime's C interface asks nobody. So the instructions that grow become
calls of functions added to the module, and what is left is an imported global, in bytes. Nothing of
this is metered.
"""

from papyrus.vm.wasm.binary import FUNCTION_FORM, FUNCTION_REFERENCE, I32, write_signed
from papyrus.vm.wasm.charging import AddedFunction
from papyrus.vm.wasm.opcodes import EMPTY_BLOCK, TABLE_GROW, TABLE_SIZE, Op

PAGE_SIZE, TABLE_ELEMENT_SIZE = 65_536, 8
"""Bytes that a page of memory and an element of a table count for."""

_GET_ROOM, _SET_ROOM = bytes((Op.GLOBAL_GET, 1)), bytes((Op.GLOBAL_SET, 1))
_REFUSE_IF = (
    bytes((Op.IF, EMPTY_BLOCK, Op.I32_CONST)) + write_signed(-1) + bytes((Op.RETURN, Op.END))
)


def memory_growth(maximum: int) -> AddedFunction:
    """Return what is called in place of `memory.grow`; the memory's maximum is in pages.

    Quirk: the limit on one instance is not a maximum of its memory. It refuses what has been taken
    from what is left, and nothing gives that back before the call ends.
    """
    pages = bytes((Op.LOCAL_GET, 0))
    size, grow = bytes((Op.MEMORY_SIZE, 0)), bytes((Op.MEMORY_GROW, 0))
    return AddedFunction(
        bytes((FUNCTION_FORM, 1, I32, 1, I32)),
        _take(pages, PAGE_SIZE, size, maximum) + pages + grow + bytes((Op.END,)),
    )


def table_growth(maximum: int) -> AddedFunction:
    """Return what is called in place of `table.grow`; the table's maximum is in elements."""
    value, elements = bytes((Op.LOCAL_GET, 0)), bytes((Op.LOCAL_GET, 1))
    size, grow = bytes((Op.PREFIXED, TABLE_SIZE, 0)), bytes((Op.PREFIXED, TABLE_GROW, 0))
    return AddedFunction(
        bytes((FUNCTION_FORM, 2, FUNCTION_REFERENCE, I32, 1, I32)),
        _take(elements, TABLE_ELEMENT_SIZE, size, maximum)
        + value
        + elements
        + grow
        + bytes((Op.END,)),
    )


def _take(amount: bytes, unit: int, size: bytes, maximum: int) -> bytes:
    """Return the code that takes an amount from what is left, or returns that it is refused."""
    most = bytes((Op.I32_CONST,)) + write_signed(maximum) + size + bytes((Op.I32_SUB,))
    length = amount + bytes((Op.I64_EXTEND_I32_U, Op.I64_CONST))
    length += write_signed(unit) + bytes((Op.I64_MUL,))
    return b"".join(
        (
            amount + most + bytes((Op.I32_GT_U,)) + _REFUSE_IF,
            length + _GET_ROOM + bytes((Op.I64_GT_U,)) + _REFUSE_IF,
            _GET_ROOM + length + bytes((Op.I64_SUB,)) + _SET_ROOM,
        )
    )
