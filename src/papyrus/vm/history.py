"""A mapping that can be rolled back, for everything a failed call must leave untouched.

The machine caches actors, addresses and charged accesses for the whole message; when a call
aborts, what it did to them is undone entry by entry. Undoing costs what was written, never the
size of the map, so a transaction is free until something fails.
"""

from typing import Final, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

_ABSENT: Final = object()


class UndoMap(Generic[Key, Value]):
    """A dictionary with an undo log; `height` marks a point and `rollback` returns to it."""

    __slots__ = ("_log", "values")

    def __init__(self, initial: dict[Key, Value] | None = None) -> None:
        """Start from `initial`, which is kept and never undone."""
        self.values: dict[Key, Value] = {} if initial is None else dict(initial)
        self._log: list[tuple[Key, object]] = []

    @property
    def height(self) -> int:
        """The number of writes that can be undone."""
        return len(self._log)

    def get(self, key: Key) -> Value | None:
        """Return the value, or None where there is none."""
        return self.values.get(key)

    def set(self, key: Key, value: Value) -> None:
        """Write, remembering what stood there."""
        self._log.append((key, self.values.get(key, _ABSENT)))
        self.values[key] = value

    def rollback(self, height: int) -> None:
        """Undo every write made since `height` was read."""
        log = self._log
        values = self.values
        while len(log) > height:
            key, old = log.pop()
            if old is _ABSENT:
                del values[key]
            else:
                values[key] = old  # type: ignore[assignment] # the log holds this map's values

    def forget(self) -> None:
        """Keep the present values and drop the means to undo them."""
        self._log.clear()
