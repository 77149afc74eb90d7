"""How methods look at a state: from a tipset key to a view, off the event loop.

A view may read thousands of blocks, so it runs on a thread while the loop serves others; what it
reads never changes.
"""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from papyrus.rpc.declarations import Context
from papyrus.rpc.methods.chain import Chain, tipset_of
from papyrus.rpc.views.state_at import StateAt
from papyrus.rules.network import Network
from papyrus.types.tipset import TipsetKey

P = ParamSpec("P")
R = TypeVar("R")


class StateNode(Protocol):
    """What looking at states asks of the node."""

    @property
    def chain(self) -> Chain:
        """The chain; its blocks are read from any thread."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...


def state_at(node: StateNode, key: TipsetKey) -> StateAt:
    """Return the state that a tipset was executed on."""
    return StateAt.before(tipset_of(node.chain, key), node.chain.blocks, node.network)


async def look(
    context: Context[StateNode],
    key: TipsetKey,
    view: Callable[Concatenate[StateAt, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Return what a view says of the state that a tipset was executed on."""
    return await asyncio.to_thread(view, state_at(context.node, key), *args, **kwargs)
