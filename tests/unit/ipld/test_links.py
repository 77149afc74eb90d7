"""The link scan: what it counts, finds and refuses, as ref-fvm's does."""

import pytest

from papyrus.ipld.cid import (
    BLAKE2B_256,
    CBOR,
    DAG_CBOR,
    DAG_PB,
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    IDENTITY,
    POSEIDON_BLS12_381_A2_FC1,
    RAW,
    SHA2_256,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.ipld.dag_cbor import encode
from papyrus.ipld.links import LinkError, Scan, cids_in, scan, scan_exactly
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.exit_codes import ErrorNumber

TARGET = Cid.of(b"foobar", RAW)
STATE = Cid.of(b"\x80")
UNSEALED = Cid.of_digest(bytes(32), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)
SEALED = Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)


def _inline(data, codec=DAG_CBOR):
    return Cid.of_digest(data, codec, IDENTITY)


def _link(binary):
    """Return a link over bytes that need not be a CID, under a head of the least size."""
    length = len(binary)
    head = bytes([0x40 | length]) if length < 24 else bytes([0x58, length])
    return b"\xd8\x2a" + head + binary


@pytest.mark.parametrize(
    ("value", "fields", "cids", "links"),
    [
        ([0, TARGET, 1], 4, 1, (TARGET,)),
        ([STATE, STATE], 3, 2, (STATE, STATE)),
        ({"a": STATE, "b": {}}, 5, 1, (STATE,)),
        ([0, _inline(encode([0, TARGET, 1])), 1], 8, 2, (TARGET,)),
        ([_inline(encode(STATE), CBOR), _inline(b"\xff", RAW)], 3, 2, ()),
        ([Cid.of(b"", FIL_COMMITMENT_UNSEALED), 1], 3, 1, ()),
        ([Cid.of_digest(bytes(5), 0xF102, 0x99)], 2, 1, ()),
        ([UNSEALED, TARGET, SEALED, 1], 5, 3, (TARGET,)),
        ([b"x" * 300, b"y" * 30, "é" * 200, list(range(300)), None, 2**40, -(2**40)], 308, 0, ()),
        ([], 1, 0, ()),
    ],
)
def test_dag_cbor_is_counted_and_followed(value, fields, cids, links):
    assert scan(DAG_CBOR, encode(value)) == Scan(fields, cids, links)
    assert scan_exactly(encode(value)) == Scan(fields, cids, links)


def test_only_dag_cbor_is_looked_into():
    data = encode([STATE])
    assert scan(RAW, data) == scan(CBOR, data) == scan(RAW, b"\xff") == Scan(0, 0, ())


def test_long_blocks_are_scanned_too():
    data = encode([STATE] * 500)
    assert scan(DAG_CBOR, data) == Scan(501, 500, (STATE,) * 500)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ("1800", 1),
        ("190000", 1),
        ("fb0000000000000000", 1),
        ("f7", 1),
        ("f800", 1),
        ("61ff", 1),
        ("c100", 2),
        ("d9ffff c1 80", 3),
        ("a2 00 01 00 01", 5),
        ("a1 80 a0", 3),
        ("9b0000000000000001 00", 2),
        ("5b0000000000000001 00", 1),
        ("81" * 300 + "80", 301),
    ],
)
def test_scan_is_laxer_than_dag_cbor(data, fields):
    assert scan(DAG_CBOR, bytes.fromhex(data)) == Scan(fields, 0, ())


@pytest.mark.parametrize(
    ("data", "number", "fields", "cids"),
    [
        ("", ErrorNumber.SERIALIZATION, 1, 0),
        ("8100 00", ErrorNumber.SERIALIZATION, 2, 0),
        ("0081", ErrorNumber.SERIALIZATION, 1, 0),
        ("8200", ErrorNumber.SERIALIZATION, 3, 0),
        ("19ff", ErrorNumber.SERIALIZATION, 1, 0),
        ("42ff", ErrorNumber.SERIALIZATION, 1, 0),
        ("1c", ErrorNumber.SERIALIZATION, 1, 0),
        ("5f4100ff", ErrorNumber.SERIALIZATION, 1, 0),
        ("9fff", ErrorNumber.SERIALIZATION, 1, 0),
        ("8200ff", ErrorNumber.SERIALIZATION, 3, 0),
        ("9affffffff", ErrorNumber.SERIALIZATION, 2, 0),
        ("9bffffffffffffffff", ErrorNumber.SERIALIZATION, 2, 0),
        ("829bffffffffffffffff", ErrorNumber.SERIALIZATION, 2, 0),
        ("bb8000000000000000", ErrorNumber.SERIALIZATION, 1, 0),
        ("d82a00", ErrorNumber.SERIALIZATION, 1, 1),
        ("d82a6100", ErrorNumber.SERIALIZATION, 1, 1),
        ("d82a40", ErrorNumber.SERIALIZATION, 1, 1),
        ("d82a4101", ErrorNumber.SERIALIZATION, 1, 1),
        ("d82a4500", ErrorNumber.SERIALIZATION, 1, 1),
        (_link(b"\x00" + STATE[:-1]).hex(), ErrorNumber.SERIALIZATION, 1, 1),
        (_link(b"\x00" + STATE + b"\x00").hex(), ErrorNumber.SERIALIZATION, 1, 1),
        (_link(b"\x00\x01\x55\x00\x41" + bytes(65)).hex(), ErrorNumber.SERIALIZATION, 1, 1),
        ("82" + encode(STATE).hex() + "ff", ErrorNumber.SERIALIZATION, 3, 1),
        ("83" + encode([STATE, STATE]).hex() + "ff", ErrorNumber.SERIALIZATION, 5, 2),
        (encode([1, Cid.of(b"", DAG_PB)]).hex(), ErrorNumber.NOT_FOUND, 3, 1),
        (encode(Cid(b"\x12\x20" + bytes(32))).hex(), ErrorNumber.NOT_FOUND, 1, 1),
        (encode(Cid.of(b"", DAG_CBOR, SHA2_256)).hex(), ErrorNumber.NOT_FOUND, 1, 1),
        (encode(Cid.of_digest(bytes(31), RAW, BLAKE2B_256)).hex(), ErrorNumber.NOT_FOUND, 1, 1),
        (encode([_inline(b"\x00\x00"), 1]).hex(), ErrorNumber.SERIALIZATION, 3, 1),
        (encode([_inline(b""), 1]).hex(), ErrorNumber.SERIALIZATION, 3, 1),
        (encode([_inline(b"", DAG_PB), 1]).hex(), ErrorNumber.NOT_FOUND, 2, 1),
        (encode([1, SEALED]).hex()[:-2], ErrorNumber.SERIALIZATION, 3, 1),
        (encode([1, UNSEALED]).hex()[:-2], ErrorNumber.SERIALIZATION, 3, 1),
    ],
)
def test_refused_block_says_why_and_what_was_counted(data, number, fields, cids):
    with pytest.raises(LinkError) as refused:
        scan(DAG_CBOR, bytes.fromhex(data))
    assert (refused.value.number, refused.value.fields, refused.value.cids) == (
        number,
        fields,
        cids,
    )


def test_other_codecs_are_refused():
    with pytest.raises(LinkError, match="codec 112 not allowed") as refused:
        scan(DAG_PB, b"")
    assert (refused.value.number, refused.value.fields) == (ErrorNumber.ILLEGAL_CODEC, 0)


def test_link_is_found_in_canonical_form_whatever_its_varints():
    wrapped = b"\x01" + bytes.fromhex("f1808080808080808002") + STATE[2:]
    assert scan(DAG_CBOR, _link(b"\x00" + wrapped)) == Scan(1, 1, (STATE,))


def test_every_cid_of_a_block_is_listed():
    piece = Cid.of(b"", FIL_COMMITMENT_UNSEALED)
    block = encode([STATE, {"a": piece}, b"x" * 300, "t", _inline(b"\x00")])
    assert cids_in(block) == [STATE, piece, _inline(b"\x00")]
    assert cids_in(encode([STATE, STATE])) == [STATE, STATE]
    assert cids_in(b"\xc1" + encode([TARGET]) + b"\xff") == [TARGET]


@pytest.mark.parametrize("data", [b"", b"\x82\x00", b"\x42\x00", b"\xd8\x2a\x00", b"\x9f\xff"])
def test_block_that_cannot_be_walked_has_no_list(data):
    with pytest.raises(DecodeError):
        cids_in(data)
