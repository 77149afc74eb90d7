"""Files written on threads: in order, with few flushes, and who waits hears how it went."""

import asyncio
import threading

import pytest

from papyrus.node.disk_thread import DiskThread, WriteBehind, done
from papyrus.primitives.errors import LocalFault


class File:
    """What was written, when it may be, and on which thread."""

    def __init__(self):
        self.may_write = threading.Event()
        self.may_write.set()
        self.groups = []
        self.threads = set()
        self.is_full = False
        self.closed = 0

    def write(self, changes):
        self.may_write.wait(10)
        self.threads.add(threading.current_thread())
        if self.is_full:
            raise LocalFault("the disk is full")
        self.groups.append(list(changes))
        return len(self.groups)

    def close(self):
        self.closed += 1


@pytest.fixture
def file():
    return File()


@pytest.fixture
def behind(file):
    found = WriteBehind("test", lambda: file, File.write)
    yield found
    found.close()


def test_what_is_noted_is_written_in_order_and_together_where_it_waits(file, behind):
    behind.note(0)
    behind.flush().result(10)
    file.may_write.clear()
    behind.note(1)
    first = behind.flush()
    for number in range(2, 50):
        behind.note(number)
    assert not first.done()
    file.may_write.set()
    behind.flush().result(10)
    assert first.done()
    assert [number for group in file.groups for number in group] == list(range(50))
    assert len(file.groups) <= 3
    assert threading.current_thread() not in file.threads


def test_who_waits_for_a_flush_that_fails_hears_of_it_and_the_next_is_tried(file, behind, caplog):
    file.is_full = True
    behind.note(1)
    with pytest.raises(LocalFault, match="the disk is full"):
        asyncio.run(done(behind.flush()))
    assert [record.getMessage() for record in caplog.records] == ["a file was not written"]
    file.is_full = False
    behind.note(2)
    asyncio.run(done(behind.flush()))
    assert file.groups == [[2]]


def test_what_nobody_waits_for_any_more_is_written_all_the_same(file, behind):
    async def go_away():
        file.may_write.clear()
        behind.note(1)
        waiting = asyncio.create_task(done(behind.flush()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        file.may_write.set()

    asyncio.run(go_away())
    behind.flush().result(10)
    assert file.groups == [[1]]


def test_all_is_written_before_the_file_is_closed(file):
    behind = WriteBehind("test", lambda: file, File.write)
    for number in range(5):
        behind.note(number)
    behind.close()
    assert [number for group in file.groups for number in group] == list(range(5))
    assert file.closed == 2


def test_result_of_a_call_comes_back(file):
    thread = DiskThread("test", lambda: file)
    assert asyncio.run(thread.run(File.write, ["a"])) == 1
    assert thread.submit(File.write, ["b"]).result(10) == 2
    thread.close()


def test_file_that_cannot_be_opened_on_the_thread_leaves_none_open(file):
    def opened():
        if threading.current_thread() is not threading.main_thread():
            raise LocalFault("no more files may be open")
        return file

    with pytest.raises(LocalFault, match="no more files"):
        DiskThread("test", opened)
    assert file.closed == 1
