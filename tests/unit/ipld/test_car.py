"""CAR files: reading both versions from any stream, writing, and what broken files say."""

import io

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.car import V2_PRAGMA, CarReader, Section, V2Header, verify_block, write_car
from papyrus.ipld.car_index import write_car_v2
from papyrus.ipld.cid import BLAKE2B_256, IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import DecodeError

BLOCKS = [
    (Cid.of(b"\x80"), b"\x80"),
    (Cid.of(b"foo", RAW, SHA2_256), b"foo"),
    (Cid.of(b"bar", RAW, BLAKE2B_256), b"bar"),
    (Cid.of(b"in", RAW, IDENTITY), b"in"),
    (Cid.of(b"x" * 300, RAW), b"x" * 300),
    (Cid.of(b""), b""),
]
ROOTS = (BLOCKS[0][0], BLOCKS[1][0])


class Trickle(io.RawIOBase):
    """A stream that cannot seek and gives seven bytes at a time, as a decompressor might."""

    def __init__(self, data):
        super().__init__()
        self._inner = io.BytesIO(data)

    def readable(self):
        return True

    def read(self, size=-1):
        return self._inner.read(min(size, 7))


@pytest.fixture
def version_1():
    stream = io.BytesIO()
    write_car(stream, ROOTS, BLOCKS)
    return stream.getvalue()


@pytest.fixture
def version_2():
    stream = io.BytesIO()
    write_car_v2(stream, ROOTS, BLOCKS)
    return stream.getvalue()


def _read(data):
    return list(CarReader(io.BytesIO(data)))


def test_header_of_version_1_is_a_map_of_roots_and_version(version_1):
    header = dag_cbor.encode({"roots": list(ROOTS), "version": 1})
    assert version_1.startswith(bytes([len(header)]) + header)


@pytest.mark.parametrize("stream", [io.BytesIO, Trickle])
def test_version_1_reads_back(version_1, stream):
    reader = CarReader(stream(version_1))
    assert (reader.version, reader.roots, reader.v2) == (1, ROOTS, None)
    assert list(reader) == BLOCKS
    assert list(reader) == []


@pytest.mark.parametrize("stream", [io.BytesIO, Trickle])
def test_version_2_reads_back(version_1, version_2, stream):
    reader = CarReader(stream(version_2))
    size = len(version_1)
    assert (reader.version, reader.roots) == (2, ROOTS)
    assert reader.v2 == V2Header(bytes(16), 51, size, 51 + size)
    assert list(reader) == BLOCKS
    assert version_2[51 : 51 + size] == version_1


def test_sections_say_where_they_lie(version_1, version_2):
    for data, start in ((version_1, 0), (version_2, 51)):
        for section in CarReader(io.BytesIO(data)).sections():
            end = section.data_offset + len(section.data)
            assert data[section.data_offset : end] == section.data
            length = len(section.cid) + len(section.data)
            head = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
            at = start + section.offset
            assert data.startswith(head + section.cid + section.data, at)


def test_writing_tells_the_offsets(version_1):
    sections = list(CarReader(io.BytesIO(version_1)).sections())
    assert write_car(io.BytesIO(), ROOTS, BLOCKS) == [
        (section.cid, section.offset) for section in sections
    ]
    assert isinstance(sections[0], Section)


def test_payload_may_be_padded_and_have_no_index(version_1):
    at = 51 + 100
    numbers = b"".join(number.to_bytes(8, "little") for number in (at, len(version_1), 0))
    data = V2_PRAGMA + bytes(16) + numbers + bytes(100) + version_1 + b"anything"
    reader = CarReader(io.BytesIO(data))
    assert reader.v2 == V2Header(bytes(16), at, len(version_1), 0)
    assert list(reader) == BLOCKS


def test_no_roots_and_no_blocks_are_a_file():
    stream = io.BytesIO()
    write_car(stream, [], [])
    reader = CarReader(io.BytesIO(stream.getvalue()))
    assert (reader.roots, list(reader)) == ((), [])


def test_block_that_its_cid_does_not_name_is_refused(version_1):
    at = version_1.rindex(b"bar")
    broken = version_1[:at] + b"baz" + version_1[at + 3 :]
    with pytest.raises(DecodeError, match=r"section at byte \d+: the block is not what baf"):
        _read(broken)
    trusting = CarReader(io.BytesIO(broken), verify=False)
    assert [data for _, data in trusting][2] == b"baz"


def test_hash_function_not_known_is_refused_only_when_verifying():
    cid = Cid.of_digest(bytes(32), RAW, 0xB401)
    stream = io.BytesIO()
    write_car(stream, [], [(cid, b"")])
    with pytest.raises(DecodeError, match="cannot be verified"):
        _read(stream.getvalue())
    assert list(CarReader(io.BytesIO(stream.getvalue()), verify=False)) == [(cid, b"")]


@pytest.mark.parametrize(("cid", "data"), BLOCKS)
def test_blocks_are_verified_by_their_own_hash(cid, data):
    assert verify_block(cid, data)
    assert not verify_block(cid, data + b"!")


def test_file_cut_anywhere_is_refused_or_ends_between_sections(version_1):
    sections = list(CarReader(io.BytesIO(version_1)).sections())
    ends = {section.offset for section in sections} | {len(version_1)}
    for length in range(len(version_1)):
        if length in ends:
            assert _read(version_1[:length]) == BLOCKS[: sorted(ends).index(length)]
        else:
            with pytest.raises(DecodeError):
                _read(version_1[:length])


def test_version_2_cut_before_the_end_of_its_payload_is_refused(version_1, version_2):
    for length in range(51 + len(version_1)):
        with pytest.raises(DecodeError):
            _read(version_2[:length])


def _header(value):
    raw = dag_cbor.encode(value)
    return bytes([len(raw)]) + raw


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut short: 1 bytes wanted at byte 0"),
        (b"\x00", "header at byte 0 has length 0"),
        (b"\xff\xff\xff\xff\x7f", "header at byte 0 has length 34359738367, 1 to 1048576 allowed"),
        (b"\x81\x00", "header at byte 0: varint is not in its shortest form"),
        (b"\xff" * 11, "header at byte 0: varint"),
        (b"\x01\xff", "header at byte 0: not CBOR"),
        (_header([]), "not a map"),
        (_header({}), "version None"),
        (_header({"version": 1}), "version 1 with fields version"),
        (_header({"version": True, "roots": []}), "version True"),
        (_header({"version": 3, "roots": []}), "version 3"),
        (_header({"version": 2, "roots": []}), "version 2 with fields roots, version"),
        (_header({"version": 1, "roots": [], "more": 0}), "fields more, roots, version"),
        (_header({"version": 1, "roots": {}}), "roots are not a list of links"),
        (_header({"version": 1, "roots": [b""]}), "roots are not a list of links"),
        (_header({"version": 1, "roots": []}) + b"\x00", "section at byte 18 has length 0"),
        (
            _header({"version": 1, "roots": []}) + b"\x81\x80\x80\x04",
            "section at byte 18 has length 8388609",
        ),
        (_header({"version": 1, "roots": []}) + b"\x02\x01\x55", "section at byte 18: varint"),
        (
            _header({"version": 1, "roots": []})
            + bytes.fromhex("0d01d5808080808080808002" + "0000"),
            "section at byte 18: CID holds a varint above 64 bits",
        ),
        (V2_PRAGMA, "cut short: 40 bytes wanted at byte 11"),
        (V2_PRAGMA + bytes(40), "puts parts of the file in one place"),
        (V2_PRAGMA + bytes(16) + b"\x33" + bytes(23), "payload ends at byte 51"),
        (
            V2_PRAGMA + bytes(16) + b"\x33" + bytes(7) + b"\x20" + bytes(7) + b"\x34" + bytes(7),
            "puts parts of the file in one place",
        ),
        (V2_PRAGMA + bytes(16) + b"\x33" + bytes(7) + b"\x20" + bytes(15), "cut short: 1 bytes"),
        (
            V2_PRAGMA + bytes(16) + b"\x33" + bytes(7) + b"\x0b" + bytes(15) + V2_PRAGMA,
            "payload has version 2",
        ),
        (V2_PRAGMA + bytes(16) + b"\xff" * 8 + bytes(16), "cut short"),
    ],
)
def test_broken_file_says_where(data, message):
    with pytest.raises(DecodeError, match=message):
        _read(data)


def test_section_length_is_bounded_by_the_caller(version_1):
    reader = CarReader(io.BytesIO(version_1), max_section_length=100)
    with pytest.raises(DecodeError, match="1 to 100 allowed"):
        list(reader)


def test_sections_of_any_length_are_read_wherever_a_chunk_ends():
    lengths = [0, 1, 89, 90, 91, 127, 128, 16_345, 16_346, 16_347, 70_000]
    blocks = [(Cid.of(data, RAW), data) for data in map(bytes, lengths * 2)]
    for write in (write_car, write_car_v2):
        stream = io.BytesIO()
        write(stream, ROOTS, blocks)
        for source in (io.BytesIO(stream.getvalue()), Trickle(stream.getvalue())):
            assert list(CarReader(source)) == blocks


@pytest.mark.parametrize("length", [b"\x80\x00", b"\xff\x00", b"\x80\x80\x00"])
def test_section_length_is_in_its_shortest_form(version_1, length):
    with pytest.raises(DecodeError, match="shortest form"):
        _read(version_1 + length + bytes(200))


def test_long_section_is_given_in_pieces_and_the_next_follows():
    data = bytes(range(256)) * (40 << 10)
    named = Cid.of(data, RAW)
    stream = io.BytesIO()
    write_car(stream, ROOTS, [BLOCKS[0], (named, data), (BLOCKS[1]), BLOCKS[2]])
    reader = CarReader(io.BytesIO(stream.getvalue()))
    assert next(iter(reader)) == BLOCKS[0]
    cid, pieces = reader.long_section()
    assert cid == named
    found = list(pieces)
    assert max(map(len, found)) <= 1 << 20
    assert b"".join(found) == data
    cid, pieces = reader.long_section()
    assert (cid, b"".join(pieces)) == BLOCKS[1]
    assert list(reader) == [BLOCKS[2]]
    with pytest.raises(DecodeError, match="cut short"):
        reader.long_section()
    cut = CarReader(io.BytesIO(stream.getvalue()[:-5000]))
    next(iter(cut))
    with pytest.raises(DecodeError, match="cut short"):
        list(cut.long_section()[1])


def test_long_raw_data_is_passed_over_on_request() -> None:
    first, long, last = b"first", bytes(5000), b"last"
    blocks = [(Cid.of(data, RAW), data) for data in (first, long, last)]
    stream = io.BytesIO()
    write_car(stream, [], blocks)
    stream.seek(0)
    reader = CarReader(stream, max_section_length=1000, skip_long=True)
    assert list(reader) == [blocks[0], blocks[2]]


def test_long_blocks_that_are_not_raw_are_refused_on_request_too() -> None:
    data = dag_cbor.encode(bytes(5000))
    stream = io.BytesIO()
    write_car(stream, [], [(Cid.of(data), data)])
    stream.seek(0)
    with pytest.raises(DecodeError, match=r"has length 50\d\d, 1 to 1000 allowed"):
        list(CarReader(stream, max_section_length=1000, skip_long=True))
