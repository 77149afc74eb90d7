"""Room for 1,024 nested calls.

Each call between actors nests a Wasm instance on the thread's own stack, far more of it than a
thread usually has, and some Python frames besides; and Python itself bounds how often C code may
call it back within one thread, at a few hundred times in some releases. Execution therefore runs
on a thread made for it, and every so many calls down it goes on in a further one, while those
above wait.
"""

import sys
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

CALLS_PER_STACK = 100
"""Nested calls on one thread: a third of what the strictest supported Python allows."""

_STACK_LENGTH = 256 << 20
"""Bytes of address space of a thread; memory is used only as deep as calls go."""

_RECURSION_LIMIT = 10_000
"""Python frames of a thread: a nested call takes under twenty."""

P = ParamSpec("P")
R = TypeVar("R")

_here = threading.local()


class _Depth:
    """Python's recursion limit, which is the whole process's, raised only while work runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._ordinary = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._running == 0:
                self._ordinary = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self._ordinary, _RECURSION_LIMIT))
            self._running += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0:
                sys.setrecursionlimit(self._ordinary)

    def start(self, work: Callable[[], None]) -> threading.Thread:
        """Start a thread with a stack of its own length."""
        with self._lock:
            before = threading.stack_size(_STACK_LENGTH)
            try:
                thread = threading.Thread(target=work, name="papyrus-execution")
                thread.start()
            finally:
                threading.stack_size(before)
        return thread


_depth = _Depth()


def call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the function with room for deep nesting and return what it returns.

    Whatever it raises is raised here. Work already on such a thread stays there.
    """
    if current_execution() is not None:
        return function(*args, **kwargs)
    return _elsewhere(object(), function, *args, **kwargs)


def call_afresh(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the function on a further stack, as part of the execution in progress."""
    return _elsewhere(current_execution() or object(), function, *args, **kwargs)


def current_execution() -> object | None:
    """Return what stands for the execution this thread is part of, or None where it is of none.

    Its threads wait for one another, so that for all the world they are one.
    """
    return getattr(_here, "execution", None)


def _elsewhere(execution: object, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    outcome: list[R] = []
    failure: list[BaseException] = []

    def run() -> None:
        _here.execution = execution
        try:
            outcome.append(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - carried to the calling thread, all of it
            failure.append(error)

    with _depth:
        _depth.start(run).join()
    if failure:
        raise failure[0]
    return outcome[0]
