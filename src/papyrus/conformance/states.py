"""The first difference between two states, in words.

The two state trees are compared node by node, reading only where they differ, so a pruned state
will do. Of the actors that differ the one with the lowest ID is described field by field, and its
own state down to the first value that differs.
"""

from collections.abc import Iterator

from papyrus.conformance.values import first_difference
from papyrus.ipld import hamt
from papyrus.ipld.blockstore import Blockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.types.actor import ActorState, StateRoot

SYSTEM_ACTOR = 0


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
    found = hamt.diff(hamt.Hamt(store, theirs.actors), hamt.Hamt(store, mine.actors))
    changes: dict[int, tuple[object, object]] = {}
    for key, value in found.removed.items():
        changes[_actor_id(key)] = (value, None)
    for key, value in found.added.items():
        changes[_actor_id(key)] = (None, value)
    for key, (old, new) in found.changed.items():
        changes[_actor_id(key)] = (old, new)
    if not changes:
        yield "the state trees hold the same actors in another shape"
        return
    ids = sorted(changes)
    names = actor_names(store, got) or actor_names(store, expected)
    first = ids[0]
    yield from _actor_difference(store, first, *changes[first], names)
    if len(ids) > 1:
        others = ", ".join(f"f0{actor_id}" for actor_id in ids[1:9])
        yield f"{len(ids)} actors differ; the others: {others}{', ...' if len(ids) > 9 else ''}"


def _actor_difference(
    store: Blockstore, actor_id: int, old: object, new: object, names: dict[Cid, str]
) -> Iterator[str]:
    theirs = None if old is None else ActorState.from_ipld(old)
    mine = None if new is None else ActorState.from_ipld(new)
    some = theirs or mine
    name = f"f0{actor_id}" + (f" ({names[some.code]})" if some and some.code in names else "")
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


def _actor_id(key: bytes) -> int:
    return Address.from_bytes(key).id
