"""Properties of CIDs, DAG-CBOR, records, the link scan and CAR files over generated data."""

import io
from contextlib import suppress

import cbor2
from hypothesis import example, given
from hypothesis import strategies as st

from papyrus.ipld import dag_cbor, lenient
from papyrus.ipld.car import CarReader, write_car
from papyrus.ipld.car_index import read_index, write_car_v2
from papyrus.ipld.cid import (
    BLAKE2B_256,
    CBOR,
    DAG_CBOR,
    FIL_COMMITMENT_SEALED,
    IDENTITY,
    RAW,
    SHA2_256,
    Cid,
    read,
)
from papyrus.ipld.links import LinkError, cids_in, scan_dag_cbor, scan_exactly
from papyrus.ipld.schema import I64, U8, U64
from papyrus.ipld.tuples import Reading, Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError


@cbor_tuple
class Part(Record):
    """A record for the fields of another."""

    number: U8
    name: str


@cbor_tuple
class Whole(Record):
    """A record with every kind of field."""

    flag: bool
    count: U64
    epoch: I64
    data: bytes
    link: Cid
    owner: Address
    amount: TokenAmount
    sectors: BitField
    part: Part | None
    parts: tuple[Part, ...]
    named: dict[str, U64]


CHAIN_CIDS = st.binary(max_size=8).map(Cid.of)
CIDS = st.one_of(
    CHAIN_CIDS,
    st.builds(
        Cid.of_digest,
        st.binary(max_size=64),
        st.sampled_from([RAW, CBOR, DAG_CBOR, FIL_COMMITMENT_SEALED, 0x70, 2**64 - 1]),
        st.sampled_from([IDENTITY, SHA2_256, BLAKE2B_256, 2**63]),
    ),
    st.binary(min_size=32, max_size=32).map(lambda digest: Cid(b"\x12\x20" + digest)),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.sampled_from([23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32]),
    st.binary(max_size=40),
    st.text(max_size=40),
    CIDS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)
PARTS = st.builds(Part, st.integers(0, 255), st.text(max_size=5))
WHOLES = st.builds(
    Whole,
    st.booleans(),
    st.integers(0, 2**64 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=30),
    CIDS,
    st.integers(0, 2**63 - 1).map(Address.from_id),
    st.integers(-(10**30), 10**30).map(TokenAmount),
    st.sets(st.integers(0, 100), max_size=9).map(BitField.from_bits),
    st.none() | PARTS,
    st.lists(PARTS, max_size=3).map(tuple),
    st.dictionaries(st.text(max_size=3), st.integers(0, 2**64 - 1), max_size=3),
)


@st.composite
def spoiled(draw, encodings):
    """Give an encoding with a few bytes replaced, removed or added."""
    data = bytearray(draw(encodings))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["replace", "remove", "insert", "cut"])):
            case "replace":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "remove":
                del data[at : at + 1]
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=3))
            case _:
                del data[at:]
    return bytes(data)


ENCODINGS = VALUES.map(dag_cbor.encode)


def _oracle(data):
    """Decode with cbor2, and refuse what its canonical encoding does not give back."""

    def refuse(_encoder, value):
        raise TypeError(value)

    def refuse_tag(_value, _immutable):
        raise TypeError

    def link(value, _immutable):
        if value[:1] != b"\x00":
            raise TypeError
        return Cid.from_bytes(value[1:])

    def dump(encoder, value):
        encoder.encode_semantic(42, b"\x00" + value)

    def check_keys(encoder, value):
        if not all(isinstance(key, str) for key in value):
            raise TypeError
        encoder.encode_map(value)

    kinds = (float, cbor2.CBORTag, cbor2.CBORSimpleValue, type(cbor2.undefined))
    value = cbor2.loads(
        data,
        semantic_decoders=dict.fromkeys((*range(1, 42), *range(43, 70000)), refuse_tag)
        | {42: link},
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    again = cbor2.dumps(
        value,
        canonical=True,
        encoders=dict.fromkeys(kinds, refuse) | {Cid: dump, dict: check_keys},
    )
    if again != data:
        raise TypeError
    return value


@given(VALUES)
def test_value_survives_encoding(value):
    data = dag_cbor.encode(value)
    assert dag_cbor.decode(data) == value
    assert dag_cbor.encode(dag_cbor.decode(data)) == data


@given(st.one_of(spoiled(ENCODINGS), st.binary(max_size=40)))
@example(bytes.fromhex("c000"))
@example(bytes.fromhex("d82a450001550000"))
@example(bytes.fromhex("fb3ff0000000000000"))
def test_decoder_accepts_what_another_decoder_finds_canonical(data):
    try:
        value = dag_cbor.decode(data)
    except DecodeError:
        try:
            expected = _oracle(data)
        except (cbor2.CBORError, DecodeError, TypeError, ValueError, OverflowError):
            return
        raise AssertionError(expected) from None
    assert _oracle(data) == value
    assert dag_cbor.encode(value) == data


@given(st.lists(st.binary(max_size=4), max_size=5))
def test_text_of_any_bytes_survives_lenient_decoding(texts):
    data = bytes([0x80 | len(texts)]) + b"".join(bytes([0x60 | len(t)]) + t for t in texts)
    assert dag_cbor.encode(dag_cbor.decode(data, lenient_text=True), lenient_text=True) == data


@given(CIDS)
def test_cid_survives_its_text_and_its_bytes(cid):
    assert Cid.from_string(str(cid)) == cid
    assert Cid.from_bytes(bytes(cid)) == cid
    assert read(cid + b"tail") == (cid, len(cid))
    if cid.version == 1:
        assert Cid.of_digest(cid.digest, cid.codec, cid.hash_code) == cid


@given(spoiled(CIDS))
def test_cid_reader_gives_a_canonical_cid_or_an_error(data):
    with suppress(DecodeError):
        cid = Cid.from_bytes(data)
        assert Cid.from_string(str(cid)) == data
    with suppress(DecodeError):
        cid, end = read(data)
        assert end <= len(data)
        assert Cid.from_bytes(cid) == cid


@given(st.text(max_size=60))
def test_cid_text_reader_raises_nothing_else(text):
    with suppress(DecodeError):
        assert str(Cid.from_string(text)) == text or text.startswith("z")


@given(WHOLES)
def test_record_survives_encoding(whole):
    data = whole.to_cbor()
    assert Whole.from_cbor(data) == whole
    assert Whole.from_cbor(data, reading=Reading.LENIENT) == whole
    assert Whole.from_cbor(data).to_cbor() == data


@given(st.one_of(spoiled(WHOLES.map(Whole.to_cbor)), spoiled(PARTS.map(Part.to_cbor))))
def test_lenient_reading_takes_at_least_what_strict_reading_takes(data):
    for record in (Whole, Part):
        try:
            strict = record.from_cbor(data)
        except DecodeError:
            with suppress(DecodeError):
                record.from_cbor(data, reading=Reading.LENIENT).to_cbor()
        else:
            assert record.from_cbor(data, reading=Reading.LENIENT) == strict


@given(st.one_of(spoiled(WHOLES.map(Whole.to_cbor)), st.binary(max_size=60)))
def test_lenient_reader_raises_nothing_else(data):
    for read_one in (lenient.byte_string, lenient.text, lenient.link, lenient.signed(64)):
        with suppress(DecodeError):
            lenient.read_all(read_one, data)


def _outcome(scan, data):
    try:
        return scan(data)
    except LinkError as error:
        return error.number, error.fields, error.cids


@given(st.one_of(ENCODINGS, spoiled(ENCODINGS), st.binary(max_size=40)))
def test_quick_scan_agrees_with_the_exact_one(data):
    assert _outcome(scan_dag_cbor, data) == _outcome(scan_exactly, data)


@given(st.lists(st.lists(CHAIN_CIDS | st.integers(0, 2**64 - 1), max_size=40), max_size=30))
def test_scan_finds_every_link_to_state(value):
    data = dag_cbor.encode(value)
    links = [item for inner in value for item in inner if isinstance(item, Cid)]
    found = scan_dag_cbor(data)
    assert list(found.links) == links == cids_in(data)
    assert (found.fields, found.cids) == (1 + len(value) + sum(map(len, value)), len(links))


@given(st.one_of(spoiled(ENCODINGS), st.binary(max_size=40)))
def test_listing_cids_raises_nothing_else(data):
    with suppress(DecodeError):
        cids_in(data)


BLOCKS = st.lists(
    st.tuples(st.binary(max_size=200), st.sampled_from([RAW, DAG_CBOR])).map(
        lambda pair: (Cid.of(*pair), pair[0])
    ),
    max_size=10,
)


@given(st.lists(CIDS, max_size=3), BLOCKS)
def test_car_of_either_version_reads_back(roots, blocks):
    stream = io.BytesIO()
    written = write_car(stream, roots, blocks)
    reader = CarReader(io.BytesIO(stream.getvalue()))
    assert (list(reader.roots), list(reader)) == (roots, blocks)

    stream = io.BytesIO()
    write_car_v2(stream, roots, blocks)
    stream.seek(0)
    reader = CarReader(stream)
    assert (list(reader.roots), list(reader)) == (roots, blocks)
    stream.seek(reader.v2.index_offset)
    assert sorted((entry.digest, entry.offset) for entry in read_index(stream)) == sorted(
        (cid.digest, offset) for cid, offset in written
    )


@st.composite
def car_files(draw):
    stream = io.BytesIO()
    write = draw(st.sampled_from([write_car, write_car_v2]))
    write(stream, draw(st.lists(CIDS, max_size=2)), draw(BLOCKS))
    return stream.getvalue()


@given(spoiled(car_files()), st.booleans())
def test_car_readers_raise_nothing_else(data, verify):
    with suppress(DecodeError):
        list(CarReader(io.BytesIO(data), verify=verify))
    with suppress(DecodeError):
        list(read_index(io.BytesIO(data)))
