"""What the pool remembers for a while: how messages left it, and signatures it may need again."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Recent(Generic[_Key, _Value]):
    """The latest entries of a mapping, up to a bound; the oldest go first."""

    __slots__ = ("_bound", "_entries")

    def __init__(self, bound: int) -> None:
        """Begin empty."""
        self._bound = bound
        self._entries: dict[_Key, _Value] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: _Key) -> bool:
        return key in self._entries

    def get(self, key: _Key) -> _Value | None:
        """Return what is remembered under a key."""
        return self._entries.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        """Remember a value under a key as the latest."""
        self._entries.pop(key, None)
        self._entries[key] = value
        if len(self._entries) > self._bound:
            del self._entries[next(iter(self._entries))]

    def forget(self, key: _Key) -> None:
        """Remember nothing under a key."""
        self._entries.pop(key, None)


class Departure(Enum):
    """How a message left the pool."""

    APPLIED = "applied"
    """A block took it, or another message of its nonce."""
    REPLACED = "replaced"
    """Another took its place."""
    DROPPED = "dropped"
    """The pool was too full."""
    CLEARED = "cleared"
    """It was removed on request."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message."""

    departure: Departure
    by: Cid | None = None
    """The message that took its place on chain or in the pool, which may be the message itself."""
    height: ChainEpoch | None = None
    """Where the chain took it."""
