import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.lmdb_compaction import Compaction, compact
from papyrus.storage.lmdb_environment import DATA_FILE
from papyrus.storage.lmdb_store import LmdbBlockstore


def raw_blocks(count: int) -> list[tuple[Cid, bytes]]:
    bodies = [number.to_bytes(8, "big") * 125 for number in range(count)]
    return [(Cid.of(data, RAW), data) for data in bodies]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a store of 500 blocks, most of whose file is not in use."""
    blocks = raw_blocks(5000)
    with LmdbBlockstore(tmp_path / "blocks") as store:
        store.put_many(blocks)
        store.remove(cid for cid, _ in blocks[500:])
    return tmp_path / "blocks"


def contents(folder: Path) -> dict[Cid, bytes]:
    with LmdbBlockstore(folder) as store:
        return dict(store.blocks())


def test_compacted_store_is_small_and_holds_the_same(folder: Path) -> None:
    heard: list[tuple[int, int | None]] = []
    before = (folder / DATA_FILE).stat().st_size
    found = compact(folder, lambda done, total: heard.append((done, total)))
    after = (folder / DATA_FILE).stat()
    assert found == Compaction(before, after.st_size)
    assert after.st_size < before // 4
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert contents(folder) == dict(raw_blocks(500))
    assert all(done <= (total or 0) + 16384 for done, total in heard)
    assert sorted(path.name for path in folder.iterdir()) == [DATA_FILE, "lock.mdb", "users.lock"]


def test_store_in_use_is_left_alone(folder: Path) -> None:
    with LmdbBlockstore(folder) as store:
        with pytest.raises(LocalFault, match="is in use: stop the node"):
            compact(folder)
        assert len(store) == 500


def test_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="there is no block store"):
        compact(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_remains_of_a_killed_compaction_are_removed(folder: Path) -> None:
    part = folder / f".{DATA_FILE}.1-abcd.part"
    part.write_bytes(b"half a copy")
    compact(folder)
    assert not part.exists()


def test_disk_without_room_leaves_the_store_as_it_was(folder: Path) -> None:
    code = """
        import resource, sys
        from pathlib import Path
        from papyrus.primitives.errors import LocalFault
        from papyrus.storage.lmdb_compaction import compact
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            compact(Path(sys.argv[1]))
        except LocalFault as error:
            print(error)
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), folder],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "takes no more: make room" in said or "cannot write" in said
    assert contents(folder) == dict(raw_blocks(500))
    assert not list(folder.glob("*.part"))


def test_killed_compaction_loses_nothing(folder: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from papyrus.storage.lmdb_compaction import compact
        print(flush=True)
        while True:
            compact(Path(sys.argv[1]))
    """
    expected = dict(raw_blocks(500))
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1, 0.15):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), folder], stdout=subprocess.PIPE
        )
        with process:
            process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        assert contents(folder) == expected
