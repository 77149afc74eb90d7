import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papyrus.ipld.cid import CBOR, DAG_CBOR, IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage import block_sorter
from papyrus.storage.block_sorter import (
    MOST_SPLITS,
    PART_SIZE,
    BlockSorter,
    clear,
    holds,
    parts_in,
    sorted_blocks,
    splits_for,
)


def some_blocks(count):
    source = random.Random(count)  # noqa: S311 - a sample that is the same each time
    for _ in range(count):
        data = source.randbytes(source.randrange(200))
        kind = source.choice([(DAG_CBOR,), (DAG_CBOR,), (RAW,), (CBOR,), (RAW, SHA2_256)])
        yield Cid.of(data, *kind), data
    yield Cid.of(b"itself", RAW, IDENTITY), b"itself"
    yield Cid(b"\x12\x20" + bytes(32)), b"of version 0"


def all_sorted(folder):
    return [block for part in parts_in(folder) for block in sorted_blocks(part)]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([1, 2, 16, 512, MOST_SPLITS]), st.integers(0, 300))
def test_blocks_come_in_the_order_of_their_cids_however_they_are_split(
    tmp_path_factory, splits, count
):
    folder = tmp_path_factory.mktemp("sorter") / "x"
    sorter = BlockSorter(folder, splits)
    blocks = list(some_blocks(count))
    for block in blocks:
        sorter.add(*block)
    sorter.keep()
    assert all_sorted(folder) == sorted(blocks)


def test_what_was_not_kept_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(block_sorter, "_BUFFERED", 1000)
    blocks = list(some_blocks(300))
    sorter = BlockSorter(tmp_path / "x", 8)
    for block in blocks[:100]:
        sorter.add(*block)
    lengths = sorter.keep()
    for block in blocks[100:200]:
        sorter.add(*block)
    assert holds(tmp_path / "x", lengths)
    again = BlockSorter(tmp_path / "x", 8, lengths)
    for block in blocks[200:]:
        again.add(*block)
    again.keep()
    assert all_sorted(tmp_path / "x") == sorted(blocks[:100] + blocks[200:])


def test_folder_that_lost_a_part_does_not_hold_what_was_kept(tmp_path):
    sorter = BlockSorter(tmp_path / "x", 2)
    for block in some_blocks(100):
        sorter.add(*block)
    lengths = sorter.keep()
    assert holds(tmp_path / "x", lengths)
    part = parts_in(tmp_path / "x")[0]
    part.write_bytes(part.read_bytes()[:-1])
    assert not holds(tmp_path / "x", lengths)
    part.unlink()
    assert not holds(tmp_path / "x", lengths)


def test_new_sorter_finds_its_folder_empty(tmp_path):
    first = BlockSorter(tmp_path / "x", 1)
    first.add(Cid.of(b"a"), b"a")
    first.keep()
    BlockSorter(tmp_path / "x", 1).keep()
    assert parts_in(tmp_path / "x") == []
    clear(tmp_path / "x")
    clear(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_disk_that_refuses_is_told(tmp_path):
    (tmp_path / "x").write_bytes(b"no folder")
    with pytest.raises(LocalFault, match=r"cannot keep blocks in .*y: "):
        BlockSorter(tmp_path / "x" / "y", 1)


@pytest.mark.parametrize(
    ("size", "splits"),
    [(0, 1), (PART_SIZE, 1), (2 * PART_SIZE, 2), (3 * PART_SIZE, 4), (2**60, MOST_SPLITS)],
)
def test_splits_are_as_many_as_the_size_asks_for(size, splits):
    assert splits_for(size) == splits
