"""The WebAssembly binary format, as far as instrumentation reads and writes it.

A module is a header and sections; numbers are LEB128 (WebAssembly core specification, chapter 5).
Positions are offsets into the whole module, so nothing is copied to be looked at. Readers return
what they read and the position after it; they raise DecodeError on anything that is no such item.
"""

from collections.abc import Mapping
from enum import IntEnum

from papyrus.primitives.errors import DecodeError

HEADER = b"\0asm\1\0\0\0"


class Section(IntEnum):
    """The sections a module may have, by their number on the wire."""

    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    TABLE = 4
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    START = 8
    ELEMENT = 9
    CODE = 10
    DATA = 11
    DATA_COUNT = 12


SECTION_ORDER = (
    Section.CUSTOM,
    Section.TYPE,
    Section.IMPORT,
    Section.FUNCTION,
    Section.TABLE,
    Section.MEMORY,
    Section.GLOBAL,
    Section.EXPORT,
    Section.START,
    Section.ELEMENT,
    Section.DATA_COUNT,
    Section.CODE,
    Section.DATA,
)
"""The order of the sections; a custom section may stand anywhere, and is written first."""

I32, I64 = 0x7F, 0x7E
FUNCTION_REFERENCE = 0x70
REFERENCE_TYPES = (FUNCTION_REFERENCE, 0x6F)
VALUE_TYPES = frozenset((I32, I64, 0x7D, 0x7C, *REFERENCE_TYPES))
"""i32, i64, f32, f64, funcref, externref."""
FUNCTION_FORM = 0x60
"""What the type of a function begins with."""


def read_u32(data: bytes, position: int) -> tuple[int, int]:
    """Return the unsigned 32-bit number at a position and the position after it."""
    byte = data[position]
    if byte < 0x80:
        return byte, position + 1
    value, shift = byte & 0x7F, 7
    while True:
        position += 1
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 28:
            raise DecodeError("Wasm: an unsigned number is longer than five bytes")
    if value >= 1 << 32:
        raise DecodeError("Wasm: an unsigned number exceeds 32 bits")
    return value, position + 1


def read_s32(data: bytes, position: int) -> tuple[int, int]:
    """Return the signed 32-bit number at a position and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift > 28:
            raise DecodeError("Wasm: a signed number is longer than five bytes")
    if byte & 0x40:
        value -= 1 << shift
    if not -(1 << 31) <= value < 1 << 31:
        raise DecodeError("Wasm: a signed number exceeds 32 bits")
    return value, position


def skip_number(data: bytes, position: int) -> int:
    """Return the position after a number of any width."""
    while data[position] >= 0x80:
        position += 1
    return position + 1


def write_unsigned(value: int) -> bytes:
    """Return a non-negative number in its shortest form."""
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def write_signed(value: int) -> bytes:
    """Return a signed number in its shortest form."""
    encoded = bytearray()
    while not -64 <= value < 64:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value & 0x7F)
    return bytes(encoded)


def write_sized(content: bytes) -> bytes:
    """Return content preceded by its length."""
    return write_unsigned(len(content)) + content


def write_vector(entries: list[bytes]) -> bytes:
    """Return entries preceded by their count."""
    return write_unsigned(len(entries)) + b"".join(entries)


def read_sections(code: bytes) -> dict[Section, bytes]:
    """Return the contents of each section of a module, in order, each at most once.

    Quirk: of several custom sections the reference keeps the last one only.
    """
    if code[:8] != HEADER:
        raise DecodeError("Wasm: not a module of version 1")
    sections: dict[Section, bytes] = {}
    position, rank = 8, 0
    while position < len(code):
        number = code[position]
        if number > Section.DATA_COUNT:
            raise DecodeError(f"Wasm: no section has number {number}")
        section = Section(number)
        size, position = read_u32(code, position + 1)
        end = position + size
        if end > len(code):
            raise DecodeError("Wasm: a section ends after the module")
        if section is not Section.CUSTOM:
            own_rank = SECTION_ORDER.index(section)
            if own_rank <= rank:
                raise DecodeError(f"Wasm: section {section.name} is out of order or repeated")
            rank = own_rank
        sections[section] = code[position:end]
        position = end
    return sections


def write_sections(sections: Mapping[Section, bytes]) -> bytes:
    """Return the module of these sections."""
    return HEADER + b"".join(
        bytes((section,)) + write_sized(sections[section])
        for section in SECTION_ORDER
        if section in sections
    )


def expect_end(data: bytes, position: int, what: str) -> None:
    """Raise DecodeError unless a position is the end of the data."""
    if position != len(data):
        raise DecodeError(f"Wasm: the {what} section does not end where its entries do")
