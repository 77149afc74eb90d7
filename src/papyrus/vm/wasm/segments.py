"""The sections of a module that name functions, or start memory, tables and globals.

Instrumentation moves functions behind thunks, so exports and element segments are written again.
Globals and data segments stay as they are, but are read to refuse what the reference refuses:
initial values must be one instruction, and data must start at a constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm.binary import (
    FUNCTION_REFERENCE,
    REFERENCE_TYPES,
    expect_end,
    read_u32,
    skip_number,
    write_sized,
    write_unsigned,
    write_vector,
)
from papyrus.vm.wasm.opcodes import Op

MAXIMUM_NAME = 100_000
MAXIMUM_TABLE_ELEMENTS = 20_000
MAXIMUM_MEMORY_PAGES = 8_192
"""512 MiB."""
ADDRESSABLE_PAGES = 65_536
U32 = (1 << 32) - 1

FUNCTION_KIND, TABLE_KIND, MEMORY_KIND, GLOBAL_KIND = range(4)
ACTIVE_IN_FIRST_TABLE, PASSIVE, ACTIVE, DECLARED = range(4)
EXPRESSIONS = 4
"""How a segment is used, and a flag for items that are expressions rather than functions."""


@dataclass(frozen=True, slots=True)
class Export:
    """One entry of the export section."""

    name: bytes
    kind: int
    index: int

    def encode(self, thunks: Mapping[int, int]) -> bytes:
        """Return the entry, naming the thunk of a function that has one."""
        index = thunks.get(self.index, self.index) if self.kind == FUNCTION_KIND else self.index
        return write_sized(self.name) + bytes((self.kind,)) + write_unsigned(index)


@dataclass(frozen=True, slots=True)
class Element:
    """One entry of the element section."""

    head: bytes
    """Whether it is active, passive or declared; where it goes; the type of its items."""
    functions: tuple[int, ...]

    def encode(self, thunks: Mapping[int, int]) -> bytes:
        """Return the entry, with the thunks of the functions that have one."""
        return self.head + write_vector(
            [write_unsigned(thunks.get(index, index)) for index in self.functions]
        )


def read_exports(section: bytes) -> list[Export]:
    """Return the entries of an export section."""
    count, position = read_u32(section, 0)
    exports = []
    for _ in range(count):
        name, position = read_name(section, position)
        kind = section[position]
        if kind > GLOBAL_KIND:
            raise DecodeError(f"Wasm: nothing of kind {kind} may be exported")
        index, position = read_u32(section, position + 1)
        exports.append(Export(name, kind, index))
    expect_end(section, position, "export")
    return exports


def with_table(exports: Sequence[Export]) -> list[Export]:
    """Return the exports with the table among them, under a free name where it has none."""
    shown = list(exports)
    if not any(export.kind == TABLE_KIND for export in exports):
        names = {export.name for export in exports}
        name = next(name for length in count() if (name := b"_" * length) not in names)
        shown.append(Export(name, TABLE_KIND, 0))
    return shown


def read_elements(section: bytes) -> list[Element]:
    """Return the entries of an element section."""
    count, position = read_u32(section, 0)
    elements = []
    for _ in range(count):
        element, position = _read_element(section, position)
        elements.append(element)
    expect_end(section, position, "element")
    return elements


def _read_element(section: bytes, position: int) -> tuple[Element, int]:
    flags, position = read_u32(section, position)
    if flags > EXPRESSIONS | DECLARED:
        raise DecodeError("Wasm: an element segment has unknown flags")
    mode = flags & ~EXPRESSIONS
    table, offset = 0, b""
    if mode == ACTIVE:
        table, position = read_u32(section, position)
    if mode in (ACTIVE_IN_FIRST_TABLE, ACTIVE):
        start, position = position, skip_initial_value(section, position)
        offset = write_unsigned(table) + section[start:position]
    item_type = FUNCTION_REFERENCE if flags & EXPRESSIONS else 0
    if mode != ACTIVE_IN_FIRST_TABLE:
        item_type = section[position]
        position += 1
        if item_type not in (REFERENCE_TYPES if flags & EXPRESSIONS else (0,)):
            raise DecodeError("Wasm: an element segment holds items of no valid type")
    item_count, position = read_u32(section, position)
    if flags & EXPRESSIONS and item_count:
        raise DecodeError("Wasm: an element segment holds expressions")
    functions = []
    for _ in range(item_count):
        index, position = read_u32(section, position)
        functions.append(index)
    written = ACTIVE if mode == ACTIVE_IN_FIRST_TABLE else mode
    head = bytes((written | flags & EXPRESSIONS,)) + offset + bytes((item_type,))
    return Element(head, tuple(functions)), position


def read_globals(section: bytes) -> list[bytes]:
    """Return the entries of a global section."""
    count, position = read_u32(section, 0)
    entries = []
    for _ in range(count):
        start, position = position, skip_initial_value(section, position + 2)
        entries.append(section[start:position])
    expect_end(section, position, "global")
    return entries


def check_data(section: bytes) -> None:
    """Raise DecodeError unless each data segment is passive or starts at a constant."""
    count, position = read_u32(section, 0)
    for _ in range(count):
        mode, position = read_u32(section, position)
        if mode > ACTIVE:
            raise DecodeError("Wasm: a data segment has an unknown mode")
        if mode == ACTIVE:
            _, position = read_u32(section, position)
        if mode != PASSIVE:
            if section[position] != Op.I32_CONST:
                raise DecodeError("Wasm: a data segment does not start at a constant")
            position = skip_initial_value(section, position)
        size, position = read_u32(section, position)
        position += size
        if position > len(section):
            raise DecodeError("Wasm: a data segment ends after its section")
    expect_end(section, position, "data")


def read_name(section: bytes, position: int) -> tuple[bytes, int]:
    """Return the name at a position and the position after it."""
    length, position = read_u32(section, position)
    name = section[position : position + length]
    if length > MAXIMUM_NAME or len(name) != length:
        raise DecodeError("Wasm: a name is too long")
    return name, position + length


def read_table(section: bytes) -> int | None:
    """Return how many elements a table may grow to; None where there is no table.

    The reference makes room for one table and one memory, and refuses to compile a module that
    wants more, or wants them larger to begin with than it allows.
    """
    count, position = read_u32(section, 0)
    maximum = None
    if count > 1:
        raise DecodeError("Wasm: there is more than one table")
    if count:
        if section[position] not in REFERENCE_TYPES:
            raise DecodeError("Wasm: a table holds no valid type")
        declared, position = _read_limits(section, position + 1, MAXIMUM_TABLE_ELEMENTS)
        maximum = min(declared, MAXIMUM_TABLE_ELEMENTS)
    expect_end(section, position, "table")
    return maximum


def read_memory(section: bytes) -> int | None:
    """Return how many pages a memory says it may grow to; None where there is no memory."""
    count, position = read_u32(section, 0)
    maximum = None
    if count > 1:
        raise DecodeError("Wasm: there is more than one memory")
    if count:
        declared, position = _read_limits(section, position, MAXIMUM_MEMORY_PAGES)
        maximum = min(declared, ADDRESSABLE_PAGES)
    expect_end(section, position, "memory")
    return maximum


def _read_limits(section: bytes, position: int, most: int) -> tuple[int, int]:
    """Return the maximum, or the greatest number where there is none, and the position after it."""
    has_maximum = section[position]
    if has_maximum > 1:
        raise DecodeError("Wasm: a table or memory has limits of an unknown kind")
    minimum, position = read_u32(section, position + 1)
    if minimum > most:
        raise DecodeError("Wasm: a table or memory begins too large")
    return read_u32(section, position) if has_maximum else (U32, position)


def skip_initial_value(section: bytes, position: int) -> int:
    """Return the position after an expression, which must be one constant instruction."""
    opcode = section[position]
    if opcode in (Op.I32_CONST, Op.I64_CONST, Op.GLOBAL_GET, Op.REF_FUNC):
        position = skip_number(section, position + 1)
    elif opcode == Op.REF_NULL:
        position += 2
    elif opcode == Op.F32_CONST:
        position += 5
    elif opcode == Op.F64_CONST:
        position += 9
    else:
        raise DecodeError(f"Wasm: an initial value is made by instruction 0x{opcode:02x}")
    if section[position] != Op.END:
        raise DecodeError("Wasm: an initial value is more than one instruction")
    return position + 1
