"""What every migration works with: the two sets of actors, and the old state tree."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from papyrus.ipld.blockstore import Blockstore, get_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.tree_blocks import put_block
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, Fatal
from papyrus.rules.network import MigrationFacts
from papyrus.types.actor import ActorState

SYSTEM_ACTOR = 0

ChangeActor = Callable[[int, ActorState], ActorState]
"""Gives the migrated actor for an ID and an actor that has its new code and its old state."""

Changes = dict[str, ChangeActor]
"""How actors change beyond their code, by the name of the code."""


class Progress(Protocol):
    """Hears how far a migration has come."""

    def __call__(self, shares: int, actors: int, /) -> None:
        """Take note: of `SHARES` equal parts of the tree so many are done, and so many actors."""
        ...


@dataclass(frozen=True, slots=True)
class Migration:
    """One upgrade of one state."""

    store: Blockstore
    """Has the old state and the new manifest; takes what is new."""
    actors: Cid
    """The old HAMT of actors."""
    height: ChainEpoch
    """Where the upgrade lies."""
    facts: MigrationFacts
    old_codes: dict[str, Cid]
    new_codes: dict[str, Cid]
    """The code of each actor by name, in the order of its manifest."""

    def old_actor(self, actor_id: int) -> ActorState | None:
        """Return an actor as it was, or None where there is none."""
        value = Hamt(self.store, self.actors).get(Address.from_id(actor_id))
        return None if value is None else ActorState.from_ipld(value)


def read_manifest(store: Blockstore, manifest_data: Cid) -> dict[str, Cid]:
    """Return the code of each actor by name, as the list that a manifest leads to has it.

    Raises DecodeError where it is no such list or names one code twice, LocalFault where it is
    missing.
    """
    entries = get_cbor(store, manifest_data)
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise DecodeError(f"{manifest_data} is not a manifest's list of actors")
    codes = dict(entries)
    if not len(set(codes.values())) == len(codes) == len(entries):
        raise DecodeError(f"the manifest {manifest_data} has a name or a code twice")
    return codes


def manifest_of(store: Blockstore, actors: Cid) -> Cid:
    """Return the list of actors that a state tree names; Fatal where it has no system actor."""
    value = Hamt(store, actors).get(Address.from_id(SYSTEM_ACTOR))
    if value is None:
        raise Fatal("the state has no system actor")
    state = get_cbor(store, ActorState.from_ipld(value).head)
    if not isinstance(state, list) or len(state) != 1 or not isinstance(state[0], Cid):
        raise DecodeError("the system actor's state is not a link to a manifest")
    return state[0]


def put_record(store: Blockstore, record: Record) -> Cid:
    """Store a record and return its CID."""
    return put_block(store, record.to_cbor())


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[0], str)
        and isinstance(entry[1], Cid)
    )
