import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.node.clock import SystemClock, VirtualClock

EPOCH = 30.0


def test_system_clock_shows_the_time_and_sleeps_until_it() -> None:
    clock = SystemClock()

    async def sleep() -> tuple[float, float]:
        before = clock.time()
        await clock.sleep_until(before + 0.05)
        await clock.sleep_until(before - 100)
        return before, clock.time()

    before, after = asyncio.run(sleep())
    assert abs(before - time.time()) < 5
    assert 0.05 <= after - before < 5


def test_virtual_clock_stands_still_until_advanced() -> None:
    async def sleep() -> None:
        clock = VirtualClock(1000)
        sleeper = asyncio.create_task(clock.sleep_until(1001))
        await asyncio.sleep(0.01)
        assert (clock.time(), sleeper.done(), clock.next_waking) == (1000, False, 1001)
        await clock.advance(0.5)
        assert (clock.time(), sleeper.done()) == (1000.5, False)
        await clock.advance_to(1001)
        assert (clock.time(), sleeper.done(), clock.next_waking) == (1001, True, None)

    asyncio.run(sleep())


def test_sleepers_wake_in_order_and_see_their_own_moment() -> None:
    async def run() -> list[tuple[str, float]]:
        clock = VirtualClock()
        seen: list[tuple[str, float]] = []

        async def producer(name: str, delay: float) -> None:
            while clock.time() < 2 * EPOCH:
                await clock.sleep_until((clock.time() // EPOCH + 1) * EPOCH + delay)
                seen.append((name, clock.time()))

        tasks = [asyncio.create_task(producer(name, at)) for name, at in (("b", 2), ("a", 1))]
        tasks.append(asyncio.create_task(producer("c", 1)))
        await clock.advance_to(3 * EPOCH)
        for task in tasks:
            task.cancel()
        return seen

    assert asyncio.run(run()) == [
        ("a", 31.0), ("c", 31.0), ("b", 32.0), ("a", 61.0), ("c", 61.0), ("b", 62.0),
    ]  # fmt: skip


def test_past_moment_wakes_at_once_after_others_ran() -> None:
    async def run() -> list[str]:
        clock = VirtualClock(10)
        seen: list[str] = []
        other = asyncio.create_task(_note(seen, "other"))
        await clock.sleep_until(10)
        seen.append("sleeper")
        await other
        return seen

    assert asyncio.run(run()) == ["other", "sleeper"]


def test_cancelled_sleeper_is_forgotten() -> None:
    async def run() -> None:
        clock = VirtualClock()
        gone = asyncio.create_task(clock.sleep_until(1))
        stays = asyncio.create_task(clock.sleep_until(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        assert clock.next_waking == 2
        await clock.advance_to(5)
        assert stays.done()
        assert gone.cancelled()

    asyncio.run(run())


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="time does not go back, from 7"):
        asyncio.run(VirtualClock(7).advance_to(6))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12), st.lists(st.integers(0, 5)))
def test_wake_order_is_that_of_moments_however_time_passes(
    moments: list[int], steps: list[int]
) -> None:
    async def run() -> list[tuple[int, int]]:
        clock = VirtualClock()
        seen: list[tuple[int, int]] = []

        async def sleep(number: int, moment: int) -> None:
            await clock.sleep_until(moment)
            seen.append((moment, number))

        tasks = [asyncio.create_task(sleep(*each)) for each in enumerate(moments)]
        for step in [*steps, 20]:
            await clock.advance(step)
        await asyncio.gather(*tasks)
        return seen

    assert asyncio.run(run()) == sorted((moment, i) for i, moment in enumerate(moments))


async def _note(seen: list[str], what: str) -> None:
    seen.append(what)
