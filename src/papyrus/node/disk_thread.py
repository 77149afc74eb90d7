"""A file whose writes are flushed to the disk on a thread of its own, while the event loop goes on.

A flush takes a millisecond on a good disk and a second on a busy one. Who waits for it is who asked
for the write, and nobody else. Where many ask at once, `WriteBehind` lets them share a flush.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeVar

from papyrus.node.logging import part
from papyrus.primitives.errors import PapyrusError

P = ParamSpec("P")
R = TypeVar("R")

_log = part("disk")


class Closable(Protocol):
    """A file."""

    def close(self) -> None:
        """Let go of it."""
        ...


File = TypeVar("File", bound=Closable)
Change = TypeVar("Change")


class DiskThread(Generic[File]):
    """The thread, and the file as it has it open."""

    def __init__(self, name: str, open_file: Callable[[], File]) -> None:
        """Open the file, once here for reading and once there; raises what opening it raises."""
        self.reader = open_file()
        """For the thread that made this: it waits for nobody, and sees what is written."""
        self._name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        try:
            self._file = self._thread.submit(open_file).result()
        except BaseException:
            self.reader.close()
            self._thread.shutdown()
            raise

    def submit(
        self, function: Callable[Concatenate[File, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> "Future[R]":
        """Have a function of the file called in its turn; that it failed, the log tells."""

        def call() -> R:
            try:
                return function(self._file, *args, **kwargs)
            except PapyrusError as error:
                _log.error("a file was not written", what=self._name, why=error)
                raise

        return self._thread.submit(call)

    async def run(
        self, function: Callable[Concatenate[File, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Return what a function of the file returns, once what was asked before is done."""
        return await done(self.submit(function, *args, **kwargs))

    def close(self) -> None:
        """Return when all that was asked for is done, and the file is closed."""
        self._thread.submit(self._file.close)
        self._thread.shutdown()
        self.reader.close()


class WriteBehind(Generic[File, Change]):
    """A file whose changes are noted, and written in their order: all that wait, with one flush."""

    def __init__(
        self,
        name: str,
        open_file: Callable[[], File],
        write: Callable[[File, Sequence[Change]], None],
    ) -> None:
        """Open the file; `write` makes changes in one step, all on the disk when it returns."""
        self.disk = DiskThread(name, open_file)
        self._write = write
        self._lock = threading.Lock()
        self._noted: list[Change] = []
        self._flush: Future[None] = Future()
        self._flush.set_result(None)

    def note(self, change: Change) -> None:
        """Have a change made; it is on the disk when what `flush` returns then is done."""
        with self._lock:
            self._noted.append(change)
            if len(self._noted) == 1:
                self._flush = self.disk.submit(self._write_noted)

    def flush(self) -> "Future[None]":
        """Return what is done when the last change noted is on the disk, or cannot be written."""
        return self._flush

    def close(self) -> None:
        """Return when all that was noted is written, and the file is closed."""
        self.disk.close()

    def _write_noted(self, file: File) -> None:
        with self._lock:
            changes, self._noted = self._noted, []
        self._write(file, changes)


async def done(future: "Future[R]") -> R:
    """Return what comes of something on another thread, which goes on if nobody waits for it."""
    waiting = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        waiting.add_done_callback(lambda gone: gone.cancelled() or gone.exception())
        raise
