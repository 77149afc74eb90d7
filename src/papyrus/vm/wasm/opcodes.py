"""The instructions of WebAssembly as tables: operands, immediates, and whether they are paid for.

The tables cover what actors may use: the first version of WebAssembly with sign extension,
saturating conversions, bulk memory, and tables. References, vectors, atomics, exceptions and tail
calls have no entry, so a module that uses one is refused.
"""

from enum import IntEnum


class Op(IntEnum):
    """Instructions that rewriting treats one by one, or writes."""

    UNREACHABLE = 0x00
    BLOCK = 0x02
    LOOP = 0x03
    IF = 0x04
    ELSE = 0x05
    END = 0x0B
    BR = 0x0C
    BR_IF = 0x0D
    BR_TABLE = 0x0E
    RETURN = 0x0F
    CALL = 0x10
    CALL_INDIRECT = 0x11
    SELECT = 0x1B
    LOCAL_GET = 0x20
    LOCAL_TEE = 0x22
    GLOBAL_GET = 0x23
    GLOBAL_SET = 0x24
    MEMORY_SIZE = 0x3F
    MEMORY_GROW = 0x40
    I32_CONST = 0x41
    I64_CONST = 0x42
    F32_CONST = 0x43
    F64_CONST = 0x44
    I32_GT_U = 0x4B
    I64_LT_S = 0x53
    I64_GT_U = 0x56
    I32_ADD = 0x6A
    I32_SUB = 0x6B
    I64_SUB = 0x7D
    I64_MUL = 0x7E
    I64_EXTEND_I32_U = 0xAD
    REF_NULL = 0xD0
    REF_FUNC = 0xD2
    PREFIXED = 0xFC


EMPTY_BLOCK = 0x40
"""The type of a block without a result."""

PLAIN, NUMBER, TWO_NUMBERS, SPECIAL = range(4)
"""What follows an opcode: so many numbers, or something that needs a rule of its own."""


class Amount(IntEnum):
    """What the operand on top of the stack counts, where the price depends on it."""

    NONE = 0
    BYTES = 1
    ELEMENTS = 2


def _tables() -> tuple[bytes, bytes, bytes]:
    shapes = bytearray([SPECIAL]) * 256
    pops = bytearray(256)
    pushes = bytearray(256)

    def fill(opcodes: range | tuple[int, ...], shape: int, popped: int, pushed: int) -> None:
        for opcode in opcodes:
            shapes[opcode], pops[opcode], pushes[opcode] = shape, popped, pushed

    fill((0x01,), PLAIN, 0, 0)  # nop
    fill((0x1A,), PLAIN, 1, 0)  # drop
    fill((0x20,), NUMBER, 0, 1)  # local.get
    fill((0x21,), NUMBER, 1, 0)  # local.set
    fill((0x22,), NUMBER, 1, 1)  # local.tee
    fill((0x25,), NUMBER, 1, 1)  # table.get
    fill((0x26,), NUMBER, 2, 0)  # table.set
    fill(range(0x28, 0x36), TWO_NUMBERS, 1, 1)  # loads
    fill(range(0x36, 0x3F), TWO_NUMBERS, 2, 0)  # stores
    fill((0x3F,), NUMBER, 0, 1)  # memory.size
    fill((0x41, 0x42), NUMBER, 0, 1)  # i32.const, i64.const
    fill((0x45, 0x50), PLAIN, 1, 1)  # i32.eqz, i64.eqz
    fill(range(0x46, 0x50), PLAIN, 2, 1)  # i32 comparisons
    fill(range(0x51, 0x67), PLAIN, 2, 1)  # i64, f32, f64 comparisons
    fill(range(0x67, 0x6A), PLAIN, 1, 1)  # i32 clz, ctz, popcnt
    fill(range(0x6A, 0x79), PLAIN, 2, 1)  # i32 arithmetic
    fill(range(0x79, 0x7C), PLAIN, 1, 1)  # i64 clz, ctz, popcnt
    fill(range(0x7C, 0x8B), PLAIN, 2, 1)  # i64 arithmetic
    fill(range(0x8B, 0x92), PLAIN, 1, 1)  # f32 abs to sqrt
    fill(range(0x92, 0x99), PLAIN, 2, 1)  # f32 arithmetic
    fill(range(0x99, 0xA0), PLAIN, 1, 1)  # f64 abs to sqrt
    fill(range(0xA0, 0xA7), PLAIN, 2, 1)  # f64 arithmetic
    fill(range(0xA7, 0xC0), PLAIN, 1, 1)  # conversions
    fill(range(0xC0, 0xC5), PLAIN, 1, 1)  # sign extensions
    return bytes(shapes), bytes(pops), bytes(pushes)


SHAPES, POPS, PUSHES = _tables()
"""By opcode: what follows it, how many operands it takes, how many it leaves."""

PAID = bytes(
    opcode not in (0x00, 0x01, 0x02, 0x03, 0x05, 0x0B, 0x0F, 0x1A) for opcode in range(256)
)
"""By opcode: 0 for the instructions FIP-0032 makes free, 1 for all others."""

PREFIXED = (
    *((1, 1, 0, Amount.NONE),) * 8,  # saturating conversions
    (3, 0, 2, Amount.BYTES),  # memory.init
    (0, 0, 1, Amount.NONE),  # data.drop
    (3, 0, 2, Amount.BYTES),  # memory.copy
    (3, 0, 1, Amount.BYTES),  # memory.fill
    (3, 0, 2, Amount.ELEMENTS),  # table.init
    (0, 0, 1, Amount.NONE),  # elem.drop
    (3, 0, 2, Amount.ELEMENTS),  # table.copy
    (2, 1, 1, Amount.ELEMENTS),  # table.grow
    (0, 1, 1, Amount.NONE),  # table.size
    (3, 0, 1, Amount.ELEMENTS),  # table.fill
)
"""By the number after the prefix 0xFC: operands taken and left, numbers that follow, amount."""

TABLE_GROW, TABLE_SIZE = 15, 16
"""Numbers after the prefix."""
