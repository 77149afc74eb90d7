import asyncio
import time

from papyrus.node.loop_watch import BEAT, LoopWatch


def test_stall_is_measured_and_told(caplog) -> None:
    heard: list[float] = []

    async def run() -> LoopWatch:
        watch = LoopWatch(heard.append, limit=0.05)
        watch.start()
        await asyncio.sleep(3 * BEAT)
        time.sleep(0.2)  # noqa: ASYNC251 - the mistake that is looked for
        await asyncio.sleep(3 * BEAT)
        watch.stop()
        return watch

    watch = asyncio.run(run())
    assert watch.count == len(heard) >= 1
    assert watch.longest == max(heard)
    assert watch.longest >= 0.2 - BEAT
    assert {record.name for record in caplog.records} == {"papyrus.loop"}
    assert caplog.records[0].fields["seconds"] >= 0.05


def test_stall_after_the_watch_is_nobodys() -> None:
    heard: list[float] = []

    async def run() -> None:
        watch = LoopWatch(heard.append, limit=0.05)
        watch.stop()
        watch.start()
        watch.stop()
        time.sleep(0.1)  # noqa: ASYNC251 - the mistake that is looked for
        await asyncio.sleep(2 * BEAT)

    asyncio.run(run())
    assert heard == []


def test_loop_that_waits_is_not_held_up() -> None:
    async def run() -> LoopWatch:
        watch = LoopWatch(lambda _: None, limit=0.05)
        watch.start()
        await asyncio.sleep(20 * BEAT)
        watch.stop()
        return watch

    # A machine that is busy otherwise may hold it up once.
    assert any(asyncio.run(run()).count == 0 for _ in range(3))
