"""The engine that compiles and runs instrumented Wasm.

Calls between actors nest instances on the native stack, so deep nesting needs a thread with a stack
to match. A linker holds the host functions of one kernel interface and serves one thread at a time.
Python raises KeyboardInterrupt in the main thread only, and may do so on the very edge of a host
function, where nothing can catch it: a program that wants to be interrupted runs its calls on
another thread.
"""

import platform
from collections.abc import Callable, Sequence
from ctypes import Structure, c_uint8, c_uint32, c_uint64, sizeof
from operator import attrgetter
from typing import Any

from papyrus.vm.wasm import native
from papyrus.vm.wasm.compiled import Module
from papyrus.vm.wasm.growth import PAGE_SIZE
from papyrus.vm.wasm.host import HostFunction
from papyrus.vm.wasm.instance import Instance, Running

__all__ = ("PAGE_SIZE", "Engine", "Instance", "Linker", "Module")


class Engine:
    """What compiles modules, and what they are compiled for."""

    __slots__ = ("_pointer", "fingerprint")

    def __init__(self) -> None:
        """Open an engine with the settings of the reference."""
        self._pointer = native.new_engine()
        settings = ",".join(f"{name}={int(value)}" for name, value in native.SETTINGS.items())
        self.fingerprint = f"wasmtime-{native.VERSION}/{_processor()}/{settings}"

    # Bound here: when the interpreter ends, modules are emptied before what they made is.
    def __del__(self, delete: Callable[[int], None] = native.engine_delete) -> None:
        delete(self._pointer)

    @property
    def pointer(self) -> int:
        """The engine's own handle."""
        return self._pointer

    def validate(self, code: bytes) -> None:
        """Raise DecodeError unless the code is a valid module with the features actors have."""
        native.validate_module(self._pointer, code)

    def compile(self, rewritten: bytes) -> Module:
        """Return instrumented code, compiled; DecodeError where it is no valid module."""
        return Module(self, native.compile_module(self._pointer, rewritten))

    def serialize(self, module: Module) -> bytes:
        """Return a module's native code."""
        return native.serialize_module(module.pointer)

    def deserialize(self, data: bytes) -> Module:
        """Return a module from native code that `serialize` made, which must be trusted.

        DecodeError where it is no module, or one of another engine, version or processor.
        """
        return Module(self, native.deserialize_module(self._pointer, data))

    def deserialize_file(self, path: str) -> Module:
        """Return a module like `deserialize`, from a file that stays as it is while in use."""
        return Module(self, native.deserialize_module_file(self._pointer, path))

    def linker(self, functions: Sequence[HostFunction]) -> "Linker":
        """Return a linker that provides host functions and the gas counter."""
        return Linker(self, functions)


class Linker:
    """What modules may import, and the instances that run right now."""

    __slots__ = ("_callbacks", "_engine", "counter_type", "pointer", "running")

    def __init__(self, engine: Engine, functions: Sequence[HostFunction]) -> None:
        """Define host functions; ValueError where two have one name."""
        self._engine = engine
        self._callbacks: list[Any] = []
        self.pointer = native.linker_new(engine.pointer)
        self.counter_type = native.new_global_type()
        self.running = Running()
        for function in functions:
            callback = _callback(function, self.running.instances)
            self._callbacks.append(callback)
            native.define_function(
                self.pointer, function.module, function.name, function.params, callback
            )
        # Each instance brings counters of its own.
        native.linker_allow_shadowing(self.pointer, True)

    def __del__(
        self,
        delete: Callable[[int], None] = native.linker_delete,
        delete_type: Callable[[int], None] = native.global_type_delete,
    ) -> None:
        delete(self.pointer)
        delete_type(self.counter_type)

    @property
    def engine(self) -> int:
        """The engine's own handle."""
        return self._engine.pointer

    def instantiate(
        self, module: Module, context: Any, gas: int, memory_limit: int, memory_room: int
    ) -> Instance:
        """Return an instance with so many milligas.

        Its memory keeps to a limit of bytes; what memory and table grow by, together with what
        they begin with, keeps to the room there is, in bytes.

        Raises LinkError where the module imports what is not there; InstantiationError where its
        first memory and table exceed limit or room, or its first code traps; and what a host
        function raised that its first code called.
        """
        instance = Instance(self, module, context)
        try:
            instance.start(gas, memory_limit, memory_room)
        except BaseException:
            instance.close()
            raise
        return instance


def _callback(function: HostFunction, running: list[Instance]) -> Any:
    """Return the C function that calls a host function.

    No exception may leave it: C code would go on with an undefined result.
    """
    call = function.call
    arguments = _arguments(len(function.params))
    slots_at = _slots(function.params).from_address
    message = f"host function {function.module}.{function.name}".encode()

    def answer(_environment: int, _caller: int, address: int, _count: int) -> int:
        instance = running[-1]
        try:
            slots = slots_at(address)
            slots.p0 = call(instance, *arguments(slots))
        except BaseException as error:  # noqa: BLE001 - kept, and raised once Wasm has unwound
            instance.kept = error
            return native.new_trap(message)
        return 0

    return native.CALLBACK(answer)


def _arguments(count: int) -> Callable[[Any], tuple[int, ...]]:
    """Return what takes so many arguments from their slots."""
    if count == 0:
        return _no_argument
    if count == 1:
        return _one_argument
    return attrgetter(*(f"p{index}" for index in range(count)))


def _no_argument(_: Any) -> tuple[int, ...]:
    return ()


def _one_argument(slots: Any) -> tuple[int, ...]:
    return (slots.p0,)


def _slots(params: str) -> type[Structure]:
    """Return the layout of arguments: 16 bytes each; the result takes the place of the first."""
    fields: list[tuple[str, Any]] = []
    for index, letter in enumerate(params or "i"):
        kind = c_uint32 if letter == "i" else c_uint64
        fields.append((f"p{index}", kind))
        fields.append((f"rest{index}", c_uint8 * (16 - sizeof(kind))))
    return type("Slots", (Structure,), {"_fields_": fields})


def _processor() -> str:
    return f"{platform.system()}-{platform.machine()}"
