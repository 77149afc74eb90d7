"""What waits, as seen from any tipset (Lotus' MpoolPending).

A client that builds on a tipset of its own asks what waits there. From a tipset at or above the
pool's that is what waits in the pool and what the blocks between the two took, unless the pool's
tipset is on another fork of the same height, whose own messages are then left out.
"""

from papyrus.ipld.cid import Cid
from papyrus.mpool.chain_view import ChainView
from papyrus.mpool.pool import MessagePool
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import Tipset


def pending_at(pool: MessagePool, view: ChainView, tipset: Tipset) -> list[SignedMessage]:
    """Return what waits, seen from a tipset; LocalFault where a block in between is missing."""
    pending = pool.pending()
    head = view.head
    if head.height > tipset.height or head.key == tipset.key:
        return pending
    known: set[Cid] = {signed.cid for signed in pending}
    while tipset.height >= head.height and tipset.key != head.key:
        if tipset.height == head.height:
            known.update(signed.cid for signed in pool.signed_in(head))
        for signed in pool.signed_in(tipset):
            if signed.cid not in known:
                known.add(signed.cid)
                pending.append(signed)
        if tipset.height == 0:
            break
        tipset = view.tipset(tipset.parents)
    return pending
