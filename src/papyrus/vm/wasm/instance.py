"""An instance of a module: memory, a gas counter and an entry point for one call of one actor.

Each has a store of its own, so closing it gives back all it held. What goes wrong keeps the
distinctions of the reference's `call_manager/default.rs`: imports that are not there, memory that
is not granted, an entry point that is missing, and code that traps.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from papyrus.primitives.errors import LocalFault
from papyrus.vm import deep_stack
from papyrus.vm.wasm import native
from papyrus.vm.wasm.compiled import ENTRY_NAME, MEMORY_NAME, Module
from papyrus.vm.wasm.host import (
    InstantiationError,
    LinkError,
    MemoryRange,
    NoEntryPoint,
    Trap,
    TrapKind,
)
from papyrus.vm.wasm.rewrite import GAS_COUNTER, GAS_MODULE, MEMORY_ROOM
from papyrus.vm.wasm.segments import MAXIMUM_TABLE_ELEMENTS

_SPARE_FRAMES = 300
"""Python frames that must be free before a call, so that its host functions can begin."""
_UNCOUNTED_FRAMES = 4
"""What a nested call adds to Python's recursion beyond its frames."""

_ADDRESSABLE = ctypes.c_ubyte * (1 << 32)
"""What a 32-bit offset reaches; that much is reserved for every memory, so that none moves."""

_NO_MEMORY = memoryview(bytearray())

_I32_ENTRY = ((0,), (0,))
_U32 = 0xFFFFFFFF

_GAS_MODULE = GAS_MODULE.encode()
_GAS_COUNTER, _MEMORY_ROOM = GAS_COUNTER.encode(), MEMORY_ROOM.encode()
_MEMORY, _ENTRY = MEMORY_NAME.encode(), ENTRY_NAME.encode()
_SLOT_OFFSET = native.Handles.slot.offset
_TRAP_OFFSET = native.Handles.trap.offset


class Running:
    """The instances that run right now, each called by the one before it."""

    __slots__ = ("_execution", "instances")

    def __init__(self) -> None:
        """Begin with none."""
        self.instances: list[Instance] = []
        self._execution: object = None

    def __contains__(self, instance: object) -> bool:
        return instance in self.instances

    def enter(self, instance: "Instance") -> None:
        """Make an instance the one that runs; LocalFault where running it would be unsafe."""
        instances = self.instances
        execution = deep_stack.current_execution() or threading.get_ident()
        if not instances:
            self._execution = execution
        elif self._execution != execution:
            raise LocalFault("two threads use one Wasm linker at once")
        elif instance in instances:
            raise LocalFault("a Wasm instance is called while it runs")
        free = sys.getrecursionlimit() - _SPARE_FRAMES - _UNCOUNTED_FRAMES * len(instances)
        if free <= 0 or _has_frames(free):
            raise LocalFault("Python's recursion limit leaves no room for a Wasm call")
        instances.append(instance)

    def leave(self) -> None:
        """Make the calling instance the one that runs again."""
        self.instances.pop()


class Provider(Protocol):
    """What an instance needs of the linker that makes it."""

    @property
    def pointer(self) -> int:
        """The linker's own handle."""

    @property
    def engine(self) -> int:
        """The engine's own handle."""

    @property
    def counter_type(self) -> int:
        """The type of the counters of gas and memory."""

    @property
    def running(self) -> Running:
        """The instances that run."""


class Instance:
    """A module with memory and gas of its own, made for one call."""

    __slots__ = (
        "_context",
        "_counter_at",
        "_entry",
        "_gas_at",
        "_handles",
        "_handles_at",
        "_linker",
        "_memory_at",
        "_memory_size",
        "_number",
        "_room",
        "_room_at",
        "_store",
        "_view",
        "context",
        "kept",
        "module",
    )

    def __init__(self, linker: "Provider", module: Module, context: Any) -> None:
        """Make room for an instance; `start` fills it."""
        self.context = context
        self.module = module
        self.kept: BaseException | None = None
        """What a host function raised while this instance ran."""
        self._linker = linker
        self._store = native.store_new(linker.engine, None, None)
        self._context = native.store_context(self._store)
        handles = native.Handles()
        address = ctypes.addressof(handles)
        self._handles = handles
        self._handles_at = address
        self._gas_at = address + native.GAS_AT
        self._memory_at = address + native.MEMORY_AT
        self._room_at = address + native.ROOM_AT
        self._counter_at = address + native.Handles.counter.offset
        self._number = ctypes.c_int64.from_address(address + native.NUMBER_AT)
        self._room = 0
        self._view = _NO_MEMORY
        self._memory_size = 0
        self._entry = False

    # Bound here: when the interpreter ends, modules are emptied before what they made is.
    def __del__(self, delete: Callable[[int], None] = native.store_delete) -> None:
        if self._store:
            delete(self._store)

    def start(self, gas: int, memory_limit: int, memory_room: int) -> None:
        """Instantiate the module; see `Linker.instantiate`."""
        handles, context, provider = self._handles, self._context, self._linker
        native.store_limiter(self._store, memory_limit, MAXIMUM_TABLE_ELEMENTS, 1, 1, 1)
        left = memory_room - self.module.initial_bytes
        self._room = memory_room
        handles.gas.kind = handles.room.kind = native.EXTERN_GLOBAL
        handles.counter.kind = native.VALUE_I64
        self._define(_GAS_COUNTER, gas, self._gas_at, native.Handles.gas.offset)
        self._define(_MEMORY_ROOM, left, self._room_at, native.Handles.room.offset)
        if left < 0:
            self._expect_links()
            raise InstantiationError("no room for the first memory and table", gas, 0)
        self._linker.running.enter(self)
        try:
            error = native.linker_instantiate(
                provider.pointer,
                context,
                self.module.pointer,
                self._handles_at,
                self._handles_at + native.Handles.trap.offset,
            )
        finally:
            self._linker.running.leave()
        if error or handles.trap:
            self._raise_failed_start(error)
        self._find_exports()

    def _define(self, name: bytes, value: int, address: int, offset: int) -> None:
        """Make a counter with a first value, to be imported under a name."""
        self._number.value = value
        at, provider = self._handles_at, self._linker
        native.global_new(self._context, provider.counter_type, self._counter_at, address)
        native.linker_define(
            provider.pointer,
            self._context,
            _GAS_MODULE,
            len(_GAS_MODULE),
            name,
            len(name),
            at + offset,
        )

    def _raise_failed_start(self, error: int) -> None:
        if self._handles.trap:
            trap = self._take_trap()
            self._raise_kept()
            raise InstantiationError(str(trap), self.gas, self.memory_used())
        reason = native.take_error(error)
        self._raise_kept()
        self._expect_links()
        raise InstantiationError(reason, self.gas, self.memory_used())

    def _expect_links(self) -> None:
        prepared = native.POINTER()
        unlinked = native.linker_instantiate_pre(
            self._linker.pointer, self.module.pointer, ctypes.byref(prepared)
        )
        if unlinked:
            raise LinkError(native.take_error(unlinked))
        native.instance_pre_delete(prepared)

    def _find_exports(self) -> None:
        exports = self.module.exports
        if MEMORY_NAME in exports.memories:
            self._export(_MEMORY, native.Handles.memory.offset)
            base = native.memory_data(self._context, self._memory_at)
            self._view = memoryview(_ADDRESSABLE.from_address(base)).cast("B")
            self._memory_size = native.memory_data_size(self._context, self._memory_at)
        if exports.functions.get(ENTRY_NAME) == _I32_ENTRY:
            self._export(_ENTRY, native.Handles.entry.offset)
            self._entry = True

    def _export(self, name: bytes, offset: int) -> None:
        at = self._handles_at
        if not native.export_get(self._context, at, name, len(name), at + offset):
            raise LocalFault(f"the module has lost its export {name!r}")

    @property
    def gas(self) -> int:
        """The milligas left; negative where the code ran out and trapped."""
        if not self._store:
            raise _closed()
        native.global_get(self._context, self._gas_at, self._counter_at)
        return self._number.value

    @gas.setter
    def gas(self, milligas: int) -> None:
        if not self._store:
            raise _closed()
        self._number.value = milligas
        native.global_set(self._context, self._gas_at, self._counter_at)

    def memory_size(self) -> int:
        """Return how many bytes the memory has; 0 where there is none."""
        if not self._store:
            raise _closed()
        if self._view:
            self._memory_size = native.memory_data_size(self._context, self._memory_at)
        return self._memory_size

    def holds(self, offset: int, length: int) -> bool:
        """Tell whether so many bytes from `offset`, neither of them negative, are in memory."""
        # The memory never shrinks: the last known size will do, unless it is too small.
        end = offset + length
        return end <= self._memory_size or end <= self.memory_size()

    def memory_used(self) -> int:
        """Return the bytes taken from the room there was: growth counts even where it failed."""
        if not self._store:
            raise _closed()
        native.global_get(self._context, self._room_at, self._counter_at)
        return self._room - self._number.value

    def read(self, offset: int, length: int) -> bytes:
        """Return so many bytes of memory; MemoryRange where they are not all there."""
        end = offset + length
        if not 0 <= offset <= end <= self._memory_size:
            self._expect_range(offset, length)
        return self._view[offset:end].tobytes()

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes into memory; MemoryRange, and nothing written, where they do not fit."""
        end = offset + len(data)
        if not 0 <= offset <= end <= self._memory_size:
            self._expect_range(offset, len(data))
        self._view[offset:end] = data

    def invoke(self, params_id: int) -> int:
        """Call the export `invoke` and return its result, both unsigned 32-bit numbers.

        Raises NoEntryPoint, LinkError where it has another type than from i32 to i32, Trap, or
        what a host function raised.
        """
        if not self._store:
            raise _closed()
        if not self._entry:
            if ENTRY_NAME in self.module.exports.functions:
                raise LinkError(f"the export {ENTRY_NAME} is not from i32 to i32")
            raise NoEntryPoint(f"no function is exported as {ENTRY_NAME}")
        handles = self._handles
        handles.slot.i64 = params_id
        handles_at = self._handles_at
        self._linker.running.enter(self)
        try:
            error = native.func_call(
                self._context,
                handles_at + native.ENTRY_AT,
                handles_at + _SLOT_OFFSET,
                1,
                handles_at + _TRAP_OFFSET,
            )
        finally:
            self._linker.running.leave()
        if error or handles.trap:
            reason = native.take_error(error) if error else ""
            trap = self._take_trap() if handles.trap else Trap(TrapKind.OTHER, reason)
            self._raise_kept()
            raise trap
        return int(handles.slot.i64) & _U32

    def close(self) -> None:
        """Give back the memory; nothing but the context may be used afterwards."""
        if self in self._linker.running:
            raise LocalFault("a Wasm instance is closed while it runs")
        store, self._store = self._store, None
        if store:
            native.store_delete(store)
            self._context = None
            self._view = _NO_MEMORY
            self._memory_size = 0

    def _expect_range(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or not self.holds(offset, length):
            raise MemoryRange(f"{length} bytes at {offset} are not all in memory")

    def _raise_kept(self) -> None:
        kept, self.kept = self.kept, None
        if kept is not None:
            raise kept

    def _take_trap(self) -> Trap:
        number, message = native.take_trap(self._handles.trap)
        self._handles.trap = None
        known = number in TrapKind.__members__.values()
        return Trap(TrapKind(number) if known else TrapKind.OTHER, message)


def _closed() -> LocalFault:
    return LocalFault("a Wasm instance is used after it was closed")


def _has_frames(count: int) -> bool:
    """Tell whether the Python stack is more than so many frames deep."""
    try:
        sys._getframe(count)  # noqa: SLF001 - the way to tell how deep the stack is
    except ValueError:
        return False
    return True
