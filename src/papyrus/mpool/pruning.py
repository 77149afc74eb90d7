"""Which messages go when the pool is too large (`pruning.go`).

Kept are those of this node's users and of priority senders, and after them the chains that would
pay a block best if the base fee were a tenth, up to the lower limit. Messages behind a gap, and
those that cannot be paid for, are in no chain and so go first.
"""

from collections.abc import Collection

from papyrus.mpool.message_chains import create_chains, sort_by_performance
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.selection import Candidates
from papyrus.primitives.address import Address


def excess_messages(
    candidates: Candidates, protected: Collection[Address], keep: int
) -> list[PendingMessage]:
    """Return the messages that go so that about `keep` remain.

    `candidates` has the lower bound of the base fee; `protected` are senders by their keys.
    """
    kept = 0
    losing: dict[tuple[Address, int], PendingMessage] = {}
    chains = []
    for queue in candidates.queues:
        if queue.sender in protected:
            kept += len(queue.messages)
            continue
        losing.update(((queue.sender, message.nonce), message) for message in queue.messages)
        chains += create_chains(queue, candidates.base_fee, candidates.prices)
    sort_by_performance(chains)
    for chain in chains:
        for message in chain.messages:
            if kept >= keep:
                return list(losing.values())
            del losing[message.sender, message.nonce]
            kept += 1
    return list(losing.values())
