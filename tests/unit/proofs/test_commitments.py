"""Sector commitments from piece commitments."""

import json
from hashlib import sha256

import pytest

from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, RAW, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.proofs.commitments import PieceError, unsealed_sector_cid, zero_commitment
from papyrus.proofs.statements import PieceInfo

KIB = 1 << 10


def piece(size, digest=bytes(31) + b"\x01"):
    return PieceInfo(size, Cid.of_digest(digest, FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED))


def test_zeros_of_128_bytes_have_the_known_commitment():
    expected = "3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333"
    assert zero_commitment(128).hex() == expected


def test_a_sector_of_zeros_is_its_own_zero_commitment():
    cid = unsealed_sector_cid(2 * KIB, [])
    assert str(cid) == "baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy"
    assert cid.digest == zero_commitment(2 * KIB)


def test_one_piece_of_the_whole_sector_is_the_sector():
    assert unsealed_sector_cid(2 * KIB, [piece(2 * KIB)]) == piece(2 * KIB).cid


def test_zero_pieces_anywhere_make_a_sector_of_zeros():
    zeros = [piece(size, zero_commitment(size)) for size in (128, 512, 256, 1024)]
    assert unsealed_sector_cid(4 * KIB, zeros).digest == zero_commitment(4 * KIB)


def test_pieces_keep_their_order_and_alignment():
    small, large = piece(128), piece(512, b"\x07" + bytes(31))
    padded = [small, *(piece(size, zero_commitment(size)) for size in (128, 256)), large]
    assert unsealed_sector_cid(2 * KIB, [small, large]) == unsealed_sector_cid(2 * KIB, padded)
    assert unsealed_sector_cid(2 * KIB, [large, small]) != unsealed_sector_cid(2 * KIB, padded)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([piece(4 * KIB)], id="larger than the sector"),
        pytest.param([piece(2 * KIB), piece(128)], id="more than the sector holds"),
        pytest.param([piece(384)], id="not a power of two"),
        pytest.param([piece(0)], id="empty"),
        pytest.param([piece(64)], id="needs padding smaller than any zero piece"),
        pytest.param([piece(64)] * 32, id="more than the sector has chunks"),
        pytest.param([PieceInfo(128, Cid.of(b"", RAW))], id="not a commitment"),
        pytest.param([piece(2**63), piece(2**63)], id="sizes that overflow"),
    ],
)
def test_pieces_that_do_not_fit_are_refused(pieces):
    with pytest.raises(PieceError):
        unsealed_sector_cid(2 * KIB, pieces)


def test_pieces_of_data_commit_to_the_data(shared):
    """The published commitments of data, from the chunks of 127 bytes it consists of."""
    vectors = json.loads((shared / "reference" / "data" / "commp_vectors.json").read_text())
    assert len(vectors) > 10
    for vector in vectors:
        if vector["len"] > 100_000:
            continue
        data = bytes((7 * i + i // 251) % 256 for i in range(vector["len"]))
        size = vector["paddedPieceSize"]
        data = data.ljust(size // 128 * 127, b"\0")
        chunks = [commitment(data[at : at + 127]) for at in range(0, len(data), 127)]
        assert str(unsealed_sector_cid(size, chunks)) == vector["pieceCidV1"]


def commitment(chunk):
    """Return the piece that 127 bytes are: four numbers of 254 bits, each in 32 bytes."""
    number = int.from_bytes(chunk, "little")
    nodes = [(number >> 254 * place & (1 << 254) - 1).to_bytes(32, "little") for place in range(4)]
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=True)
        hashed = [sha256(left + right).digest() for left, right in pairs]
        nodes = [digest[:31] + bytes((digest[31] & 0x3F,)) for digest in hashed]
    return piece(128, nodes[0])
