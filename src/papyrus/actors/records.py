"""Blocks of an actor's state that are records on their own, read and written by their CIDs."""

from typing import Any, TypeVar

from papyrus.ipld import lenient
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.vm.payloads import codec_of, encoded

T = TypeVar("T")


def read_record(store: Blockstore, cid: Cid, kind: type[T]) -> T:
    """Return the value of a kind that a block holds, as actors read it; DecodeError if none."""
    found: T = lenient.read_all(codec_of(kind).read, load(store, cid))
    return found


def write_record(store: Blockstore, value: Any) -> Cid:
    """Store a value as a block and return its CID; ActorError where an integer is too wide."""
    data = encoded(type(value), value)
    cid = Cid.of(data)
    store.put(cid, data)
    return cid
