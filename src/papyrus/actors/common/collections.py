"""The maps and arrays of the actors' states, typed: HAMTs and AMTs of known keys and values.

A shape says once what a root points at: how keys are written, what the values are, how wide the
nodes are. Opened on a store and a root it gives a collection that is read lazily, changed in memory
and written by `flush`, which returns the new root for the state to keep.

    CLAIMS = MapShape(ADDRESS_KEY, Claim)
    claims = CLAIMS.open(rt.store, state.claims)

A record that keeps such a root annotates it with its shape, `claims: Annotated[Cid, CLAIMS]`, so
that whoever looks at the state can follow it.

What cannot be decoded raises DecodeError, which an actor that met it would abort with as illegal
state.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Generic, TypeVar

from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.tuples import Reading, Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TooBig
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import (
    decode_unsigned,
    decode_zigzag,
    encode_unsigned,
    encode_zigzag,
)
from papyrus.vm.aborts import assertion_failed, illegal_state
from papyrus.vm.payloads import codec_of, encoded

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Record)

HAMT_BIT_WIDTH = 5
"""The width of the nodes of most maps in actor state."""


@dataclass(frozen=True)
class KeyForm(Generic[K]):
    """How keys of one kind are written."""

    encode: Callable[[K], bytes]
    decode: Callable[[bytes], K]
    parse: Callable[[str], K]
    """Read a key as people write it; ValueError or DecodeError where it is none."""


def _whole(decode: Callable[[bytes], tuple[int, int]]) -> Callable[[bytes], int]:
    def decode_all(data: bytes) -> int:
        number, end = decode(data)
        if end != len(data):
            raise DecodeError(f"trailing bytes after the number in key {data.hex()}")
        return number

    return decode_all


UNSIGNED_KEY: KeyForm[int] = KeyForm(encode_unsigned, _whole(decode_unsigned), int)
"""Actor IDs, sector numbers, deal IDs: unsigned varints."""
SIGNED_KEY: KeyForm[int] = KeyForm(encode_zigzag, _whole(decode_zigzag), int)
"""Epochs and transaction IDs: zigzag varints."""
ADDRESS_KEY: KeyForm[Address] = KeyForm(bytes, Address.from_bytes, Address.from_string)
CID_KEY: KeyForm[Cid] = KeyForm(bytes, Cid.from_bytes, Cid.from_string)
BYTES_KEY: KeyForm[bytes] = KeyForm(bytes, bytes, bytes.fromhex)


def _written(write: Callable[[Any], Any], value: Any) -> Any:
    """Return a value's IPLD data; ActorError where an integer in it has grown too wide."""
    try:
        return write(value)
    except TooBig as error:
        # The released actors find it when they write the collection.
        raise illegal_state(f"failed to flush: {error}") from error
    except ValueError as error:
        raise assertion_failed(str(error)) from error


class Map(Generic[K, V]):
    """A map in the state."""

    __slots__ = ("_hamt", "_keys", "_read", "_write")

    def __init__(self, hamt: Hamt, keys: KeyForm[K], values: Any) -> None:
        """Read a HAMT as a map of keys and values of known kinds."""
        codec = codec_of(values)
        self._hamt = hamt
        self._keys = keys
        self._read = codec.from_ipld
        self._write = codec.to_ipld

    def get(self, key: K) -> V | None:
        """Return the value at a key, or None."""
        encoded = self._keys.encode(key)
        value = self._hamt.get(encoded)
        if value is None and encoded not in self._hamt:
            return None
        found: V = self._read(value)
        return found

    def __contains__(self, key: K) -> bool:
        return self._keys.encode(key) in self._hamt

    @property
    def is_empty(self) -> bool:
        """Whether there is no entry."""
        return self._hamt.is_empty

    def set(self, key: K, value: V) -> None:
        """Put a value at a key."""
        self._hamt.set(self._keys.encode(key), _written(self._write, value))

    def set_if_absent(self, key: K, value: V) -> bool:
        """Put a value at a key that has none; return whether it was put."""
        if key in self:
            return False
        self.set(key, value)
        return True

    def delete(self, key: K) -> V | None:
        """Remove a key and return what was there, or None."""
        found = self.get(key)
        if found is not None:
            self._hamt.delete(self._keys.encode(key))
        return found

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield the entries in the order of the tree, which is that of the keys' hashes."""
        for key, value in self._hamt.items():
            yield self._keys.decode(key), self._read(value)

    def items_from(self, start: K) -> Iterator[tuple[K, V]]:
        """Yield the entries from a key on, in the order of the tree; DecodeError if it is gone."""
        for key, value in self._hamt.items(self._keys.encode(start)):
            yield self._keys.decode(key), self._read(value)

    def keys(self) -> Iterator[K]:
        """Yield the keys in the order of the tree."""
        return map(self._keys.decode, self._hamt.keys())

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self._hamt.flush()


@dataclass(frozen=True)
class RecordShape(Generic[R]):
    """What a root of a single record points at."""

    kind: type[R]

    def load(self, store: Blockstore, root: Cid) -> R:
        """Return the record at a root; DecodeError where it is none."""
        return self.kind.from_cbor(load(store, root), reading=Reading.LENIENT)

    def save(self, store: Blockstore, record: R) -> Cid:
        """Write a record and return its root."""
        data = encoded(self.kind, record)
        root = Cid.of(data)
        store.put(root, data)
        return root


@dataclass(frozen=True)
class MapShape(Generic[K, V]):
    """What a root of a map points at."""

    keys: KeyForm[K]
    values: type[V] | Any
    """The annotation of the values: a record, `Cid`, `U64` and the like."""
    bit_width: int = HAMT_BIT_WIDTH

    def open(self, store: Blockstore, root: Cid | None) -> Map[K, V]:
        """Return the map at a root, or an empty one."""
        return Map(Hamt(store, root, bit_width=self.bit_width), self.keys, self.values)

    def empty_root(self, store: Blockstore) -> Cid:
        """Write the empty map and return its root."""
        return self.open(store, None).flush()


class Array(Generic[V]):
    """A sparse array in the state, indexed by unsigned 64-bit integers."""

    __slots__ = ("_amt", "_read", "_renewed", "_write")

    def __init__(self, amt: Amt, values: Any, *, has_late_fields: bool = False) -> None:
        """Read an AMT as an array of values of a known kind."""
        codec = codec_of(values)
        self._amt = amt
        self._read = codec.from_ipld
        self._write = codec.to_ipld
        self._renewed: set[int] | None = set() if has_late_fields else None

    def __len__(self) -> int:
        return len(self._amt)

    def __contains__(self, index: int) -> bool:
        return index in self._amt

    def get(self, index: int) -> V | None:
        """Return the value at an index, or None; IndexError for one that no array can have."""
        value = self._amt.get(index)
        if value is None and index not in self._amt:
            return None
        found: V = self._read(value)
        return found

    def set(self, index: int, value: V) -> None:
        """Put a value at an index; IndexError for one that no array can have."""
        self._amt.set(index, _written(self._write, value))
        self._renew_node(index)

    def delete(self, index: int) -> bool:
        """Remove the value at an index; return whether there was one."""
        deleted = self._amt.delete(index)
        if deleted:
            self._renew_node(index)
        return deleted

    def _renew_node(self, index: int) -> None:
        """Write the values anew that share a node with one that has changed.

        The released actors keep nodes as values, not as bytes, and so write late fields into all.
        """
        node = index >> self._amt.bit_width
        if self._renewed is None or node in self._renewed:
            return
        self._renewed.add(node)
        end = node + 1 << self._amt.bit_width
        for neighbour, old in list(
            takewhile(lambda item: item[0] < end, self._amt.items(node << self._amt.bit_width))
        ):
            new = self._write(self._read(old))
            if new != old:
                self._amt.set(neighbour, new)

    def items(self, start: int = 0) -> Iterator[tuple[int, V]]:
        """Yield (index, value) in order, from an index on."""
        for index, value in self._amt.items(start):
            yield index, self._read(value)

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self._amt.flush()


@dataclass(frozen=True)
class ArrayShape(Generic[V]):
    """What a root of an array points at."""

    values: type[V] | Any
    bit_width: int
    has_late_fields: bool = False
    """Whether the values have fields that an upgrade added without rewriting them."""

    def open(self, store: Blockstore, root: Cid | None) -> Array[V]:
        """Return the array at a root, or an empty one."""
        amt = Amt(store, root, bit_width=self.bit_width)
        return Array(amt, self.values, has_late_fields=self.has_late_fields)

    def empty_root(self, store: Blockstore) -> Cid:
        """Write the empty array and return its root."""
        return self.open(store, None).flush()


class KeySet(Generic[K]):
    """A set in the state: a map whose values are null."""

    __slots__ = ("_hamt", "_keys")

    def __init__(self, hamt: Hamt, keys: KeyForm[K]) -> None:
        """Read a HAMT as a set."""
        self._hamt = hamt
        self._keys = keys

    def __contains__(self, key: K) -> bool:
        return self._keys.encode(key) in self._hamt

    def add(self, key: K) -> None:
        """Add a key."""
        self._hamt.set(self._keys.encode(key), None)

    def discard(self, key: K) -> bool:
        """Remove a key; return whether it was there."""
        return self._hamt.delete(self._keys.encode(key))

    def __iter__(self) -> Iterator[K]:
        return map(self._keys.decode, self._hamt.keys())

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self._hamt.flush()


@dataclass(frozen=True)
class SetShape(Generic[K]):
    """What a root of a set points at."""

    members: KeyForm[K]

    def open(self, store: Blockstore, root: Cid | None) -> KeySet[K]:
        """Return the set at a root, or an empty one."""
        return KeySet(Hamt(store, root, bit_width=HAMT_BIT_WIDTH), self.members)

    def empty_root(self, store: Blockstore) -> Cid:
        """Write the empty set and return its root."""
        return self.open(store, None).flush()
