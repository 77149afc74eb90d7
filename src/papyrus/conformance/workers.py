"""Running many cases, in this process or in several, with results in the order of the input.

Each case stands alone, so the number of processes changes nothing but the time it takes. Workers
are started afresh (spawned), since a process that already holds the Wasm engine must not be forked.
"""

import multiprocessing
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
    with ProcessPoolExecutor(max_workers=jobs, mp_context=context) as pool:
        futures: list[Future[Result]] = [pool.submit(function, task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        except BrokenProcessPool as error:
            raise LocalFault(
                "a worker process ended abruptly, perhaps for want of memory: try fewer --jobs"
            ) from error
        finally:
            for future in futures:
                future.cancel()
