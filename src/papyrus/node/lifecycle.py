"""How a node comes up, runs, and goes down.

Its parts start one after the other and stop in the reverse order, each within its time. The first
SIGINT, SIGTERM or SIGHUP asks for that; the second ends the process there and then, which costs
nothing but what was under way, since whatever was acknowledged is on the disk.

Exit codes: 0 where it was asked to stop and did; 1 where it failed, with the reason as a sentence;
128 and the number of the signal where a second one ended it.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from papyrus.node.logging import part
from papyrus.node.open_files import allow_open_files
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.primitives.sentences import Words

_SWITCH_SECONDS = 0.001
"""After which a thread that computes gives way: the event loop waits for no longer than that."""

STOP_LIMIT = 20.0
"""Seconds in which a part must have stopped."""

_log = part("node")


class Stopping:
    """Whether the node is to stop, and why."""

    def __init__(self) -> None:
        """Run until asked."""
        self._asked = asyncio.Event()
        self.reason: Words = ""
        self.error: PapyrusError | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the node is to stop, or is stopping."""
        return self._asked.is_set()

    def ask(self, reason: Words) -> None:
        """Let the node stop; the first reason stands."""
        if not self.is_asked:
            self.reason = reason
            self._asked.set()

    def fail(self, error: PapyrusError) -> None:
        """Let the node stop because a part of it cannot go on."""
        if not self.is_asked:
            self.error = error
            self.ask(error)

    async def wait(self) -> None:
        """Return when the node is to stop."""
        await self._asked.wait()


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is started and stopped; it is stopped too where its start failed."""

    name: str
    start: Callable[[], Awaitable[object]]
    stop: Callable[[], Awaitable[object]]
    stop_limit: float = STOP_LIMIT


async def live(parts: Sequence[Part], stopping: Stopping) -> None:
    """Start the parts, run until asked to stop, and stop those that were started.

    Raises what the start of a part raised, or what the node failed with; LocalFault where a part
    did not stop.
    """
    started: list[Part] = []
    try:
        for each in parts:
            if stopping.is_asked:
                break
            _log.debug("starting", what=each.name)
            started.append(each)
            await each.start()
        if not stopping.is_asked:
            _log.info("running")
            await stopping.wait()
        _log.info("stopping", why=stopping.reason)
    finally:
        stuck = [each.name for each in reversed(started) if not await _stopped(each)]
    if stopping.error is not None:
        raise stopping.error
    if stuck:
        raise LocalFault(f"did not stop in time, or not well: {', '.join(stuck)}")


def run(main: Callable[[Stopping], Coroutine[Any, Any, None]]) -> None:
    """Run a node in an event loop of its own until it has stopped, however it is asked to.

    Raises what it raises.
    """
    allow_open_files()
    sys.setswitchinterval(_SWITCH_SECONDS)

    async def guarded() -> None:
        stopping = Stopping()
        hear_signals(stopping)
        await main(stopping)

    asyncio.run(guarded())


def hear_signals(stopping: Stopping) -> None:
    """Let the first signal to stop ask for it, and the second one end the process."""
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        # What the system does by itself also ends a process whose loop is held up.
        for each in heard:
            signal.signal(each, signal.SIG_DFL)
        _log.info("signal", name=number.name, again="ends the node at once")
        stopping.ask(number.name)

    heard: list[signal.Signals] = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number: signal.Signals | None = getattr(signal, name, None)
        # Who started it with nohup does not want it to end with the terminal.
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        heard.append(number)
        if sys.platform == "win32":
            signal.signal(
                number, lambda n, _: loop.call_soon_threadsafe(on_signal, signal.Signals(n))
            )
        else:
            loop.add_signal_handler(number, on_signal, number)


async def _stopped(each: Part) -> bool:
    """Stop a part, and return whether it did."""
    try:
        async with asyncio.timeout(each.stop_limit):
            await each.stop()
    except TimeoutError:
        _log.error("not stopped in time", what=each.name, limit=each.stop_limit)
        return False
    except Exception as error:  # noqa: BLE001 - the other parts must be stopped too
        _log.error("not stopped", error=error, what=each.name)
        return False
    return True
