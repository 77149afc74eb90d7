"""The commitment to the data of a piece (CommP), of the bytes themselves (spec 2.2.3).

Data becomes field elements by two zero bits after each 254, so that 127 bytes take 128 ("Fr32",
`rust-fil-proofs` storage-proofs fr32). Zeros fill it up to the next power of two, and what is
committed to is the root of the Merkle tree of `papyrus.proofs.commitments`. Each half of a piece is
a tree of its own, so the parts of a large one can be hashed one by one, or side by side.
"""

from collections.abc import Sequence
from hashlib import sha256

from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.proofs.commitments import PieceError, joined
from papyrus.proofs.statements import PieceInfo

UNPADDED_CHUNK = 127
PADDED_CHUNK = 128
"""Bytes that a chunk of data takes; the smallest piece, too."""

_NODE = 32
_ELEMENT = (1 << 254) - 1
_TRUNCATED = bytes(byte & 0x3F for byte in range(256))


def padded_piece_size(length: int) -> int:
    """Return the padded size of the smallest piece that holds so many bytes; PieceError for 0."""
    if length <= 0:
        raise PieceError("a piece of no bytes")
    chunks = -(-length // UNPADDED_CHUNK)
    return PADDED_CHUNK << (chunks - 1).bit_length()


def commitment_to(data: bytes) -> tuple[int, bytes]:
    """Return the padded size of the smallest piece that holds data, and its commitment."""
    size = padded_piece_size(len(data))
    level = fr32_padded(data.ljust(size // PADDED_CHUNK * UNPADDED_CHUNK, b"\0"))
    while len(level) > _NODE:
        pairs = memoryview(level)
        level = bytearray().join(
            [sha256(pairs[at : at + 2 * _NODE]).digest() for at in range(0, len(level), 2 * _NODE)]
        )
        level[_NODE - 1 :: _NODE] = level[_NODE - 1 :: _NODE].translate(_TRUNCATED)
    return size, bytes(level)


def piece_of(parts: Sequence[tuple[int, bytes]]) -> PieceInfo:
    """Return the piece whose data is that of parts one after the other.

    Each is what `commitment_to` returns. All but the last are of one size and full; PieceError
    where they do not fit together.
    """
    sizes = [size for size, _ in parts]
    if not sizes or {*sizes[:-1]} - {sizes[0]} or sizes[-1] > sizes[0]:
        raise PieceError(f"parts of {sizes} bytes are no piece")
    size = sizes[0] << (len(parts) - 1).bit_length()
    cid = Cid.of_digest(joined(parts), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)
    return PieceInfo(size, cid)


def fr32_padded(data: bytes) -> bytearray:
    """Return data, a whole number of chunks, as field elements of 32 bytes each."""
    padded = bytearray(len(data) // UNPADDED_CHUNK * PADDED_CHUNK)
    for chunk in range(len(data) // UNPADDED_CHUNK):
        start = chunk * UNPADDED_CHUNK
        bits = int.from_bytes(data[start : start + UNPADDED_CHUNK], "little")
        elements = (
            bits & _ELEMENT
            | (bits >> 254 & _ELEMENT) << 256
            | (bits >> 508 & _ELEMENT) << 512
            | (bits >> 762) << 768
        )
        start = chunk * PADDED_CHUNK
        padded[start : start + PADDED_CHUNK] = elements.to_bytes(PADDED_CHUNK, "little")
    return padded
