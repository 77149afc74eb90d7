"""The work of a migration that is not done: kept, found again, and never believed unread."""

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.car_files import open_car
from papyrus.storage.migration_work import MigrationWork, WorkMemo, work_folder

BLOCKS = {Cid.of(bytes([number]) * 50): bytes([number]) * 50 for number in range(20)}
CIDS = tuple(BLOCKS)
NODES = {Cid.of(cid): cid for cid in CIDS}
"""An old node for each block."""


@pytest.fixture
def folder(tmp_path):
    return work_folder(tmp_path / "new.car.zst")


def fill(folder, identity=(1,)) -> None:
    with MigrationWork(folder, list(identity)) as work:
        memo = WorkMemo(work)
        for (cid, data), old in zip(BLOCKS.items(), NODES, strict=True):
            work.put(cid, data)
            memo.put(old, cid)


def held(work) -> list[Cid]:
    return [cid for cid in CIDS if work.has(cid) and work.get(cid) == BLOCKS[cid]]


def done(work) -> list[Cid]:
    return [cid for old, cid in NODES.items() if WorkMemo(work).get(old) == cid]


def test_the_folder_lies_beside_the_file_to_be_made(tmp_path):
    assert work_folder(tmp_path / "a.car") == tmp_path / "a.car.migrating"


def test_blocks_can_be_read_while_more_are_written(folder):
    with MigrationWork(folder, [1]) as work:
        for number, (cid, data) in enumerate(BLOCKS.items()):
            assert not work.has(cid)
            assert work.get(cid) is None
            work.put(cid, data)
            work.put(cid, data)
            assert work.get(CIDS[number // 2]) == BLOCKS[CIDS[number // 2]]
        assert held(work) == [*CIDS]
    with open_car(folder / "blocks.car") as car:
        assert dict(car.blocks()) == BLOCKS
        assert sum(1 for _ in car.blocks()) == len(BLOCKS)


def test_the_same_migration_finds_what_was_done(folder):
    fill(folder)
    with MigrationWork(folder, [1]) as work:
        assert held(work) == done(work) == [*CIDS]
        assert work.nodes_done == len(CIDS)
        more = Cid.of(b"more", RAW)
        work.put(more, b"more")
        assert work.get(more) == b"more"
    with MigrationWork(folder, [1]) as work:
        assert work.has(more)


def test_another_migration_begins_anew(folder):
    fill(folder)
    with MigrationWork(folder, [2]) as work:
        assert held(work) == done(work) == []


@pytest.mark.parametrize("cut", [1, 37, 88, 89, 90, 500])
def test_after_a_crash_what_is_whole_counts(folder, cut):
    fill(folder)
    path = folder / "blocks.car"
    path.write_bytes(path.read_bytes()[:-cut])
    with MigrationWork(folder, [1]) as work:
        whole = held(work)
        assert whole == [*CIDS[: len(whole)]] == done(work)
        assert len(whole) == len(CIDS) - -(-cut // 89)
        for cid, data in BLOCKS.items():
            work.put(cid, data)
    with MigrationWork(folder, [1]) as work:
        assert held(work) == [*CIDS]


def test_nothing_after_a_damaged_block_counts(folder):
    fill(folder)
    path = folder / "blocks.car"
    data = bytearray(path.read_bytes())
    data[18 + 5 * 89 + 60] ^= 1
    path.write_bytes(data)
    with MigrationWork(folder, [1]) as work:
        assert held(work) == done(work) == [*CIDS[:5]]


def test_a_pair_that_is_cut_short_is_cut_off(folder):
    fill(folder)
    path = folder / "done.cids"
    path.write_bytes(path.read_bytes()[:-5])
    with MigrationWork(folder, [1]) as work:
        assert done(work) == [*CIDS[:-1]]
        WorkMemo(work).put(next(reversed(NODES)), CIDS[-1])
    with MigrationWork(folder, [1]) as work:
        assert done(work) == [*CIDS]


@pytest.mark.parametrize("beginning", [b"", b"no car at all", b"\x11"])
def test_a_file_without_its_beginning_is_begun_anew(folder, beginning):
    fill(folder)
    (folder / "blocks.car").write_bytes(beginning)
    with MigrationWork(folder, [1]) as work:
        assert held(work) == done(work) == []
        work.put(CIDS[0], BLOCKS[CIDS[0]])
    with MigrationWork(folder, [1]) as work:
        assert held(work) == [CIDS[0]]


def test_a_node_with_a_cid_of_another_kind_is_not_remembered(folder):
    with MigrationWork(folder, [1]) as work:
        WorkMemo(work).put(Cid.of(b"", hash_code=0), CIDS[0])
        assert work.nodes_done == 0


def test_a_block_that_someone_else_changed_is_found_out(folder):
    with MigrationWork(folder, [1]) as work:
        work.put(CIDS[0], BLOCKS[CIDS[0]])
        work.get(CIDS[0])
        path = folder / "blocks.car"
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        work.put(CIDS[1], BLOCKS[CIDS[1]])
        with pytest.raises(LocalFault, match="another process has changed"):
            work.get(CIDS[0])


def test_what_is_done_is_removed(folder):
    fill(folder)
    with MigrationWork(folder, [1]) as work:
        work.remove()
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalFault, match=r"cannot work in .*: Not a directory"):
        MigrationWork(tmp_path / "file" / "work", [1])


@pytest.mark.parametrize("act", ["put", "note", "get", "close"])
def test_a_disk_that_refuses_is_told(folder, act, monkeypatch):
    class Full:
        def __getattr__(self, _name):
            def refuse(*_args):
                raise OSError(28, "No space left on device")

            return refuse

    work = MigrationWork(folder, [1])
    work.put(CIDS[0], BLOCKS[CIDS[0]])
    blocks, pairs = work._blocks, work._pairs
    monkeypatch.setattr(work, "_blocks", Full())
    monkeypatch.setattr(work, "_pairs", Full())
    calls = {
        "put": lambda: work.put(CIDS[1], b""),
        "note": lambda: WorkMemo(work).put(CIDS[0], CIDS[1]),
        "get": lambda: work.get(CIDS[0]),
        "close": work.close,
    }
    with pytest.raises(LocalFault, match=r"cannot work in .*: No space left on device"):
        calls[act]()
    blocks.close()
    pairs.close()
