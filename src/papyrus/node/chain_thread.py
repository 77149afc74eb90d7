"""A thread beside the event loop for work on the chain that takes tens of milliseconds.

Judging a block and trying for one walk back a finality of tipsets. There is one thread for both, so
that they share the tipsets it has decoded, and never run at once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from papyrus.consensus.chain import StoredChain
from papyrus.ipld.blockstore import Blockstore

P = ParamSpec("P")
R = TypeVar("R")


class ChainThread:
    """The thread, and the tipsets it knows."""

    def __init__(self, blocks: Blockstore) -> None:
        """Begin without a tipset."""
        self.source = StoredChain(blocks)
        """To be used on the thread alone."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chain")

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what a function returns on the thread, once what was asked before is done."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))

    def stop(self) -> None:
        """Let what is under way end, and end the thread."""
        self._thread.shutdown(cancel_futures=True)
