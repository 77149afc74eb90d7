"""Maps of maps, of sets and of arrays, as the actors' states nest them.

Each is a map whose values are the roots of inner collections. They differ in when an inner
collection is written, and in whether an empty one stays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from papyrus.actors.common.collections import (
    HAMT_BIT_WIDTH,
    Array,
    ArrayShape,
    KeyForm,
    KeySet,
    Map,
    MapShape,
    SetShape,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid

K = TypeVar("K")
J = TypeVar("J")
V = TypeVar("V")


class MapOfMaps(Generic[K, J, V]):
    """A map of maps, whose inner maps are kept open until all is flushed.

    An inner map that has become empty is removed when it is flushed.
    """

    __slots__ = ("_inner", "_opened", "_outer", "_store")

    def __init__(self, store: Blockstore, outer: Map[K, Cid], inner: MapShape[J, V]) -> None:
        """Read a map of roots of maps of one shape."""
        self._store = store
        self._outer = outer
        self._inner = inner
        self._opened: dict[K, Map[J, V]] = {}

    def inner(self, key: K) -> Map[J, V]:
        """Return the inner map at a key, an empty one where there is none."""
        opened = self._opened.get(key)
        if opened is None:
            opened = self._inner.open(self._store, self._outer.get(key))
            self._opened[key] = opened
        return opened

    def get(self, outer: K, inner: J) -> V | None:
        """Return the value at a pair of keys, or None."""
        return self.inner(outer).get(inner)

    def set(self, outer: K, inner: J, value: V) -> None:
        """Put a value at a pair of keys."""
        self.inner(outer).set(inner, value)

    def set_if_absent(self, outer: K, inner: J, value: V) -> bool:
        """Put a value at a pair of keys that has none; return whether it was put."""
        return self.inner(outer).set_if_absent(inner, value)

    def delete(self, outer: K, inner: J) -> V | None:
        """Remove a pair of keys and return what was there, or None."""
        return self.inner(outer).delete(inner)

    def outer_keys(self) -> Iterator[K]:
        """Yield the outer keys as last flushed, in the order of the tree."""
        return self._outer.keys()

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        for key, opened in self._opened.items():
            if opened.is_empty:
                self._outer.delete(key)
            else:
                self._outer.set(key, opened.flush())
        return self._outer.flush()


@dataclass(frozen=True)
class MapOfMapsShape(Generic[K, J, V]):
    """What a root of a map of maps points at."""

    outer: KeyForm[K]
    inner: MapShape[J, V]
    bit_width: int = HAMT_BIT_WIDTH

    @property
    def roots(self) -> MapShape[K, Cid]:
        """The map of the inner maps' roots."""
        return MapShape(self.outer, Annotated[Cid, self.inner], self.bit_width)

    def open(self, store: Blockstore, root: Cid | None) -> MapOfMaps[K, J, V]:
        """Return the map of maps at a root, or an empty one."""
        return MapOfMaps(store, self.roots.open(store, root), self.inner)

    def empty_root(self, store: Blockstore) -> Cid:
        """Write the empty map and return its root."""
        return self.open(store, None).flush()


class SetMultimap(Generic[K, J]):
    """A map of sets; a set that has become empty stays."""

    __slots__ = ("_outer", "_sets", "_store")

    def __init__(self, store: Blockstore, outer: Map[K, Cid], sets: SetShape[J]) -> None:
        """Read a map of roots of sets."""
        self._store = store
        self._outer = outer
        self._sets = sets

    def get(self, key: K) -> KeySet[J] | None:
        """Return the set at a key, or None."""
        root = self._outer.get(key)
        return None if root is None else self._open(root)

    def add(self, key: K, members: Iterable[J]) -> None:
        """Add members to the set at a key."""
        members_set = self._open(self._outer.get(key))
        for member in members:
            members_set.add(member)
        self._outer.set(key, members_set.flush())

    def remove(self, key: K, member: J) -> None:
        """Remove a member from the set at a key, if there is such a set."""
        members_set = self.get(key)
        if members_set is not None:
            members_set.discard(member)
            self._outer.set(key, members_set.flush())

    def remove_all(self, key: K) -> None:
        """Remove the set at a key."""
        self._outer.delete(key)

    def keys(self) -> Iterator[K]:
        """Yield the keys in the order of the tree."""
        return self._outer.keys()

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self._outer.flush()

    def _open(self, root: Cid | None) -> KeySet[J]:
        return self._sets.open(self._store, root)


@dataclass(frozen=True)
class SetMultimapShape(Generic[K, J]):
    """What a root of a map of sets points at."""

    keys: KeyForm[K]
    members: KeyForm[J]

    @property
    def roots(self) -> MapShape[K, Cid]:
        """The map of the sets' roots."""
        return MapShape(self.keys, Annotated[Cid, SetShape(self.members)])

    def open(self, store: Blockstore, root: Cid | None) -> SetMultimap[K, J]:
        """Return the map of sets at a root, or an empty one."""
        return SetMultimap(store, self.roots.open(store, root), SetShape(self.members))

    def empty_root(self, store: Blockstore) -> Cid:
        """Write the empty map and return its root."""
        return self.open(store, None).flush()


class Multimap(Generic[K, V]):
    """A map of arrays that grow at their end."""

    __slots__ = ("_arrays", "_outer", "_store")

    def __init__(self, store: Blockstore, outer: Map[K, Cid], arrays: ArrayShape[V]) -> None:
        """Read a map of roots of arrays."""
        self._store = store
        self._outer = outer
        self._arrays = arrays

    def get(self, key: K) -> Array[V] | None:
        """Return the array at a key, or None."""
        root = self._outer.get(key)
        return None if root is None else self._arrays.open(self._store, root)

    def append(self, key: K, value: V) -> None:
        """Put a value at the end of the array at a key."""
        array = self._arrays.open(self._store, self._outer.get(key))
        array.set(len(array), value)
        self._outer.set(key, array.flush())

    def remove_all(self, key: K) -> bool:
        """Remove the array at a key; return whether there was one."""
        return self._outer.delete(key) is not None

    def items(self) -> Iterator[tuple[K, Array[V]]]:
        """Yield each key with its array, in the order of the tree."""
        for key, root in self._outer.items():
            yield key, self._arrays.open(self._store, root)

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self._outer.flush()


@dataclass(frozen=True)
class MultimapShape(Generic[K, V]):
    """What a root of a map of arrays points at."""

    keys: KeyForm[K]
    arrays: ArrayShape[V]
    bit_width: int = HAMT_BIT_WIDTH

    @property
    def roots(self) -> MapShape[K, Cid]:
        """The map of the arrays' roots."""
        return MapShape(self.keys, Annotated[Cid, self.arrays], self.bit_width)

    def open(self, store: Blockstore, root: Cid | None) -> Multimap[K, V]:
        """Return the map of arrays at a root, or an empty one."""
        return Multimap(store, self.roots.open(store, root), self.arrays)

    def empty_root(self, store: Blockstore) -> Cid:
        """Write the empty map and return its root."""
        return self.open(store, None).flush()
