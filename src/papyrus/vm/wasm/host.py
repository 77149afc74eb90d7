"""What the Wasm engine and its caller say to each other: host functions, traps, failures."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from papyrus.primitives.errors import PapyrusError


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function that Wasm imports; it returns one i32."""

    module: str
    name: str
    params: str
    """A letter for each parameter: `i` an i32, `I` an i64; both are passed as unsigned numbers."""
    call: Callable[..., int]
    """Called with the running instance and the arguments; returns an unsigned 32-bit number.

    Whatever it raises stops the Wasm that called it, and is raised by `Instance.invoke`.
    """


class TrapKind(IntEnum):
    """Why Wasm stopped, by the engine's number for it; any other number is OTHER."""

    OTHER = -1
    STACK_OVERFLOW = 0
    MEMORY_OUT_OF_BOUNDS = 1
    HEAP_MISALIGNED = 2
    TABLE_OUT_OF_BOUNDS = 3
    INDIRECT_CALL_TO_NULL = 4
    BAD_SIGNATURE = 5
    INTEGER_OVERFLOW = 6
    INTEGER_DIVISION_BY_ZERO = 7
    BAD_CONVERSION_TO_INTEGER = 8
    UNREACHABLE = 9
    INTERRUPT = 10

    @property
    def is_the_actors_fault(self) -> bool:
        """Tell whether the actor's code trapped, and not the machinery that runs it."""
        return self not in (TrapKind.OTHER, TrapKind.INTERRUPT)


class Trap(PapyrusError):  # noqa: N818 - WebAssembly's own name for it
    """Wasm stopped; whether for want of gas, the gas counter tells."""

    def __init__(self, kind: TrapKind, message: str) -> None:
        """Keep the kind and the engine's words."""
        super().__init__(message)
        self.kind = kind


class InstantiationError(PapyrusError):
    """A module could not start: it wants more memory than there is, or its first code trapped."""

    def __init__(self, reason: str, gas: int, memory_used: int) -> None:
        """Keep the reason, the milligas left, negative where they ran out, and the bytes taken."""
        super().__init__(reason)
        self.gas = gas
        self.memory_used = memory_used


class LinkError(PapyrusError):
    """A module imports what is not there, or its entry point has another type."""


class NoEntryPoint(PapyrusError):  # noqa: N818 - a finding, not a failure
    """A module exports no function to call."""


class MemoryRange(PapyrusError):  # noqa: N818 - a finding about an actor's argument
    """A range of an instance's memory ends after the memory, or there is none."""
