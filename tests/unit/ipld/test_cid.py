"""CIDs: their binary and text forms, and what is refused."""

import hashlib

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
    read,
)
from papyrus.primitives.errors import DecodeError

FOO = "bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy"
"""The raw block "foo" under SHA2-256, as the documentation of the cid crate has it."""

EMPTY_DIRECTORY = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"
"""IPFS' empty directory, the four bytes below."""

EMPTY_DIRECTORY_BLOCK = bytes.fromhex("0a020801")


def test_raw_sha2_256_block_has_the_published_text():
    assert str(Cid.of(b"foo", RAW, SHA2_256)) == FOO
    assert Cid.from_string(FOO) == Cid.of(b"foo", RAW, SHA2_256)


def test_base58_text_is_read():
    """The example of the CID specification's decoding section."""
    cid = Cid.from_string("zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA")
    assert (cid.version, cid.codec, cid.hash_code) == (1, RAW, SHA2_256)
    assert cid.digest.hex() == "6e6ff7950a36187a801613426e858dce686cd7d7e3c0fc42ee0330072d245c95"


def test_version_0_is_a_bare_sha2_256_multihash():
    cid = Cid.from_string(EMPTY_DIRECTORY)
    assert cid == b"\x12\x20" + hashlib.sha256(EMPTY_DIRECTORY_BLOCK).digest()
    assert (cid.version, cid.codec, cid.hash_code) == (0, DAG_PB, SHA2_256)
    assert cid.digest == hashlib.sha256(EMPTY_DIRECTORY_BLOCK).digest()
    assert str(cid) == EMPTY_DIRECTORY
    assert Cid.from_bytes(bytes(cid)) == cid


def test_chain_cid_is_dag_cbor_under_blake2b_256():
    cid = Cid.of(b"\x80")
    assert cid.hex() == "0171a0e40220" + hashlib.blake2b(b"\x80", digest_size=32).hexdigest()
    assert (cid.version, cid.codec, cid.hash_code) == (1, DAG_CBOR, BLAKE2B_256)
    assert str(cid).startswith("bafy2bzace")
    assert repr(cid) == f"Cid({cid})"


def test_identity_cid_holds_its_block():
    cid = Cid.of(b"\x01\x02", CBOR, IDENTITY)
    assert cid == bytes.fromhex("015100020102")
    assert (cid.codec, cid.hash_code, cid.digest) == (CBOR, IDENTITY, b"\x01\x02")


def test_commitments_are_cids_of_their_own_codecs():
    unsealed = Cid.of_digest(bytes(32), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)
    sealed = Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)
    assert str(unsealed).startswith("baga6ea4seaq")
    assert str(sealed).startswith("bagboea4b5abc")
    assert (sealed.codec, sealed.hash_code, sealed.digest) == (
        FIL_COMMITMENT_SEALED,
        POSEIDON_BLS12_381_A2_FC1,
        bytes(32),
    )


def test_equal_cids_are_one_key():
    cid = Cid.of(b"\x80")
    assert {cid: 1}[Cid.from_string(str(cid))] == 1
    assert isinstance(cid, bytes)


def test_empty_cid_can_be_shown():
    assert repr(Cid()) == "Cid()"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("", "varint"),
        ("01", "varint"),
        ("0171a0e40220" + "11" * 31, "cut short"),
        ("0171a0e40220" + "11" * 33, "1 trailing"),
        ("0071a0e40220" + "11" * 32, "version 0"),
        ("0271a0e40220" + "11" * 32, "version 2"),
        ("8100710002aabb", "shortest form"),
        ("01f100a0e40220" + "11" * 32, "shortest form"),
        ("0155004100" + "11" * 64, "digest of 65 bytes"),
        ("0155008101" + "11" * 129, "digest of 129 bytes"),
        ("1220" + "11" * 31, "cut short"),
        ("1220" + "11" * 33, "1 trailing"),
        ("01f1808080808080808002000100", "above 64 bits"),
        ("01ffffffffffffffffffff01000100", "longer than 10 bytes"),
    ],
)
def test_malformed_bytes_are_refused(raw, message):
    with pytest.raises(DecodeError, match=message):
        Cid.from_bytes(bytes.fromhex(raw))


def test_digest_of_64_bytes_is_the_longest():
    raw = bytes.fromhex("01550040") + bytes(64)
    assert Cid.from_bytes(raw).digest == bytes(64)
    with pytest.raises(ValueError, match="over 64"):
        Cid.of(bytes(65), RAW, IDENTITY)


def test_read_drops_varint_bits_above_64_as_the_crate_does():
    raw = bytes.fromhex("01f1808080808080808002000100")
    cid, end = read(raw)
    assert (cid, end) == (bytes.fromhex("0171000100"), len(raw))


def test_read_stops_after_the_cid():
    assert read(b"..\x01\x55\x00\x01ab", 2) == (b"\x01\x55\x00\x01a", 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "f01551220",
        FOO.upper(),
        FOO[:-1],
        FOO + "=",
        FOO[:-1] + "z",
        FOO + "a",
        "b" + FOO[1:].replace("a", "1", 1),
        EMPTY_DIRECTORY[:-1],
        EMPTY_DIRECTORY[:-1] + "0",
        "z" + EMPTY_DIRECTORY,
        "z",
        "b" * 300,
        "bé",
    ],
)
def test_malformed_text_is_refused(text):
    with pytest.raises(DecodeError):
        Cid.from_string(text)


def test_unknown_hash_function_cannot_name_a_block():
    with pytest.raises(ValueError, match="no hash function"):
        Cid.of(b"", RAW, POSEIDON_BLS12_381_A2_FC1)
