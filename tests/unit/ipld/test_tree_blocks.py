"""Cutting the blocks of trees into slots without decoding their values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.ipld import dag_cbor
from papyrus.ipld.bitmap_nodes import BitmapNode, path_of, top_shift
from papyrus.ipld.cid import Cid
from papyrus.ipld.tree_blocks import (
    ARRAY,
    BYTES,
    TEXT,
    UNSIGNED,
    head,
    item_end,
    read_bucket,
    read_bytes,
    read_head,
    read_link,
    read_values,
    whole,
    write_array,
    write_bucket,
    write_bytes,
    write_link,
)
from papyrus.primitives.errors import DecodeError

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.binary(max_size=300),
    st.text(max_size=30),
    st.binary(max_size=40).map(Cid.of),
    st.binary(max_size=30).map(lambda data: Cid.of(data, hash_code=0)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=30), st.dictionaries(st.text(max_size=3), inner, max_size=30)
    ),
    max_leaves=60,
)


@given(VALUES, st.binary(max_size=3), st.binary(max_size=3))
def test_item_ends_where_its_encoding_does(value, before, after):
    encoded = dag_cbor.encode(value)
    assert item_end(before + encoded + after, len(before)) == len(before) + len(encoded)


@given(VALUES, st.integers(1, 1000))
def test_item_that_is_cut_short_is_refused(value, missing):
    encoded = dag_cbor.encode(value)
    cut = encoded[: max(len(encoded) - missing, 0)]
    with pytest.raises(DecodeError):
        whole(cut, lambda data: (None, item_end(data, 0)))


@given(st.binary(max_size=40))
def test_any_bytes_have_an_end_or_are_refused(data):
    try:
        end = item_end(data, 0)
    except (DecodeError, IndexError):
        return
    assert end > 0


@pytest.mark.parametrize(
    "data", ["c1", "e0", "f7", "f93c00", "fb0000000000000000", "5f41004100ff", "9fff", "1c", "3f"]
)
def test_what_no_value_begins_with_is_refused(data):
    with pytest.raises(DecodeError):
        item_end(bytes.fromhex(data), 0)


@pytest.mark.parametrize(
    "argument", [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1]
)
@pytest.mark.parametrize("major", [UNSIGNED, BYTES, TEXT, ARRAY])
def test_head_is_read_back(major, argument):
    written = head(major, argument)
    assert read_head(b"." + written + b".", 1, major) == (argument, 1 + len(written))
    with pytest.raises(DecodeError, match="another type"):
        read_head(written, 0, major ^ 1)


@pytest.mark.parametrize("data", ["1800", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff"])
def test_head_that_is_not_minimal_is_refused(data):
    with pytest.raises(DecodeError, match="not minimal"):
        read_head(bytes.fromhex(data), 0, UNSIGNED)


def test_pieces_are_what_the_codec_writes():
    link, long_link = Cid.of(b"data"), Cid.of(b"data" * 9, hash_code=0)
    for cid in (link, long_link):
        assert write_link(cid) == dag_cbor.encode(cid)
        assert read_link(write_link(cid), 0) == (cid, len(write_link(cid)))
    for size in (0, 1, 23, 24, 255, 256, 70000):
        assert write_bytes(bytes(size)) == dag_cbor.encode(bytes(size))
        assert read_bytes(write_bytes(bytes(size)), 0)[0] == bytes(size)
    values = [1, "a", [b"", None], {"k": link}]
    array = write_array([dag_cbor.encode(value) for value in values])
    assert array == dag_cbor.encode(values)
    assert [dag_cbor.decode(value) for value in read_values(array, 0)[0]] == values
    bucket = [[b"a", dag_cbor.encode(1)], [b"b" * 30, dag_cbor.encode([])]]
    written = write_bucket(bucket)
    assert written == dag_cbor.encode([[b"a", 1], [b"b" * 30, []]])
    assert read_bucket(written, 0, 2) == (bucket, len(written))


def test_array_longer_than_its_block_is_refused_at_once():
    with pytest.raises(DecodeError, match="cut short"):
        whole(head(ARRAY, 2**63) + b"\0\0", lambda data: read_values(data, 0))
    with pytest.raises(DecodeError, match="cut short"):
        whole(head(BYTES, 2**63) + b"\0\0", lambda data: read_bytes(data, 0))


def test_path_names_a_slot_of_each_level_and_the_last_has_what_is_left():
    digest = bytes([0b10001000, 0b10101010]) + bytes(29) + b"\1"
    for bit_width in range(1, 9):
        bits = "".join(f"{byte:08b}" for byte in digest)
        chunks = [bits[at : at + bit_width] for at in range(0, 256, bit_width)]
        shift, path = top_shift(bit_width), path_of(digest, bit_width)
        assert shift == len(chunks) * bit_width
        mask = (1 << bit_width) - 1
        slots = [path >> place & mask for place in reversed(range(0, shift, bit_width))]
        assert slots == [int(chunk, 2) for chunk in chunks]


def test_node_keeps_its_slots_in_order():
    node = BitmapNode(0, [])
    for index in (5, 0, 31, 7):
        node.insert(index, str(index))
    assert node.items == ["0", "5", "7", "31"]
    node.remove(5)
    assert node.slots() == {0: "0", 7: "7", 31: "31"}
    assert node.bits == 1 | 1 << 7 | 1 << 31
