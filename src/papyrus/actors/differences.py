"""What differs between two states of an actor, part by part, with names and keys.

Both are followed along the same names, and collections are compared node by node, so that only what
differs is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from papyrus.actors.common.collections import ArrayShape, MapShape, RecordShape, SetShape
from papyrus.actors.inspection import Shape, View, members, root_shape, show_key
from papyrus.ipld import amt, hamt
from papyrus.ipld.bitmap_nodes import Difference
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record
from papyrus.vm.payloads import codec_of


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs."""

    path: tuple[str, ...]
    """Names and keys from the state down."""
    old: View | None
    """None where the part is new."""
    new: View | None
    """None where the part is gone."""


def changes(
    old: View, new: View, store: Blockstore, path: tuple[str, ...] = ()
) -> Iterator[Change]:
    """Yield the smallest parts that differ, in the order of the fields and trees.

    DecodeError where a part is malformed, LocalFault where a block is missing.
    """
    if old.value == new.value:
        return
    if isinstance(old.value, Record) and type(old.value) is type(new.value):
        after = dict(members(new.value))
        for name, part in members(old.value):
            yield from changes(part, after[name], store, (*path, name))
        return
    shape = root_shape(old)
    # Where both are roots of another shape, as a token's whose width has changed, that is all.
    if shape is not None and shape == root_shape(new):
        yield from _behind(shape, old.value, new.value, store, path)
        return
    yield Change(path, old, new)


def _behind(
    shape: Shape, old: Cid, new: Cid, store: Blockstore, path: tuple[str, ...]
) -> Iterator[Change]:
    match shape:
        case RecordShape():
            before, after = shape.load(store, old), shape.load(store, new)
            yield from changes(View(shape.kind, before), View(shape.kind, after), store, path)
        case SetShape():
            found = hamt.diff(hamt.Hamt(store, old), hamt.Hamt(store, new))
            for key in found.removed:
                yield Change((*path, show_key(shape.members.decode(key))), _MEMBER, None)
            for key in found.added:
                yield Change((*path, show_key(shape.members.decode(key))), None, _MEMBER)
        case MapShape():
            width = shape.bit_width
            raw = hamt.diff(
                hamt.Hamt(store, old, bit_width=width), hamt.Hamt(store, new, bit_width=width)
            )
            named = _renamed(raw, shape)
            yield from _entries(named, shape.values, store, path)
        case ArrayShape():
            width = shape.bit_width
            indexed = amt.diff(
                amt.Amt(store, old, bit_width=width), amt.Amt(store, new, bit_width=width)
            )
            yield from _entries(indexed, shape.values, store, path)


_MEMBER = View(bool, True)


def _renamed(found: Difference[bytes], shape: MapShape[Any, Any]) -> Difference[Any]:
    decode = shape.keys.decode
    return Difference(
        {decode(key): value for key, value in found.added.items()},
        {decode(key): value for key, value in found.removed.items()},
        {decode(key): pair for key, pair in found.changed.items()},
    )


def _entries(
    found: Difference[Any], kind: Any, store: Blockstore, path: tuple[str, ...]
) -> Iterator[Change]:
    read = codec_of(kind).from_ipld
    for key, value in found.removed.items():
        yield Change((*path, show_key(key)), View(kind, read(value)), None)
    for key, (old, new) in found.changed.items():
        yield from changes(
            View(kind, read(old)), View(kind, read(new)), store, (*path, show_key(key))
        )
    for key, value in found.added.items():
        yield Change((*path, show_key(key)), None, View(kind, read(value)))
