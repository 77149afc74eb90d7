"""Running many cases, in this process or in several, with results in the order of the input.

Each case stands alone, so the number of processes changes nothing but the time it takes. Workers
are started afresh (spawned), since a process that already holds the Wasm engine must not be forked.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from papyrus.primitives.errors import LocalFault

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_in_order(
    function: Callable[[Task], Result], tasks: Iterable[Task], jobs: int
) -> Iterator[Result]:
    """Yield the result of each task, in order; the function must be one a module holds by name.

    What a task raises is raised here, and the rest is not run.
    """
    if jobs <= 1:
        yield from map(function, tasks)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_leave_interrupts_to_the_parent)
    finished = False
    try:
        futures: list[Future[Result]] = [pool.submit(function, task) for task in tasks]
        for future in futures:
            yield future.result()
        finished = True
    except BrokenProcessPool as error:
        raise LocalFault(
            "a worker process ended abruptly, perhaps for want of memory: try fewer --jobs"
        ) from error
    finally:
        if not finished:
            for worker in multiprocessing.active_children():
                worker.terminate()
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    """Let Ctrl-C, which every process of a terminal gets, end the parent alone; it ends the rest.

    A worker that it ended in the middle of handing over a result would leave the others waiting.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
