"""Processes that execute, so that the event loop never does.

Each has the same means, for instance the same block store opened, and is called with a function
that a module holds by name and arguments small enough to be sent. A call that takes too long, or
whose caller went away, is ended with its process, and another process takes its place; so is a
process that ends by itself, and then its caller hears which function it died of.

`InlineWorkers` has the same face and calls in the node's own process: for tests, and for networks
so small that a process more would cost more than the stalls.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from papyrus.node.logging import part
from papyrus.node.worker_handle import WorkerHandle
from papyrus.node.worker_messages import Call, Failure, Preparation, Success, full_name
from papyrus.node.worker_process import outcome
from papyrus.primitives.errors import LocalFault, PapyrusError

ABANDONED_LIMIT = 1.0
"""Seconds that a call may still take when nobody waits for it any more."""

STOP_GRACE = 10.0
"""Seconds that calls under way are given when the node stops."""

_log = part("workers")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Means = TypeVar("Means")
_Means_co = TypeVar("_Means_co", covariant=True)


@dataclass(frozen=True, slots=True)
class CallReport:
    """How a call went, for metrics and logs."""

    function: str
    outcome: str
    """ok, the class of the error, lost (the process ended), late, abandoned, or refused (the
    arguments cannot be sent)."""
    waited: float
    """Seconds until a worker was free."""
    seconds: float
    """Seconds from then on."""


class Runner(Protocol[_Means_co]):
    """What services see of workers."""

    async def run(
        self,
        function: Callable[Concatenate[_Means_co, Parameters], Result],
        /,
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Return what a function returns for the worker's means and these arguments."""
        ...


def _hear_nothing(_report: CallReport) -> None:
    """Take no notice of how a call went."""


class Workers(Generic[Means]):
    """Worker processes, all alike."""

    def __init__(
        self,
        count: int,
        prepare: Callable[..., Means],
        *arguments: Any,
        queue_length: int = 256,
        time_limit: float = 600.0,
        hear: Callable[[CallReport], None] = _hear_nothing,
    ) -> None:
        """Plan so many processes, whose means are what `prepare` returns for the arguments there.

        `hear` is told how each call went.
        """
        full_name(prepare)
        self._handles = [WorkerHandle(Preparation(prepare, arguments)) for _ in range(count)]
        self._queue_length = queue_length
        self._time_limit = time_limit
        self._hear = hear
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._idle: list[WorkerHandle] = []
        self._waiting: deque[asyncio.Future[WorkerHandle]] = deque()
        self._under_way: set[asyncio.Future[Any]] = set()
        self._stopping = False

    @property
    def restarts(self) -> int:
        """How often a process was begun in place of another."""
        return sum(max(handle.launches - 1, 0) for handle in self._handles)

    @property
    def count(self) -> int:
        """How many processes there should be."""
        return len(self._handles)

    @property
    def alive(self) -> int:
        """How many of them are ready for calls, or busy with one."""
        return sum(handle.is_alive for handle in self._handles)

    @property
    def waiting(self) -> int:
        """How many calls wait for one of them."""
        return len(self._waiting)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [handle.pid for handle in self._handles if handle.pid is not None]

    def launch(self) -> None:
        """Begin the processes and return at once: they start while the node does other things."""
        for handle in self._handles:
            if handle.pid is None:
                handle.launch()

    async def start(self) -> float:
        """Return the seconds until all processes are ready, from the launch of the slowest.

        Calls that were made before wait until then. Raises what its preparation raises, and
        LocalFault where a process does not come up; none is left then, and who waits hears of it.
        """
        self.launch()
        ready = [self._in_thread(handle.await_ready) for handle in self._handles]
        await asyncio.wait(ready)
        failures = [error for each in ready if (error := each.exception()) is not None]
        if failures:
            self._refuse_waiting(failures[0])
            await self.stop()
            raise failures[0]
        for handle in self._handles:
            self._free(handle)
        return max(each.result() for each in ready)

    async def run(
        self,
        function: Callable[Concatenate[Means, Parameters], Result],
        /,
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Return what a function returns for a worker's means and these arguments.

        Raises what it raises. LocalFault where it raises no error of Papyrus', where its process
        ends or the time limit is over, and where too many calls wait already. TypeError where no
        module holds it by name.
        """
        name = full_name(function)
        clock = asyncio.get_running_loop().time
        start = clock()
        handle = await self._take()
        begun = clock()
        exchange = self._in_thread(handle.call, Call(function, arguments, named))
        ended = "abandoned"
        try:
            done, _ = await asyncio.wait((exchange,), timeout=self._time_limit)
            if not done:
                ended = "late"
                handle.kill()
                raise LocalFault(f"{name} took longer than {self._time_limit:g} s, and was ended")
            ended = "lost" if not handle.is_ready else "refused"
            answer = exchange.result()
            ended = answer.kind.__name__ if isinstance(answer, Failure) else "ok"
            result: Result = _value(answer)
            return result
        finally:
            self._give_back(handle, exchange)
            self._hear(CallReport(name, ended, begun - start, clock() - begun))

    async def stop(self, grace: float = STOP_GRACE) -> None:
        """End all processes; calls under way are given the grace, calls that wait are refused."""
        self._stopping = True
        self._refuse_waiting(_stopping())
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=grace)
        if self._under_way:
            for handle in self._handles:
                handle.kill()
            await asyncio.wait(set(self._under_way))
        self._idle.clear()
        await asyncio.gather(*(self._in_thread(handle.end) for handle in self._handles))
        self._threads.shutdown()

    def kill(self) -> None:
        """End all processes at once, where there may be no event loop to stop them in."""
        self._stopping = True
        for handle in self._handles:
            handle.kill()
            handle.bury()
        self._threads.shutdown()

    def _refuse_waiting(self, error: BaseException) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(error)
        self._waiting.clear()

    async def _take(self) -> WorkerHandle:
        """Return a worker that is free, when there is one; first come, first served."""
        if self._stopping:
            raise _stopping()
        if self._idle:
            return self._idle.pop()
        if len(self._waiting) >= self._queue_length:
            raise LocalFault(f"{len(self._waiting)} executions wait already: try again later")
        place: asyncio.Future[WorkerHandle] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._free(place.result())
            elif place in self._waiting:
                self._waiting.remove(place)
            raise

    def _free(self, handle: WorkerHandle) -> None:
        """Give a worker to whoever waits longest, or let it be idle."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(handle)
                return
        self._idle.append(handle)

    def _give_back(self, handle: WorkerHandle, exchange: "asyncio.Future[Any]") -> None:
        """Make a worker free again, once it is whole."""
        if exchange.done() and handle.is_ready:
            self._free(handle)
        else:
            self._keep(self._mend(handle, exchange))

    async def _mend(self, handle: WorkerHandle, exchange: "asyncio.Future[Any]") -> None:
        """Wait for a call that nobody waits for, end it if need be, and replace a lost process."""
        done, _ = await asyncio.wait((exchange,), timeout=ABANDONED_LIMIT)
        if not done:
            handle.kill()
            await asyncio.wait((exchange,))
        exchange.exception()  # its caller heard of it, or is gone
        if not handle.is_ready and not self._stopping:
            _log.warning("replacing a worker", replaced=self.restarts)
            restart = self._in_thread(handle.await_ready)
            await asyncio.wait((restart,))
            # Whoever calls it next tries again, and hears why it fails.
            if (fault := restart.exception()) is not None:
                _log.error("worker not replaced", why=fault)
        self._free(handle)

    def _in_thread(
        self, function: Callable[..., Result], *arguments: Any
    ) -> "asyncio.Future[Result]":
        """Begin a blocking call in a thread; it goes on though nobody waits for it."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Let a task run, and hold it while it does."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


class InlineWorkers(Generic[Means]):
    """No processes: calls are made where they are asked for, one at a time."""

    restarts = 0
    waiting = 0

    def __init__(self, means: Means, *, hear: Callable[[CallReport], None] = _hear_nothing) -> None:
        """Call with these means; `hear` is told how each call went."""
        self._means = means
        self._hear = hear
        self._stopping = False

    @property
    def count(self) -> int:
        """One, which is the node itself."""
        return 1

    @property
    def alive(self) -> int:
        """One until it is stopped."""
        return 0 if self._stopping else 1

    async def start(self) -> float:
        """Return 0: there is nothing to wait for."""
        return 0.0

    async def run(
        self,
        function: Callable[Concatenate[Means, Parameters], Result],
        /,
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Return what a function returns, and raise what it raises, as `Workers.run` does."""
        name = full_name(function)
        if self._stopping:
            raise _stopping()
        await asyncio.sleep(0)
        answer = outcome(Call(function, arguments, named), self._means)
        ended = answer.kind.__name__ if isinstance(answer, Failure) else "ok"
        self._hear(CallReport(name, ended, 0.0, answer.seconds))
        result: Result = _value(answer)
        return result

    async def stop(self, grace: float = STOP_GRACE) -> None:  # noqa: ARG002 - the same face
        """Refuse further calls."""
        self._stopping = True

    def kill(self) -> None:
        """Refuse further calls."""
        self._stopping = True


def _value(answer: Success | Failure) -> Any:
    if isinstance(answer, Failure):
        raise answer.error()
    return answer.value


def _stopping() -> PapyrusError:
    return LocalFault("the node is stopping")
