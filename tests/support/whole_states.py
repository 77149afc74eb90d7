"""A whole state of a small network, sound at first, any part of which a test may change."""

from dataclasses import replace
from functools import cache

from genesis import build, devnet

from papyrus.actors.checks.state import check_state
from papyrus.actors.common.collections import RecordShape
from papyrus.cli.car_export import reachable
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore, load, put_cbor
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.actor_codes import actor_codes
from papyrus.storage.car_files import save_car
from papyrus.types.actor import EMPTY_STATE, ActorState, StateRoot

MINER = 1000


@cache
def genesis():
    """Return the genesis of a devnet of one miner with two sectors."""
    return build(devnet(1, 2))


class WholeState:
    """A state tree in memory: its actors by ID, to be changed and then checked."""

    def __init__(self):
        """Begin with the genesis of a devnet."""
        made = genesis()
        self.store = LayeredBlockstore(MemoryBlockstore(), made.store)
        self.codes = actor_codes(18, "devnet")
        top = StateRoot.from_cbor(load(self.store, made.header.parent_state_root))
        self.info = top.info
        self.actors = {
            Address.from_bytes(key).id: ActorState.from_ipld(value)
            for key, value in Hamt(self.store, top.actors).items()
        }

    def state(self, actor_id, kind):
        """Return an actor's state."""
        return RecordShape(kind).load(self.store, self.actors[actor_id].head)

    def put(self, actor_id, name, head=EMPTY_STATE, *, balance=0, delegated=None):
        """Put an actor into the tree; its state is a record or the CID of one."""
        if not isinstance(head, bytes):
            head = put_cbor(self.store, head.to_ipld())
        self.actors[actor_id] = ActorState(
            self.codes[name], head, 0, TokenAmount(balance), delegated
        )

    def change_actor(self, actor_id, **fields):
        """Change what the tree itself says of an actor."""
        self.actors[actor_id] = replace(self.actors[actor_id], **fields)

    def change(self, actor_id, kind, **fields):
        """Change fields of an actor's state."""
        changed = replace(self.state(actor_id, kind), **fields)
        self.change_actor(actor_id, head=RecordShape(kind).save(self.store, changed))

    def edit(self, actor_id, kind, name, shape, edit):
        """Change the collection that a field of an actor's state is the root of."""
        opened = shape.open(self.store, getattr(self.state(actor_id, kind), name))
        edit(opened)
        self.change(actor_id, kind, **{name: opened.flush()})

    def write(self):
        """Write the tree and return its root."""
        tree = Hamt(self.store)
        for actor_id, actor in self.actors.items():
            tree.set(Address.from_id(actor_id), actor.to_ipld())
        return put_cbor(self.store, StateRoot(5, tree.flush(), self.info).to_ipld())

    def header(self, height, parents=()):
        """Write a block that is executed on the state, and return its CID."""
        made = replace(
            genesis().header, height=height, parents=tuple(parents), parent_state_root=self.write()
        )
        return put_cbor(self.store, made.to_ipld())

    def save(self, path, *roots):
        """Write a file of the state, or of all that the roots lead to, and return its path."""
        roots = list(roots or [self.write()])
        save_car(path, roots, reachable(self.store, roots))
        return path

    def report(self, **options):
        """Return what a check says."""
        return check_state(self.store, self.write(), **options)

    def wrong(self, **options):
        """Return what a check finds, as sentences."""
        return [str(finding) for finding in self.report(**options).findings]
