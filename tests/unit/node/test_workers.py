"""Worker processes: real ones, which are called, killed, and replaced."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import worker_functions as work

from papyrus.ipld.cid import RAW, Cid
from papyrus.node.workers import CallReport, InlineWorkers, Workers
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError, Invalid, LocalFault
from papyrus.rules.networks import DEVNET
from papyrus.storage.database import check_blocks
from papyrus.storage.lmdb_store import LmdbBlockstore


@asynccontextmanager
async def running(count: int = 1, *arguments: Any, **options: Any) -> AsyncIterator[Workers]:
    workers = Workers(count, work.open_desk, *(arguments or ("desk",)), **options)
    await workers.start()
    try:
        yield workers
    finally:
        await workers.stop(0)
        assert workers.pids == []


async def until(condition, limit: float = 20) -> None:
    """Wait for what other processes and tasks bring about."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.005)


def test_calls_go_to_processes_with_their_means() -> None:
    async def run() -> None:
        async with running(2) as workers:
            assert (workers.count, workers.alive, workers.waiting) == (2, 2, 0)
            pids = workers.pids
            answers = await asyncio.gather(*(workers.run(work.label_and_pid) for _ in range(20)))
            assert {label for label, _ in answers} == {"desk"}
            assert {pid for _, pid in answers} <= set(pids)
            assert os.getpid() not in pids
            assert await workers.run(work.add, 1, 2, start=3) == 6

    asyncio.run(run())


def test_what_a_worker_holds_is_not_looked_through_for_garbage() -> None:
    async def run() -> None:
        async with running() as workers:
            assert await workers.run(work.objects_that_stay) > 0

    asyncio.run(run())


def test_values_of_the_chain_cross_unchanged() -> None:
    values = [
        Cid.of(b"x", RAW),
        TokenAmount.from_fil(3),
        DEVNET,
        {"a": (1, b"2")},
        bytes(3 << 20),
    ]

    async def run() -> None:
        async with running() as workers:
            for value in values:
                found = await workers.run(work.echo, value)
                assert (found, type(found)) == (value, type(value))

    asyncio.run(run())


def test_workers_write_the_store_that_the_node_reads(tmp_path: Path) -> None:
    async def run() -> None:
        with LmdbBlockstore(tmp_path) as store:
            async with running(2, "desk", tmp_path) as workers:
                blocks = [b"block %d" % number for number in range(20)]
                cids = await asyncio.gather(*(workers.run(work.put, data) for data in blocks))
            assert [store.get(cid) for cid in cids] == blocks

    asyncio.run(run())


def test_worker_killed_while_it_writes_leaves_the_store_whole(tmp_path: Path) -> None:
    told = tmp_path / "told"

    async def run() -> None:
        with LmdbBlockstore(tmp_path / "blocks") as store:
            async with running(1, "desk", tmp_path / "blocks") as workers:
                for _ in range(3):
                    told.unlink(missing_ok=True)
                    writing = asyncio.ensure_future(workers.run(work.write_without_end, told))
                    await until(lambda: told.exists() and told.read_text() > "2")
                    os.kill(workers.pids[0], signal.SIGKILL)
                    with pytest.raises(LocalFault, match=r"was ended by SIGKILL in .*\.write_with"):
                        await writing
                    group = told.read_text() or "0"
                    assert store.has(Cid.of(b"%s 199" % group.encode() + bytes(4000), RAW))
                    assert await workers.run(work.put, b"after") == Cid.of(b"after", RAW)
                    assert store.get(Cid.of(b"after", RAW)) == b"after"
            assert check_blocks(store).damaged == ()

    asyncio.run(run())


@pytest.mark.parametrize("inline", [False, True], ids=["process", "inline"])
def test_errors_come_back_as_they_were_raised(inline: bool) -> None:
    async def run() -> None:
        workers: Any = (
            InlineWorkers(work.open_desk("x")) if inline else Workers(1, work.open_desk, "x")
        )
        await workers.start()
        with pytest.raises(Invalid) as invalid:
            await workers.run(work.break_a_rule)
        assert invalid.value.fault == "bad-ticket"
        assert invalid.value.detail == "the ticket is not the miner's"
        assert str(invalid.value) == "bad-ticket: the ticket is not the miner's"
        with pytest.raises(ActorError) as abort:
            await workers.run(work.abort)
        assert (abort.value.exit_code, abort.value.data, abort.value.codec) == (16, b"\x01", 0x55)
        with pytest.raises(LocalFault) as fault:
            await workers.run(work.divide, 0)
        assert str(fault.value) == (
            "worker_functions.divide failed: ZeroDivisionError: division by zero"
        )
        assert "return 1 / number" in "".join(fault.value.__notes__)
        assert await workers.run(work.divide, 4) == 0.25
        await workers.stop()

    asyncio.run(run())


def test_what_cannot_cross_is_refused_and_the_worker_goes_on() -> None:
    async def run() -> None:
        async with running() as workers:
            for function in (lambda _: None, test_calls_go_to_processes_with_their_means.__call__):
                with pytest.raises(TypeError, match="a module must hold it by name"):
                    await workers.run(function)
            with pytest.raises((TypeError, AttributeError)):
                await workers.run(work.echo, (each for each in ()))
            with pytest.raises(LocalFault, match="sending a result failed: "):
                await workers.run(work.return_a_function)
            assert await workers.run(work.add, 1) == 1
            assert workers.restarts == 0

    asyncio.run(run())


def test_loop_is_not_held_up_while_a_worker_computes() -> None:
    async def run() -> float:
        async with running() as workers:
            worst = 0.0
            computing = asyncio.ensure_future(workers.run(work.compute, 1.0))
            while not computing.done():
                before = time.perf_counter()
                await asyncio.sleep(0.001)
                worst = max(worst, time.perf_counter() - before - 0.001)
            assert await computing > 0
            return worst

    # A machine that is busy otherwise may hold it up once; workers that did would do so each time.
    assert any(asyncio.run(run()) < 0.05 for _ in range(3))


def test_killed_worker_is_named_and_replaced() -> None:
    reports: list[CallReport] = []

    async def run() -> None:
        async with running(hear=reports.append) as workers:
            (pid,) = workers.pids
            with pytest.raises(LocalFault, match=rf"worker {pid} was ended by SIGKILL in worker_f"):
                await workers.run(work.kill_self)
            assert await workers.run(work.add, 1) == 1
            assert workers.pids != [pid]
            assert (workers.restarts, workers.alive) == (1, 1)
            with pytest.raises(
                LocalFault, match=r"ended with exit code 3 in worker_functions.leave"
            ):
                await workers.run(work.leave, 3)
            assert await workers.run(work.add, 2) == 2

    asyncio.run(run())
    assert [report.outcome for report in reports] == ["lost", "ok", "lost", "ok"]


def test_worker_killed_while_it_waits_is_missed_and_costs_no_call() -> None:
    async def run() -> None:
        async with running() as workers:
            (pid,) = workers.pids
            os.kill(pid, signal.SIGKILL)
            await until(lambda: workers.alive == 0)
            label, new = await workers.run(work.label_and_pid)
            assert (label, workers.pids, workers.alive, workers.restarts) == ("desk", [new], 1, 1)
            assert new != pid

    asyncio.run(run())


def test_other_workers_go_on_while_one_is_replaced() -> None:
    async def run() -> None:
        async with running(2) as workers:
            dying = asyncio.ensure_future(workers.run(work.kill_self))
            assert [await workers.run(work.add, n) for n in range(50)] == list(range(50))
            with pytest.raises(LocalFault):
                await dying
            await until(lambda: workers.alive == 2)

    asyncio.run(run())


def test_call_that_takes_too_long_is_ended() -> None:
    reports: list[CallReport] = []

    async def run() -> None:
        async with running(time_limit=0.2, hear=reports.append) as workers:
            with pytest.raises(LocalFault, match=r"compute took longer than 0.2 s, and was ended"):
                await workers.run(work.compute, 60)
            assert await workers.run(work.add, 1) == 1

    asyncio.run(run())
    assert [report.outcome for report in reports] == ["late", "ok"]


def test_cancelled_call_is_ended_and_a_short_one_is_let_finish(tmp_path: Path) -> None:
    async def run() -> None:
        async with running() as workers:
            (pid,) = workers.pids
            short = asyncio.ensure_future(workers.run(work.compute, 0.2))
            await asyncio.sleep(0.05)
            short.cancel()
            assert await workers.run(work.add, 1) == 1
            assert workers.pids == [pid]

            long = asyncio.ensure_future(workers.run(work.tell_and_compute, tmp_path / "pid", 60))
            await until((tmp_path / "pid").exists)
            long.cancel()
            with pytest.raises(asyncio.CancelledError):
                await long
            assert await workers.run(work.add, 1) == 1
            assert workers.pids != [pid]

    asyncio.run(run())


def test_queue_is_bounded_and_fair_and_forgets_the_cancelled() -> None:
    async def run() -> None:
        done: list[int] = []
        async with running(queue_length=3) as workers:

            async def call(number: int) -> None:
                await workers.run(work.compute, 0.05)
                done.append(number)

            tasks = [asyncio.ensure_future(call(number)) for number in range(4)]
            await asyncio.sleep(0)
            assert workers.waiting == 3
            with pytest.raises(LocalFault, match="3 executions wait already: try again later"):
                await workers.run(work.add, 1)
            tasks[2].cancel()
            await asyncio.sleep(0)
            assert workers.waiting == 2
            tasks.append(asyncio.ensure_future(call(4)))
            await asyncio.gather(*tasks, return_exceptions=True)
        assert done == [0, 1, 3, 4]

    asyncio.run(run())


def test_stop_lets_calls_finish_and_refuses_those_that_wait() -> None:
    async def run() -> None:
        workers = Workers(1, work.open_desk, "desk")
        await workers.start()
        under_way = asyncio.ensure_future(workers.run(work.compute, 0.3))
        await asyncio.sleep(0)
        waits = asyncio.ensure_future(workers.run(work.add, 1))
        await asyncio.sleep(0.05)
        await workers.stop()
        assert await under_way > 0
        for refused in (waits, workers.run(work.add, 1)):
            with pytest.raises(LocalFault, match="the node is stopping"):
                await refused
        assert (workers.alive, workers.pids) == (0, [])

    asyncio.run(run())


def test_stop_ends_what_goes_on_after_the_grace() -> None:
    async def run() -> None:
        workers = Workers(1, work.open_desk, "desk")
        await workers.start()
        under_way = asyncio.ensure_future(workers.run(work.compute, 60))
        await asyncio.sleep(0.05)
        start = time.monotonic()
        await workers.stop(0.1)
        assert time.monotonic() - start < 5
        with pytest.raises(LocalFault, match=r"was ended by SIGKILL in worker_functions.compute"):
            await under_way

    asyncio.run(run())


@pytest.mark.parametrize(
    ("prepare", "arguments", "told"),
    [
        (work.open_no_desk, ("the store is damaged",), "^the store is damaged$"),
        (work.die_early, (), "^a worker ended with exit code 7 while starting$"),
        (work.open_desk, (), "^starting a worker failed: TypeError: .*label"),
    ],
)
def test_workers_that_do_not_start_are_told(prepare, arguments, told) -> None:
    async def run() -> None:
        workers = Workers(2, prepare, *arguments)
        waits = asyncio.ensure_future(workers.run(work.add, 1))
        await asyncio.sleep(0)
        for refused in (workers.start(), waits):
            with pytest.raises(LocalFault, match=told):
                await refused
        assert workers.pids == []

    asyncio.run(run())


def test_worker_that_cannot_be_replaced_is_tried_again_with_the_next_call(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    async def run() -> None:
        workers = Workers(1, work.open_once, mark)
        await workers.start()
        with pytest.raises(LocalFault, match="exit code 1 in"):
            await workers.run(work.leave, 1)
        with pytest.raises(LocalFault, match="a worker ended with exit code 9 while starting"):
            await workers.run(work.add, 1)
        assert workers.alive == 0
        mark.unlink()
        await until(lambda: not workers._under_way)
        assert await workers.run(work.add, 1) == 1
        await workers.stop()

    asyncio.run(run())


def test_signals_to_the_group_leave_workers_to_the_node() -> None:
    async def run() -> None:
        async with running() as workers:
            (pid,) = workers.pids
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(pid, number)
            assert await workers.run(work.label_and_pid) == ("desk", pid)

    asyncio.run(run())


def test_workers_end_with_a_node_that_was_killed(tmp_path: Path) -> None:
    """In a script of its own, without the guard that multiprocessing would need."""
    told = tmp_path / "pid"
    script = textwrap.dedent(f"""
        import asyncio, pathlib, sys
        sys.path.append({str(Path(work.__file__).parent)!r})
        import worker_functions as work
        from papyrus.node.workers import Workers

        async def main():
            workers = Workers(1, work.open_desk, "desk")
            await workers.start()
            await workers.run(work.tell_and_compute, pathlib.Path({str(told)!r}), 60)

        asyncio.run(main())
    """)
    node = subprocess.Popen([sys.executable, "-c", script])
    try:
        asyncio.run(until(lambda: told.exists() and told.read_text()))
        worker = int(told.read_text())
        node.kill()
        node.wait()
        asyncio.run(until(lambda: not is_running(worker), 5))
    finally:
        node.kill()
        node.wait()


def is_running(pid: int) -> bool:
    """Return whether a process of another parent is there and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_workers_are_ended_without_a_loop_too() -> None:
    workers = Workers(2, work.open_desk, "desk")
    workers.launch()
    pids = workers.pids
    workers.kill()
    workers.kill()
    assert (workers.pids, [pid for pid in pids if is_running(pid)]) == ([], [])


def test_inline_workers_have_the_same_face() -> None:
    reports: list[CallReport] = []

    async def run() -> None:
        workers = InlineWorkers(work.open_desk("inline"), hear=reports.append)
        assert (await workers.start(), workers.count, workers.alive) == (0.0, 1, 1)
        assert await workers.run(work.label_and_pid) == ("inline", os.getpid())
        with pytest.raises(TypeError):
            await workers.run(lambda _: None)
        await workers.stop()
        assert workers.alive == 0
        with pytest.raises(LocalFault, match="the node is stopping"):
            await workers.run(work.add, 1)
        killed = InlineWorkers(work.open_desk("inline"))
        killed.kill()
        assert killed.alive == 0

    asyncio.run(run())
    assert [(report.function, report.outcome) for report in reports] == [
        ("worker_functions.label_and_pid", "ok")
    ]
