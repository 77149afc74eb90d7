"""The first difference between two states, in words.

The two state trees are compared node by node, reading only where they differ, so a pruned state
will do. Of the actors that differ the one with the lowest ID is described field by field, and its
own state down to the first value that differs.
"""

from collections.abc import Iterator
from typing import NamedTuple

from papyrus.conformance.values import first_difference
from papyrus.ipld import hamt
from papyrus.ipld.blockstore import Blockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.types.actor import ActorState, StateRoot

SYSTEM_ACTOR = 0


class ActorChange(NamedTuple):
    """An actor that differs between two states."""

    actor_id: int
    old: ActorState | None
    """None where the actor is new."""
    new: ActorState | None
    """None where the actor is gone."""


def actor_names(store: Blockstore, state_root: Cid) -> dict[Cid, str]:
    """Return the name of every built-in actor's code, as the state's own manifest has it.

    Empty where the state does not hold the manifest.
    """
    try:
        tree = hamt.Hamt(store, StateRoot.from_cbor(load(store, state_root)).actors)
        system = tree.get(Address.from_id(SYSTEM_ACTOR))
        if system is None:
            return {}
        entries = get_cbor(store, get_cbor(store, ActorState.from_ipld(system).head)[0])
        return {code: str(name) for name, code in entries}
    except (DecodeError, LocalFault, TypeError, ValueError, IndexError):
        return {}


def changed_actors(store: Blockstore, old: Cid, new: Cid) -> list[ActorChange]:
    """Return the actors that differ between two states, by their IDs.

    Raises DecodeError on a malformed tree, LocalFault where a block is missing.
    """
    trees = (StateRoot.from_cbor(load(store, root)).actors for root in (old, new))
    found = hamt.diff(*(hamt.Hamt(store, actors) for actors in trees))
    pairs = {key: (value, None) for key, value in found.removed.items()}
    pairs |= {key: (None, value) for key, value in found.added.items()}
    pairs |= found.changed
    return sorted(ActorChange(_actor_id(key), *map(_actor, pair)) for key, pair in pairs.items())


def state_difference(store: Blockstore, expected: Cid, got: Cid) -> tuple[str, ...]:
    """Return lines on the first actor that differs between two states.

    Where blocks needed for that are missing, the only line says so.
    """
    try:
        return tuple(_difference(store, expected, got))
    except (DecodeError, LocalFault) as error:
        return (f"the two states cannot be compared: {error}",)


def _difference(store: Blockstore, expected: Cid, got: Cid) -> Iterator[str]:
    theirs = StateRoot.from_cbor(load(store, expected))
    mine = StateRoot.from_cbor(load(store, got))
    if (theirs.version, theirs.info) != (mine.version, mine.info):
        yield f"the state trees' versions differ: expected {theirs.version}, got {mine.version}"
        return
    changes = changed_actors(store, expected, got)
    if not changes:
        yield "the state trees hold the same actors in another shape"
        return
    names = actor_names(store, got) or actor_names(store, expected)
    yield from _actor_difference(store, changes[0], names)
    if len(changes) > 1:
        others = ", ".join(f"f0{change.actor_id}" for change in changes[1:9])
        rest = ", ..." if len(changes) > 9 else ""
        yield f"{len(changes)} actors differ; the others: {others}{rest}"


def _actor_difference(
    store: Blockstore, change: ActorChange, names: dict[Cid, str]
) -> Iterator[str]:
    theirs, mine = change.old, change.new
    some = theirs or mine
    name = f"f0{change.actor_id}" + (
        f" ({names[some.code]})" if some and some.code in names else ""
    )
    if theirs is None or mine is None:
        yield f"actor {name}: " + (
            "expected none, got one" if theirs is None else "expected one, got none"
        )
        return
    for field in ("code", "nonce", "balance", "delegated_address", "head"):
        expected, got = getattr(theirs, field), getattr(mine, field)
        if expected == got:
            continue
        if field == "code":
            expected, got = names.get(expected, expected), names.get(got, got)
        yield f"actor {name}: {field}: expected {expected}, got {got}"
    if theirs.head != mine.head:
        inner = first_difference(theirs.head, mine.head, store)
        if inner is not None and inner[0]:
            path, expected, got = inner
            yield f"actor {name}: state{path}: expected {expected}, got {got}"


def _actor(value: object) -> ActorState | None:
    return None if value is None else ActorState.from_ipld(value)


def _actor_id(key: bytes) -> int:
    return Address.from_bytes(key).id
