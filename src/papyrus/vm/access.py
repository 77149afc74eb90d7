"""What a message has already paid to look at (FIP-0057, state-access charges).

The first read of an actor, its first update and the first resolution of an address are charged
once per message. A failed call forgets the accesses it made, so they are charged again; the
actors that every node keeps at hand are never charged.
"""

from collections.abc import Iterable

from papyrus.primitives.address import Address, Protocol
from papyrus.vm.history import UndoMap

READ = 1
"""The actor's state was read and paid for."""

UPDATED = 2
"""The actor's state was updated and paid for, reading included."""


class AccessTracker:
    """The accesses charged so far, with the transactions that may yet forget them."""

    __slots__ = ("_actors", "_addresses", "_marks")

    def __init__(self, preloaded: Iterable[int]) -> None:
        """Start with the preloaded actors counted as updated."""
        self._actors: UndoMap[int, int] = UndoMap(dict.fromkeys(preloaded, UPDATED))
        self._addresses: UndoMap[Address, bool] = UndoMap()
        self._marks: list[tuple[int, int]] = []

    def begin(self) -> None:
        """Open a transaction."""
        self._marks.append((self._actors.height, self._addresses.height))

    def end(self, *, revert: bool) -> None:
        """Close the innermost transaction, forgetting its accesses if it is reverted."""
        actors, addresses = self._marks.pop()
        if revert:
            self._actors.rollback(actors)
            self._addresses.rollback(addresses)

    def level(self, actor_id: int) -> int:
        """Return 0, READ or UPDATED: the dearest access to the actor paid for so far."""
        return self._actors.values.get(actor_id, 0)

    def record_read(self, actor_id: int) -> None:
        """Note that reading the actor is paid for."""
        if actor_id not in self._actors.values:
            self._actors.set(actor_id, READ)

    def record_update(self, actor_id: int) -> None:
        """Note that updating the actor is paid for."""
        if self._actors.values.get(actor_id) != UPDATED:
            self._actors.set(actor_id, UPDATED)

    def is_resolved(self, address: Address) -> bool:
        """Return whether resolving the address costs nothing any more."""
        return address.protocol is Protocol.ID or address in self._addresses.values

    def record_resolved(self, address: Address) -> None:
        """Note that resolving the address is paid for."""
        if address.protocol is not Protocol.ID:
            self._addresses.set(address, True)
