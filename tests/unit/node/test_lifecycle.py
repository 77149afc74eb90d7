"""Coming up and going down, in the order that is due; with signals, in real processes."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from papyrus.node.lifecycle import Part, Stopping, live, run
from papyrus.primitives.errors import LocalFault


def parts(seen: list[str], **instead: Callable) -> list[Part]:
    """Return three parts that note what is done to them, or do something else instead."""

    def note(what: str) -> Callable:
        async def noted() -> None:
            seen.append(what)
            if what.replace(" ", "_") in instead:
                await instead[what.replace(" ", "_")]()

        return noted

    return [Part(name, note(f"start {name}"), note(f"stop {name}"), 0.2) for name in "abc"]


async def fail() -> None:
    raise LocalFault("the port is taken")


async def break_down() -> None:
    raise ZeroDivisionError


async def hang() -> None:
    await asyncio.sleep(60)


ALL = ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


def test_parts_start_in_order_and_stop_in_reverse() -> None:
    seen: list[str] = []

    async def main(stopping: Stopping) -> None:
        asyncio.get_running_loop().call_later(0.01, stopping.ask, "test")
        await live(parts(seen), stopping)
        assert (stopping.is_asked, stopping.reason) == (True, "test")
        stopping.ask("again")
        assert stopping.reason == "test"

    run(main)
    assert seen == ALL


def test_parts_started_are_stopped_where_one_does_not_start() -> None:
    seen: list[str] = []
    with pytest.raises(LocalFault, match="the port is taken"):
        run(lambda stopping: live(parts(seen, start_b=fail), stopping))
    assert seen == ["start a", "start b", "stop b", "stop a"]


def test_node_that_is_asked_while_it_starts_stops() -> None:
    seen: list[str] = []

    async def main(stopping: Stopping) -> None:
        async def ask() -> None:
            stopping.ask("early")

        await live(parts(seen, start_a=ask), stopping)

    run(main)
    assert seen == ["start a", "stop a"]


def test_part_that_fails_while_running_ends_the_node_with_its_reason() -> None:
    seen: list[str] = []

    async def main(stopping: Stopping) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, stopping.fail, LocalFault("the disk is gone"))
        loop.call_later(0.01, stopping.fail, LocalFault("and more"))
        await live(parts(seen), stopping)

    with pytest.raises(LocalFault, match=r"^the disk is gone$"):
        run(main)
    assert seen == ALL


def test_node_that_is_asked_before_it_starts_does_not() -> None:
    seen: list[str] = []

    async def main(stopping: Stopping) -> None:
        stopping.ask("test")
        await live(parts(seen), stopping)

    run(main)
    assert seen == []


def test_parts_that_do_not_stop_are_told_and_the_others_are_stopped() -> None:
    seen: list[str] = []

    async def stuck(stopping: Stopping) -> None:
        asyncio.get_running_loop().call_later(0.01, stopping.ask, "test")
        await live(parts(seen, stop_c=hang, stop_b=break_down), stopping)

    with pytest.raises(LocalFault, match=r"did not stop in time, or not well: c, b$"):
        run(stuck)
    assert seen == ALL


NODE = """
import asyncio, sys
from papyrus.node.lifecycle import Part, live, run

async def start():
    print("started", flush=True)

async def stop():
    print("stopping", flush=True)
    {stop}
    print("stopped", flush=True)

{before}
run(lambda stopping: live([Part("a", start, stop)], stopping))
print("done", flush=True)
"""


def node(stop: str = "pass", before: str = "") -> subprocess.Popen:
    code = textwrap.dedent(NODE).format(stop=stop, before=before)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_stops_gracefully(number: signal.Signals) -> None:
    # Whoever runs the tests may have been started with nohup, which a child would inherit.
    heeding = f"import signal; signal.signal({int(number)}, signal.SIG_DFL)"
    if number is signal.SIGINT:
        heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    with node(before=heeding) as found:
        assert found.stdout.readline() == "started\n"
        found.send_signal(number)
        assert found.stdout.read() == "stopping\nstopped\ndone\n"
    assert found.returncode == 0


@pytest.mark.parametrize("stop", ["await asyncio.sleep(60)", "__import__('time').sleep(60)"])
def test_second_signal_ends_at_once_also_where_the_loop_is_held_up(stop: str) -> None:
    with node(stop) as found:
        assert found.stdout.readline() == "started\n"
        found.send_signal(signal.SIGINT)
        assert found.stdout.readline() == "stopping\n"
        found.send_signal(signal.SIGTERM)
        assert found.stdout.read() == ""
    assert found.returncode == -signal.SIGTERM


def test_node_started_with_nohup_outlives_its_terminal() -> None:
    before = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with node(before=before) as found:
        assert found.stdout.readline() == "started\n"
        found.send_signal(signal.SIGHUP)
        found.send_signal(signal.SIGTERM)
        assert found.stdout.read() == "stopping\nstopped\ndone\n"
    assert found.returncode == 0
