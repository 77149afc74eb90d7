"""The first difference between two IPLD values."""

import pytest

from papyrus.conformance.values import describe, first_difference
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import RAW, Cid


@pytest.mark.parametrize(
    ("expected", "got", "difference"),
    [
        (1, 1, None),
        ([1, [2, b"\x03"]], [1, [2, b"\x03"]], None),
        (1, 2, ("", "1", "2")),
        (1, True, ("", "1", "True")),
        ([1, [2, b"\x03"]], [1, [2, b"\x04"]], ("[1][1]", "0x03", "0x04")),
        ([1], [1, 2], ("[1]", "nothing", "2")),
        ([1, 2], [1], ("[1]", "2", "nothing")),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, (".b", "2", "3")),
        ({"a": 1}, {}, (".a", "1", "nothing")),
        ([1], {"a": 1}, ("", "[1]", "{'a': 1}")),
        ([[1, 2], 3], [[1, 9], 4], ("[0][1]", "2", "9")),
    ],
)
def test_the_first_difference_is_found(expected, got, difference):
    assert first_difference(expected, got, MemoryBlockstore()) == difference


def test_links_are_followed_where_both_blocks_are_there():
    store = MemoryBlockstore()
    deep = [put_cbor(store, [7, number]) for number in (1, 2)]
    left, right = (put_cbor(store, [b"same", link]) for link in deep)
    assert first_difference([left], [right], store) == ("[0]/[1]/[1]", "1", "2")


def test_links_stay_links_where_a_block_is_missing_or_opaque():
    store = MemoryBlockstore()
    here = put_cbor(store, [1])
    away = Cid.of(b"\x81\x02")
    assert first_difference(here, away, store) == ("", str(here), str(away))
    raw = [Cid.of(data, RAW) for data in (b"a", b"b")]
    assert first_difference(raw[0], raw[1], store) == ("", str(raw[0]), str(raw[1]))


def test_a_block_that_is_no_cbor_ends_the_walk():
    store = MemoryBlockstore()
    cids = [Cid.of(data) for data in (b"\xff", b"\xfe")]
    for cid, data in zip(cids, (b"\xff", b"\xfe"), strict=True):
        store.put(cid, data)
    assert first_difference(cids[0], cids[1], store) == ("", str(cids[0]), str(cids[1]))


def test_long_values_are_cut_in_words():
    assert describe(bytes(41)) == "0x" + "00" * 40 + "... (41 bytes)"
    assert describe(b"") == "no bytes"
    assert describe(list(range(8))) == "[0, 1, 2, 3, 4, 5, ... (8 items)]"
    assert describe([Cid.of(b"\x80"), None]) == f"[{Cid.of(bytes([0x80]))}, None]"
