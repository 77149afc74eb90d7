"""Looking many senders up on the chain at once, beside the event loop.

The pool looks its senders up as it needs them, each once for a head. That is quick for one, and a
tenth of a second for a thousand; so where all of them are about to be needed, they are looked up on
a thread, and the pool is told.
"""

import asyncio
from collections.abc import Iterable

from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.pool import MessagePool
from papyrus.primitives.address import Address
from papyrus.types.tipset import Tipset

_FEW = 20
"""Senders that the pool may as well look up itself."""


async def know_senders(
    pool: MessagePool, view: StoredChainView, base: Tipset, senders: Iterable[Address]
) -> None:
    """Let a pool know senders as a tipset leaves them, whose state must be known."""
    unknown = pool.accounts.unknown(base, senders)
    if len(unknown) > _FEW:
        found = await asyncio.to_thread(view.looking_up(base), unknown)
        pool.accounts.know(base, found)
