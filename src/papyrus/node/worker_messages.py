"""What passes between the node and its worker processes, and how a call ends.

An exception does not cross by itself: those of Papyrus are made from more than their text. So its
class, arguments and fields cross, and it is put together again on the other side. What is no error
of Papyrus' own becomes a LocalFault, in a worker as well as in the node's own process.
"""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType
from typing import Any

from papyrus.primitives.errors import LocalFault, PapyrusError


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a worker does once, before its first call: the means that its calls are given."""

    function: Callable[..., Any]
    """One that a module holds by name."""
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function to be called with the worker's means and these arguments."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Success:
    """What a call returned."""

    value: Any
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """What a call raised."""

    kind: type[PapyrusError]
    arguments: tuple[Any, ...]
    fields: Mapping[str, Any]
    notes: tuple[str, ...]
    seconds: float

    def error(self) -> PapyrusError:
        """Return what was raised; in its notes is where, if that was not foreseen."""
        error = self.kind.__new__(self.kind)
        error.args = self.arguments
        error.__dict__.update(self.fields)
        for note in self.notes:
            error.add_note(note)
        return error


def _reduced(table: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    """Return what a read-only table is made again from; rules of a network hold some."""
    return _read_only, (dict(table),)


def _read_only(table: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(table)


ForkingPickler.register(MappingProxyType, _reduced)


def full_name(function: Callable[..., Any]) -> str:
    """Return the name by which a function can be imported; TypeError where it cannot be."""
    name = getattr(function, "__qualname__", "")
    module = getattr(function, "__module__", "")
    if not name or not module or module == "__main__" or "<" in name:
        raise TypeError(f"{function!r} cannot be sent to a worker: a module must hold it by name")
    return f"{module}.{name}"


def failure(error: Exception, what: str, seconds: float) -> Failure:
    """Return an exception in the form that crosses; `what` is what was being done."""
    if isinstance(error, PapyrusError):
        fields = {name: value for name, value in error.__dict__.items() if name != "__notes__"}
        return Failure(type(error), error.args, fields, (), seconds)
    said = str(error).strip() or "no more is known"
    fault = f"{what} failed: {type(error).__name__}: {said}"
    trace = "".join(traceback.format_exception(error))
    return Failure(LocalFault, (fault,), {}, (trace,), seconds)
