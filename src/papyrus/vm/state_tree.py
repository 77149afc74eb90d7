"""The state tree: every actor of the chain by its ID, cached and undoable (spec 4.2, FIP-0048).

The tree is a HAMT from ID address to actor state behind a small root that names its version.
The machine reads an actor once and writes it once, when the tree is flushed; what calls do in
between lives in caches that a failed call rolls back. Resolving and registering addresses goes
through the init actor's address map, which the machine reads and writes as the init actor would.
"""

from collections.abc import Iterator

from papyrus.ipld.blockstore import Blockstore, get_cbor, load, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, Fatal, LocalFault
from papyrus.types.actor import ActorState, StateRoot
from papyrus.vm.history import UndoMap

INIT_ACTOR = 1
SYSTEM_ACTOR = 0
REWARD_ACTOR = 2
BURNT_FUNDS_ACTOR = 99
EAM_ACTOR = 10
"""The ID of the Ethereum address manager, and the namespace of its delegated addresses."""

_SUPPORTED_VERSION = 5
"""Since nv18 an actor has a place for its delegated address."""


class StateTree:
    """The actors under one state root, with the changes not yet flushed."""

    __slots__ = ("_actors", "_addresses", "_dirty", "_hamt", "_info", "_marks", "store")

    def __init__(self, store: Blockstore, root: Cid) -> None:
        """Open the tree at `root`; LocalFault where it is missing or of another version."""
        try:
            state_root = StateRoot.from_cbor(load(store, root))
        except DecodeError as error:
            raise LocalFault(f"{root} is not the root of a state tree: {error}") from error
        if state_root.version != _SUPPORTED_VERSION:
            raise LocalFault(
                f"state tree {root} has version {state_root.version}; "
                f"only version {_SUPPORTED_VERSION} (nv18 and later) can be executed"
            )
        self.store = store
        self._info = state_root.info
        self._hamt = Hamt(store, state_root.actors)
        self._actors: UndoMap[int, ActorState | None] = UndoMap()
        self._dirty: UndoMap[int, bool] = UndoMap()
        self._addresses: UndoMap[Address, int] = UndoMap()
        self._marks: list[tuple[int, int, int]] = []

    def get(self, actor_id: int) -> ActorState | None:
        """Return the actor, or None where there is none."""
        cache = self._actors.values
        if actor_id in cache:
            return cache[actor_id]
        value = self._hamt.get(Address.from_id(actor_id))
        try:
            actor = None if value is None else ActorState.from_ipld(value)
        except DecodeError as error:
            raise Fatal(f"actor {actor_id} cannot be read: {error}") from error
        self._actors.set(actor_id, actor)
        return actor

    def items(self) -> Iterator[tuple[int, ActorState]]:
        """Yield every actor as last flushed, in the order of the tree; DecodeError if malformed."""
        for key, value in self._hamt.items():
            yield Address.from_bytes(key).id, ActorState.from_ipld(value)

    def set(self, actor_id: int, actor: ActorState) -> None:
        """Put the actor in place of what was there."""
        self._actors.set(actor_id, actor)
        self._dirty.set(actor_id, True)

    def delete(self, actor_id: int) -> None:
        """Take the actor away."""
        self._actors.set(actor_id, None)
        self._dirty.set(actor_id, True)

    def deposit(self, actor_id: int, amount: TokenAmount) -> None:
        """Add to an existing actor's balance."""
        actor = self.get(actor_id)
        if actor is None:
            raise Fatal(f"no actor {actor_id} to receive {amount} attoFIL")
        self.set(actor_id, actor.with_balance(actor.balance + amount))

    def resolve(self, address: Address) -> int | None:
        """Return the actor ID of any address, or None where it is not registered."""
        if address.protocol is Protocol.ID:
            return address.id
        cached = self._addresses.values.get(address)
        if cached is not None:
            return cached
        _, address_map, _, _ = self._init_state()
        found = Hamt(self.store, address_map).get(address)
        if found is None:
            return None
        self._addresses.set(address, found)
        return int(found)

    def register(self, address: Address) -> int:
        """Give the address the next actor ID, in the init actor's state, and return the ID."""
        init, address_map, next_id, rest = self._init_state()
        names = Hamt(self.store, address_map)
        names.set(address, next_id)
        head = put_cbor(self.store, [names.flush(), next_id + 1, *rest])
        self.set(INIT_ACTOR, init.with_head(head))
        self._addresses.set(address, next_id)
        return next_id

    def begin(self) -> None:
        """Open a transaction."""
        self._marks.append((self._actors.height, self._dirty.height, self._addresses.height))

    def end(self, *, revert: bool) -> None:
        """Close the innermost transaction, undoing its changes if it is reverted."""
        actors, dirty, addresses = self._marks.pop()
        if revert:
            self._actors.rollback(actors)
            self._dirty.rollback(dirty)
            self._addresses.rollback(addresses)
        if not self._marks:
            self._actors.forget()
            self._dirty.forget()
            self._addresses.forget()

    def flush(self) -> Cid:
        """Write the changed actors and return the new state root; not inside a transaction."""
        if self._marks:
            raise Fatal("cannot flush the state tree inside a transaction")
        hamt = self._hamt
        for actor_id in self._dirty.values:
            actor = self._actors.values[actor_id]
            if actor is None:
                hamt.delete(Address.from_id(actor_id))
            else:
                hamt.set(Address.from_id(actor_id), actor.to_ipld())
        self._dirty = UndoMap()
        root = StateRoot(version=_SUPPORTED_VERSION, actors=hamt.flush(), info=self._info)
        return put_cbor(self.store, root.to_ipld())

    def _init_state(self) -> tuple[ActorState, Cid, int, list[object]]:
        init = self.get(INIT_ACTOR)
        if init is None:
            raise Fatal("the state tree holds no init actor")
        address_map, next_id, *rest = get_cbor(self.store, init.head)
        return init, address_map, next_id, rest
