"""The index of a version 2 CAR file: both formats, and what broken ones say."""

import io

import pytest

from papyrus.ipld.car import CarReader
from papyrus.ipld.car_index import (
    INDEX_SORTED,
    MULTIHASH_INDEX_SORTED,
    IndexEntry,
    read_index,
    write_car_v2,
    write_index,
)
from papyrus.ipld.cid import BLAKE2B_256, IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import DecodeError

SHORT = Cid.of_digest(b"\x07", RAW, SHA2_256)
EMPTY = bytes.fromhex("800800000000")


def test_index_is_grouped_by_hash_and_length_and_sorted():
    digests = [Cid.of_digest(bytes([n]) * 32, RAW, BLAKE2B_256) for n in (9, 3, 5)]
    stream = io.BytesIO()
    inline = Cid.of(b"x", RAW, IDENTITY)
    write_index(stream, [*zip(digests, (100, 200, 300), strict=True), (SHORT, 400), (inline, 500)])
    raw = stream.getvalue()
    assert raw.hex() == (
        "8108" + "02000000"
        "1200000000000000" + "01000000" + "09000000" + "0900000000000000"
        "07" + "9001000000000000"
        "20b2000000000000" + "01000000" + "28000000" + "7800000000000000"
        + "03" * 32 + "c800000000000000"
        + "05" * 32 + "2c01000000000000"
        + "09" * 32 + "6400000000000000"
    )  # fmt: skip
    assert list(read_index(io.BytesIO(raw))) == [
        IndexEntry(SHA2_256, b"\x07", 400),
        IndexEntry(BLAKE2B_256, b"\x03" * 32, 200),
        IndexEntry(BLAKE2B_256, b"\x05" * 32, 300),
        IndexEntry(BLAKE2B_256, b"\x09" * 32, 100),
    ]


def test_index_without_hash_codes_is_read():
    raw = bytes.fromhex("8008" + "01000000" + "09000000" + "1200000000000000")
    raw += b"\x07" + (400).to_bytes(8, "little") + b"\x08" + (5).to_bytes(8, "little")
    assert list(read_index(io.BytesIO(raw))) == [
        IndexEntry(None, b"\x07", 400),
        IndexEntry(None, b"\x08", 5),
    ]
    assert list(read_index(io.BytesIO(EMPTY))) == []


def test_index_of_a_file_finds_every_section():
    blocks = [(Cid.of(bytes([n]) * n, RAW), bytes([n]) * n) for n in range(1, 200)]
    stream = io.BytesIO()
    write_car_v2(stream, [blocks[0][0]], blocks)
    assert stream.tell() == len(stream.getvalue())
    stream.seek(0)
    reader = CarReader(stream)
    sections = {section.cid.digest: section.offset for section in reader.sections()}
    stream.seek(reader.v2.index_offset)
    entries = list(read_index(stream))
    assert {entry.digest: entry.offset for entry in entries} == sections
    assert entries == sorted(entries)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("", "cut short"),
        ("80", "cut short"),
        ("ff" * 10, "above|longer|exceeds"),
        ("8010", "codec 0x800"),
        ("8008", "cut short"),
        ("800801000000", "cut short"),
        ("8008ffffffff", "negative count"),
        ("81080100000012000000000000000100", "cut short"),
        ("8008" + "01000000" + "07000000" + "0700000000000000" + "00" * 7, "records of 7 bytes"),
        ("8008" + "01000000" + "00000000" + "0700000000000000", "records of 0 bytes"),
        ("8008" + "01000000" + "09000000" + "0800000000000000" + "00" * 8, "8 bytes of records"),
        ("8008" + "01000000" + "ffffffff" + "ffffffff00000000", "records of 4294967295 bytes"),
        ("8008" + "01000000" + "08000000" + "f8ffffffffffff7f", "cut short"),
    ],
)
def test_broken_index_is_refused(raw, message):
    with pytest.raises(DecodeError, match=message):
        list(read_index(io.BytesIO(bytes.fromhex(raw))))


def test_formats_have_the_registered_codes():
    assert (INDEX_SORTED, MULTIHASH_INDEX_SORTED) == (0x0400, 0x0401)
