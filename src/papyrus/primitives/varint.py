"""Variable-length integers: unsigned LEB128 and its zigzag form for signed numbers.

Addresses, CIDs, bitfields and the keys of maps in actor state all count in these. A number is cut
into groups of seven bits, lowest first, and every byte but the last has its top bit set. Only the
shortest form is accepted, and nothing above 64 bits, so that a number has one encoding.
"""

from papyrus.primitives.errors import DecodeError

MAX_LENGTH = 10
"""Bytes in the longest encoding: 64 bits in groups of seven."""

_U64_MAX = (1 << 64) - 1
_SINGLE_BYTES = tuple(bytes((n,)) for n in range(128))


def encode_unsigned(number: int) -> bytes:
    """Return the encoding of a number from 0 to 2^64 - 1; ValueError outside of it."""
    if 0 <= number < 128:
        return _SINGLE_BYTES[number]
    if not 0 <= number <= _U64_MAX:
        raise ValueError(f"{number} does not fit 64 unsigned bits")
    out = bytearray()
    while number >= 128:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode_unsigned(data: bytes, offset: int = 0, *, strict: bool = True) -> tuple[int, int]:
    """Return the number at an offset and the offset just past it.

    Raises DecodeError where the bytes end early, are not the shortest form or exceed 64 bits.
    With strict off, the bits of a tenth byte that lie above the 64th are dropped instead.
    """
    # Quirk: the reference VM's reader (unsigned-varint 0.8, decode.rs) shifts the tenth byte into
    # a u64 without looking at what falls off; callers that must accept what it accepts say so.
    group = data[offset : offset + MAX_LENGTH]
    number = 0
    shift = 0
    for byte in group:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise DecodeError("varint is not in its shortest form")
            if number > _U64_MAX:
                if strict:
                    raise DecodeError("varint exceeds 64 bits")
                number &= _U64_MAX
            return number, offset + shift // 7 + 1
        shift += 7
    if len(group) == MAX_LENGTH:
        raise DecodeError(f"varint is longer than {MAX_LENGTH} bytes")
    raise DecodeError("varint ends early")


def encode_zigzag(number: int) -> bytes:
    """Return the zigzag encoding of a number from -2^63 to 2^63 - 1; ValueError outside of it."""
    return encode_unsigned(number << 1 if number >= 0 else (-number << 1) - 1)


def decode_zigzag(data: bytes, offset: int = 0, *, strict: bool = True) -> tuple[int, int]:
    """Return the signed number at an offset and the offset just past it; see decode_unsigned."""
    number, end = decode_unsigned(data, offset, strict=strict)
    return (number >> 1) ^ -(number & 1), end
