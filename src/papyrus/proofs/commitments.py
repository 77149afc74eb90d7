"""The unsealed commitment of a sector (CommD) from the commitments of its pieces (CommP).

A commitment to data is the root of a binary Merkle tree of SHA2-256 over 32-byte nodes, the two
highest bits of each hash cleared so that it is a field element (spec 2.2.3, "piece commitment").
A sector's tree is the pieces' trees side by side, each aligned to its own size, with trees of
zeros in the gaps; so CommD follows from the piece commitments alone. Sizes are padded bytes.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.proofs.statements import PieceInfo

_NODE_LENGTH = 32
_FR_MASK = 0x3F
"""The bits that remain of a hash's last byte, so that it is below the field's modulus."""

_SMALLEST_ZERO_PIECE = 1 << 7
_LARGEST_ZERO_PIECE = 1 << 41
"""The reference holds the commitments of zeros from 128 bytes to 2 TiB and pads with no other."""

_UNPADDED_CHUNK = 127
_PADDED_CHUNK = 128
_U64 = 1 << 64


class PieceError(ValueError):
    """The pieces do not fit together into a sector."""


def unsealed_sector_cid(sector_size: int, pieces: Sequence[PieceInfo]) -> Cid:
    """Return CommD as a CID for a sector of `sector_size` padded bytes; PieceError if impossible.

    No pieces at all means a sector of zeros.
    """
    placed = _with_padding(sector_size, pieces)
    unpadded_sector = sector_size - sector_size // _PADDED_CHUNK
    if len(placed) > unpadded_sector // _UNPADDED_CHUNK:
        raise PieceError(f"{len(placed)} pieces are too many for a sector of {sector_size} bytes")
    if sum(size for size, _ in placed) > sector_size:
        raise PieceError(f"the pieces are larger than a sector of {sector_size} bytes")
    root = joined(placed)
    return Cid.of_digest(root, FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)


@cache
def zero_commitment(size: int) -> bytes:
    """Return the commitment to `size` padded bytes of zeros, a power of two from 32 up."""
    if size == _NODE_LENGTH:
        return bytes(_NODE_LENGTH)
    below = zero_commitment(size // 2)
    return _parent(below, below)


def joined(placed: Sequence[tuple[int, bytes]]) -> bytes:
    """Return the root over pieces side by side, each a padded size and a commitment.

    Equal neighbours are joined as soon as they meet; zeros fill the end up to a power of two.
    PieceError where a size is not one.
    """
    stack: list[tuple[int, bytes]] = []
    for size, commitment in placed:
        if size.bit_count() != 1:
            raise PieceError(f"piece size {size} is not a power of two")
        while stack and stack[-1][0] < size:
            _push(stack, stack[-1][0], zero_commitment(stack[-1][0]))
        _push(stack, size, commitment)
    while len(stack) > 1:
        _push(stack, stack[-1][0], zero_commitment(stack[-1][0]))
    return stack[0][1]


def _with_padding(sector_size: int, pieces: Sequence[PieceInfo]) -> list[tuple[int, bytes]]:
    """Return sizes and commitments of the pieces and the zeros that align them."""
    placed: list[tuple[int, bytes]] = []
    filled = 0
    for piece in pieces:
        if piece.size == 0:
            raise PieceError("a piece of no bytes")
        filled = _pad_to(placed, filled, piece.size)
        placed.append((_round_trip(piece.size), _commitment(piece.cid)))
        filled = (filled + piece.size) % _U64
    if placed:
        _pad_to(placed, filled, sector_size)
        return placed
    return [(sector_size, zero_commitment(sector_size))]


def _pad_to(placed: list[tuple[int, bytes]], filled: int, alignment: int) -> int:
    """Add the zeros that bring `filled` to a multiple of `alignment`, smallest first."""
    missing = (-filled % _U64) % alignment
    while missing:
        size = missing & -missing
        if not _SMALLEST_ZERO_PIECE <= size <= _LARGEST_ZERO_PIECE:
            raise PieceError(f"no zero piece of {size} bytes to pad with")
        placed.append((size, zero_commitment(size)))
        missing ^= size
        filled = (filled + size) % _U64
    return filled


def _push(stack: list[tuple[int, bytes]], size: int, commitment: bytes) -> None:
    while stack and stack[-1][0] == size:
        commitment = _parent(stack.pop()[1], commitment)
        size *= 2
    stack.append((size, commitment))


def _parent(left: bytes, right: bytes) -> bytes:
    digest = sha256(left + right).digest()
    return digest[:-1] + bytes((digest[-1] & _FR_MASK,))


def _round_trip(padded: int) -> int:
    """Return the size as the proving library sees it, which counts unpadded bytes."""
    unpadded = padded - padded // _PADDED_CHUNK
    return unpadded + unpadded // _UNPADDED_CHUNK


def _commitment(cid: Cid) -> bytes:
    is_piece = (
        cid.codec == FIL_COMMITMENT_UNSEALED
        and cid.hash_code == SHA2_256_TRUNC254_PADDED
        and len(cid.digest) == _NODE_LENGTH
    )
    if not is_piece:
        raise PieceError(f"{cid} is not a commitment to unsealed data")
    return cid.digest
