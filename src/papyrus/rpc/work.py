"""Work that takes longer than the event loop may stand still.

A method hands over a plain function and plain data; the node runs it in a process that opens the
same blocks.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from papyrus.ipld.blockstore import Blockstore

P = ParamSpec("P")
T = TypeVar("T")


class Workers(Protocol):
    """Processes beside the event loop."""

    async def run(
        self,
        work: Callable[Concatenate[Blockstore, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return what a function of a module makes of the blocks and some data.

        What it raises is raised here.
        """
        ...
