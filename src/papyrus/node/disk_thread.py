"""A file whose writes are flushed to the disk on a thread of its own, while the event loop goes on.

A flush takes a millisecond on a good disk and a second on a busy one. Who waits for it is who asked
for the write, and nobody else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


class DiskThread(Generic[File]):
    """The thread, and the file as it has it open."""

    def __init__(self, name: str, open_file: Callable[[], File]) -> None:
        """Open the file, once here for reading and once there; raises what opening it raises."""
        self.reader = open_file()
        """For the thread that made this: it waits for nobody, and sees what is written."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        try:
            self._file = self._thread.submit(open_file).result()
        except BaseException:
            self.reader.close()
            self._thread.shutdown()
            raise

    async def run(
        self, function: Callable[Concatenate[File, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Return what a function of the file returns, once what was asked before is done."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: function(self._file, *args, **kwargs)
        )

    def post(
        self, function: Callable[Concatenate[File, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Have a function of the file called in its turn; that it failed, the log tells."""

        def call() -> None:
            try:
                function(self._file, *args, **kwargs)
            except PapyrusError as error:
                _log.error("a file was not written", why=error)

        self._thread.submit(call)

    def close(self) -> None:
        """Return when all that was asked for is done, and the file is closed."""
        self._thread.submit(self._file.close)
        self._thread.shutdown()
        self.reader.close()
