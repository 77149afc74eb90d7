import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import lmdb
import pytest

from papyrus.ipld.cid import IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.lmdb_environment import DATA_FILE
from papyrus.storage.lmdb_store import MAX_BLOCK_LENGTH, LmdbBlockstore

SMALL_MAP = 1 << 20
BLOCKS = {
    Cid.of(b"\x80"): b"\x80",
    Cid.of(b"raw" * 50_000, RAW): b"raw" * 50_000,
    Cid.of(b"sha", RAW, SHA2_256): b"sha",
    Cid.of(b"within", RAW, IDENTITY): b"within",
    Cid.of(b"", RAW): b"",
    Cid(b"\x12\x20" + bytes(32)): b"version 0",
}
ABSENT = Cid.of(b"absent")


def raw_blocks(first: int, count: int, size: int = 1000) -> list[tuple[Cid, bytes]]:
    bodies = [number.to_bytes(8, "big") * (size // 8) for number in range(first, first + count)]
    return [(Cid.of(data, RAW), data) for data in bodies]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbBlockstore]:
    with LmdbBlockstore(tmp_path / "blocks", map_size=SMALL_MAP) as opened:
        yield opened


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that runs code in another process, which is killed in the end."""
    children = []

    def start(code: str, *args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        children.append(process)
        return process

    yield start
    for process in children:
        process.kill()
        process.communicate()


def test_blocks_come_back_from_a_store_opened_again(tmp_path: Path) -> None:
    folder = tmp_path / "blocks"
    with LmdbBlockstore(folder) as store:
        for cid, data in BLOCKS.items():
            store.put(cid, data)
    with LmdbBlockstore(folder, read_only=True) as store:
        assert {cid: store.get(cid) for cid in BLOCKS} == BLOCKS
        assert all(store.has(cid) for cid in BLOCKS)
        assert (store.get(ABSENT), store.has(ABSENT), len(store)) == (None, False, len(BLOCKS))
        assert dict(store.blocks()) == BLOCKS


def test_put_many_counts_the_new_ones(store: LmdbBlockstore) -> None:
    assert store.put_many(BLOCKS.items()) == len(BLOCKS)
    assert store.put_many([*BLOCKS.items(), *raw_blocks(0, 3)]) == 3
    assert store.put_many([]) == 0


def test_sorted_groups_are_kept_while_the_map_grows(store: LmdbBlockstore) -> None:
    blocks = sorted([*raw_blocks(0, 6000), *BLOCKS.items()])
    groups = [blocks[at : at + 1000] for at in range(0, len(blocks), 1000)]
    assert list(store.put_sorted(iter(groups))) == [1000] * 6 + [len(BLOCKS)]
    assert list(store.blocks()) == blocks
    assert list(store.put_sorted([])) == []


def test_sorted_blocks_may_be_there_and_may_come_twice(store: LmdbBlockstore) -> None:
    blocks = sorted(raw_blocks(0, 1000))
    groups = [blocks[:5], [], [*blocks[4:6], blocks[5]]]
    counts = list(store.put_sorted(groups))
    assert (counts[0], len(counts), len(store)) == (5, 3, 6)
    assert list(store.put_sorted([blocks])) == [len(blocks) - 6]
    assert list(store.blocks()) == blocks


def test_sorted_blocks_fill_their_pages(tmp_path: Path) -> None:
    blocks = raw_blocks(0, 6000, 200)
    in_order = sorted(blocks)
    with LmdbBlockstore(tmp_path / "sorted") as one, LmdbBlockstore(tmp_path / "any") as other:
        list(one.put_sorted([in_order[:3000], in_order[3000:]]))
        for at in range(0, len(blocks), 300):
            other.put_many(blocks[at : at + 300])
        assert one.stats().used_size < 0.8 * other.stats().used_size


def test_sorted_groups_say_why_they_are_refused(tmp_path: Path) -> None:
    store = LmdbBlockstore(tmp_path / "blocks")
    store.close()
    with pytest.raises(LocalFault, match="is closed"):
        list(store.put_sorted([raw_blocks(0, 1), raw_blocks(1, 1)]))


def test_remove_counts_those_that_were_there(store: LmdbBlockstore) -> None:
    store.put_many(BLOCKS.items())
    first, *others = BLOCKS
    assert store.remove([first, ABSENT]) == 1
    assert [store.has(cid) for cid in BLOCKS] == [False] + [True] * len(others)


def test_folder_and_file_are_the_users_alone(store: LmdbBlockstore) -> None:
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((store.folder / DATA_FILE).stat().st_mode) == 0o600


def test_every_commit_is_flushed(store: LmdbBlockstore) -> None:
    """What killing a process cannot show: its writes outlive it in the system's memory."""
    flags = store._env.flags()
    assert (flags["sync"], flags["metasync"], flags["writemap"]) == (True, True, False)


def test_map_grows_with_the_data(store: LmdbBlockstore) -> None:
    blocks = raw_blocks(0, 8000)
    before = store.stats().map_size
    assert store.put_many(blocks) == len(blocks)
    found = store.stats()
    assert (before, found.blocks) == (SMALL_MAP, len(blocks))
    assert found.map_size >= found.file_size >= found.used_size > 8_000_000
    assert list(store.blocks()) == sorted(blocks)


def test_batch_is_seen_as_a_whole_or_not_at_all(store: LmdbBlockstore) -> None:
    blocks = raw_blocks(0, 3000)
    with store.batch() as batch:
        for cid, data in blocks:
            batch.put(cid, data)
        assert batch.get(blocks[0][0]) == blocks[0][1]
        assert batch.has(blocks[0][0])
        assert (batch.get(ABSENT), batch.has(ABSENT), len(store)) == (None, False, 0)
    assert dict(store.blocks()) == dict(blocks)


def test_batch_that_fails_leaves_nothing(store: LmdbBlockstore) -> None:
    def fill() -> None:
        with store.batch() as batch:
            batch.put(*raw_blocks(0, 1)[0])
            raise LocalFault("the state could not be computed")

    with pytest.raises(LocalFault, match="could not be computed"):
        fill()
    assert len(store) == 0


def test_block_over_the_limit_is_refused(store: LmdbBlockstore) -> None:
    data = bytes(MAX_BLOCK_LENGTH)
    store.put(Cid.of(data, RAW), data)
    with pytest.raises(LocalFault, match=f"of {MAX_BLOCK_LENGTH + 1} bytes is refused"):
        store.put(ABSENT, data + b"\0")
    assert len(store) == 1


def test_store_opened_for_reading_refuses_writes(tmp_path: Path) -> None:
    LmdbBlockstore(tmp_path / "blocks").close()
    with (
        LmdbBlockstore(tmp_path / "blocks", read_only=True) as store,
        pytest.raises(LocalFault, match="for reading alone"),
    ):
        store.put(ABSENT, b"absent")


def test_reading_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="there is no block store in"):
        LmdbBlockstore(tmp_path / "blocks", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_second_opening_in_one_process_is_refused(store: LmdbBlockstore) -> None:
    with pytest.raises(LocalFault, match="open in this process already"):
        LmdbBlockstore(store.folder)
    store.put(ABSENT, b"absent")
    assert store.has(ABSENT)


def test_closed_store_says_so(store: LmdbBlockstore) -> None:
    store.close()
    store.close()
    with pytest.raises(LocalFault, match="is closed"):
        store.get(ABSENT)
    with pytest.raises(LocalFault, match="is closed"):
        store.put(ABSENT, b"absent")


def test_other_formats_are_refused(tmp_path: Path) -> None:
    for name, key, value in (("later", b"\0format", b"papyrus blocks 2"), ("other", b"a", b"b")):
        with lmdb.open(str(tmp_path / name)) as env, env.begin(write=True) as transaction:
            transaction.put(key, value)
    with pytest.raises(LocalFault, match=r"format b'papyrus blocks 2'.* knows b'papyrus blocks 1'"):
        LmdbBlockstore(tmp_path / "later")
    with pytest.raises(LocalFault, match="data of another program"):
        LmdbBlockstore(tmp_path / "other")


def test_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATA_FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(LocalFault, match=r"is no block store of Papyrus: .*--reset"):
        LmdbBlockstore(tmp_path)


def test_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blocks").write_bytes(b"")
    with pytest.raises(LocalFault, match=r"cannot use .*: Not a directory"):
        LmdbBlockstore(tmp_path / "blocks")


def test_folder_of_another_user_is_refused(store: LmdbBlockstore, child) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    code = """
        import os, sys
        from pathlib import Path
        from papyrus.primitives.errors import LocalFault
        from papyrus.storage.lmdb_store import LmdbBlockstore
        os.setgid(65534)
        os.setuid(65534)
        try:
            LmdbBlockstore(Path(sys.argv[1]))
        except LocalFault as error:
            print(error)
    """
    said, _ = child(code, store.folder).communicate(timeout=60)
    assert "cannot use" in said
    assert said.endswith("Permission denied\n")


def test_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, child) -> None:
    code = """
        import resource, sys
        from pathlib import Path
        from papyrus.ipld.cid import RAW, Cid
        from papyrus.primitives.errors import LocalFault
        from papyrus.storage.lmdb_store import LmdbBlockstore
        store = LmdbBlockstore(Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
        kept = 0
        try:
            while True:
                bodies = [b"%d" % (number + kept) * 500 for number in range(500)]
                store.put_many((Cid.of(data, RAW), data) for data in bodies)
                kept += 500
        except LocalFault as error:
            print(error)
        assert len(store) == kept, len(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        store.put(Cid.of(b"after", RAW), b"after")
        print(kept, len(store))
    """
    said, _ = child(code, tmp_path / "blocks").communicate(timeout=60)
    first, second = said.splitlines()
    assert f"the disk of {tmp_path / 'blocks'} takes no more: make room" in first
    kept, found = map(int, second.split())
    assert kept > 0
    assert found == kept + 1
    with LmdbBlockstore(tmp_path / "blocks") as store:
        assert all(Cid.of(data, RAW) == cid for cid, data in store.blocks())


WRITER = """
    import sys
    from pathlib import Path
    from papyrus.ipld.cid import RAW, Cid
    from papyrus.storage.lmdb_store import LmdbBlockstore
    store = LmdbBlockstore(Path(sys.argv[1]), map_size=1 << 20)
    for number in range(int(sys.argv[2]), 1 << 20):
        with store.batch() as batch:
            for part in range(20):
                data = b"%d %d " % (number, part) * 300
                batch.put(Cid.of(data, RAW), data)
        print(number, flush=True)
"""


def parts(number: int) -> list[Cid]:
    return [Cid.of(b"%d %d " % (number, part) * 300, RAW) for part in range(20)]


def test_killed_writer_loses_nothing_it_announced(tmp_path: Path, child) -> None:
    folder, announced = tmp_path / "blocks", []
    moment = random.Random(7)  # noqa: S311 - any moments, the same each time
    for round_number in range(12):
        writer = child(WRITER, folder, 1000 * round_number)
        announced.append(int(writer.stdout.readline()))
        timer = threading.Timer(moment.random() * 0.3, writer.send_signal, [signal.SIGKILL])
        timer.start()
        # What is cut off in the middle by the kill was not announced.
        announced += [int(line) for line in writer.stdout if line.endswith("\n")]
        timer.join()
        assert writer.wait() == -signal.SIGKILL
        with LmdbBlockstore(folder, map_size=SMALL_MAP) as store:
            assert all(store.has(cid) for number in announced for cid in parts(number))
            unannounced = parts(announced[-1] + 1)
            assert len({store.has(cid) for cid in unannounced}) == 1
            assert all(Cid.of(data, RAW) == cid for cid, data in store.blocks())


def test_other_processes_follow_while_the_map_grows(store: LmdbBlockstore, child) -> None:
    """Each writes more than fits its map, and reads what the other wrote."""
    writers = [child(WRITER, store.folder, first) for first in (0, 500)]
    for number in range(60):
        for first, writer in zip((0, 500), writers, strict=True):
            assert writer.stdout.readline() == f"{first + number}\n"
            assert all(store.has(cid) for cid in parts(first + number))
        store.put_many(raw_blocks(number * 20, 20))
    for writer in writers:
        writer.kill()
        writer.wait()
    assert store.stats().map_size > SMALL_MAP
    assert all(store.get(cid) == data for cid, data in raw_blocks(0, 1200))


def test_threads_read_while_the_map_grows(store: LmdbBlockstore) -> None:
    first = raw_blocks(0, 100)
    store.put_many(first)
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not done.is_set():
            wrong.extend(cid for cid, data in first if store.get(cid) != data)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 9):
        store.put_many(raw_blocks(1000 * number, 1000))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert store.stats().map_size >= 8 * SMALL_MAP


def test_reading_leaves_no_page_behind(store: LmdbBlockstore) -> None:
    """A reader that held on to an old state would keep its pages from being used again."""
    store.put_many(raw_blocks(0, 1000))
    walk = store.blocks()
    next(walk)
    size = store.stats().file_size
    for _ in range(10):
        store.remove([cid for cid, _ in raw_blocks(0, 1000)])
        store.put_many(raw_blocks(0, 1000))
    assert store.stats().file_size < 3 * size


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_process_must_open_its_own(store: LmdbBlockstore) -> None:
    store.put(*raw_blocks(0, 1)[0])
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store.get(ABSENT)
        except LocalFault as error:
            os.write(writer, str(error).encode())
        with LmdbBlockstore(store.folder) as own:
            store.close()
            own.put(*raw_blocks(1, 1)[0])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        assert b"was opened before this process was forked" in said.read()
    assert os.waitpid(child, 0)[1] == 0
    assert [cid for cid, _ in raw_blocks(0, 2) if store.has(cid)] == [
        cid for cid, _ in raw_blocks(0, 2)
    ]


def test_readers_that_died_make_room_for_others(store: LmdbBlockstore, child) -> None:
    code = """
        import sys, lmdb
        env = lmdb.open(sys.argv[1], readonly=True)
        held = []
        try:
            while True:
                held.append(env.begin())
        except lmdb.ReadersFullError:
            print("full", flush=True)
        input()
    """
    process = child(code, store.folder)
    assert process.stdout.readline() == "full\n"
    with pytest.raises(LocalFault, match="too many processes and threads read"):
        store.get(ABSENT)
    process.kill()
    process.wait()
    assert store.get(ABSENT) is None
