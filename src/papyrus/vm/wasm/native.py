"""The C interface of wasmtime, as far as the engine uses it.

No other module imports wasmtime. Its Python classes convert each argument and check each type,
which costs more than most system calls do, so what is called often is declared here once more with
plain numbers for pointers. Layouts and names are those of the pinned release.

The settings follow the reference's `engine/mod.rs` in all that a module can notice: the features
it may use, canonical NaNs, the room on the native stack.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from wasmtime import _bindings as bindings
from wasmtime import _ffi as ffi

from papyrus.primitives.errors import DecodeError

VERSION = version("wasmtime")

_MEBIBYTE = 1 << 20

SETTINGS: dict[str, bool | int] = {
    "wasm_threads": False,
    "shared_memory": False,
    "wasm_tail_call": False,
    "wasm_relaxed_simd": False,
    "wasm_relaxed_simd_deterministic": True,
    "wasm_simd": False,
    "wasm_multi_memory": False,
    "wasm_multi_value": False,
    "wasm_memory64": False,
    "wasm_wide_arithmetic": False,
    "wasm_custom_page_sizes": False,
    "wasm_function_references": False,
    "wasm_gc": False,
    "wasm_exceptions": False,
    "wasm_stack_switching": False,
    "wasm_reference_types": True,
    "wasm_bulk_memory": True,
    "gc_support": False,
    # Never used; but wasmtime ends the process where it is smaller than the Wasm stack.
    "async_stack_size": 8 * _MEBIBYTE,
    "max_wasm_stack": 4 * _MEBIBYTE,
    # All that a 32-bit offset reaches is reserved, so that no memory ever moves.
    "memory_may_move": False,
    "memory_reservation": 4 << 30,
    "memory_init_cow": True,
    "cranelift_nan_canonicalization": True,
    "cranelift_debug_verifier": False,
    "consume_fuel": False,
    "epoch_interruption": False,
    "debug_info": False,
    "native_unwind_info": False,
    "macos_use_mach_ports": False,
    "cranelift_opt_level": 1,  # for speed
}

# Functions that return at once keep the interpreter's lock; those that take their time let it go.
_QUICK = ctypes.PyDLL(str(ffi.filename))
_LONG = ctypes.CDLL(str(ffi.filename))

POINTER = ctypes.c_void_p
_NAME = (ctypes.c_char_p, ctypes.c_size_t)

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_size_t, POINTER, POINTER, POINTER, ctypes.c_size_t)
"""A host function: environment, caller, 16-byte slots of arguments, their number; a trap or 0."""


def _declare(library: ctypes.CDLL, name: str, result: Any, *parameters: Any) -> Any:
    function = library[name]
    function.restype, function.argtypes = result, parameters
    return function


store_new = _declare(_QUICK, "wasmtime_store_new", POINTER, *[POINTER] * 3)
store_delete = _declare(_QUICK, "wasmtime_store_delete", None, POINTER)
store_context = _declare(_QUICK, "wasmtime_store_context", POINTER, POINTER)
store_limiter = _declare(_QUICK, "wasmtime_store_limiter", None, POINTER, *[ctypes.c_int64] * 5)
global_new = _declare(_QUICK, "wasmtime_global_new", POINTER, *[POINTER] * 4)
global_get = _declare(_QUICK, "wasmtime_global_get", None, *[POINTER] * 3)
global_set = _declare(_QUICK, "wasmtime_global_set", POINTER, *[POINTER] * 3)
memory_data = _declare(_QUICK, "wasmtime_memory_data", POINTER, *[POINTER] * 2)
memory_data_size = _declare(_QUICK, "wasmtime_memory_data_size", ctypes.c_size_t, *[POINTER] * 2)
export_get = _declare(
    _QUICK, "wasmtime_instance_export_get", ctypes.c_bool, POINTER, POINTER, *_NAME, POINTER
)
linker_new = _declare(_QUICK, "wasmtime_linker_new", POINTER, POINTER)
linker_delete = _declare(_QUICK, "wasmtime_linker_delete", None, POINTER)
linker_allow_shadowing = _declare(
    _QUICK, "wasmtime_linker_allow_shadowing", None, POINTER, ctypes.c_bool
)
linker_define = _declare(
    _QUICK, "wasmtime_linker_define", POINTER, POINTER, POINTER, *_NAME, *_NAME, POINTER
)
_linker_define_func = _declare(
    _QUICK,
    "wasmtime_linker_define_func_unchecked",
    POINTER,
    POINTER,
    *_NAME,
    *_NAME,
    POINTER,
    CALLBACK,
    POINTER,
    POINTER,
)
linker_instantiate_pre = _declare(
    _QUICK, "wasmtime_linker_instantiate_pre", POINTER, POINTER, POINTER, POINTER
)
instance_pre_delete = _declare(_QUICK, "wasmtime_instance_pre_delete", None, POINTER)
linker_instantiate = _declare(_LONG, "wasmtime_linker_instantiate", POINTER, *[POINTER] * 5)
func_call = _declare(
    _LONG, "wasmtime_func_call_unchecked", POINTER, *[POINTER] * 3, ctypes.c_size_t, POINTER
)
_trap_new = _declare(_QUICK, "wasmtime_trap_new", POINTER, *_NAME)
_trap_code = _declare(_QUICK, "wasmtime_trap_code", ctypes.c_bool, POINTER, POINTER)
_trap_message = _declare(_QUICK, "wasm_trap_message", None, POINTER, POINTER)
_trap_delete = _declare(_QUICK, "wasm_trap_delete", None, POINTER)
_error_message = _declare(_QUICK, "wasmtime_error_message", None, POINTER, POINTER)
_error_delete = _declare(_QUICK, "wasmtime_error_delete", None, POINTER)
_bytes_delete = _declare(_QUICK, "wasm_byte_vec_delete", None, POINTER)
engine_delete = _declare(_QUICK, "wasm_engine_delete", None, POINTER)
_valtype_kind = _declare(_QUICK, "wasm_valtype_kind", ctypes.c_uint8, POINTER)
_engine_new = _declare(_QUICK, "wasm_engine_new_with_config", POINTER, POINTER)
_module_new = _declare(_LONG, "wasmtime_module_new", POINTER, POINTER, *_NAME, POINTER)
_module_validate = _declare(_LONG, "wasmtime_module_validate", POINTER, POINTER, *_NAME)
_module_serialize = _declare(_LONG, "wasmtime_module_serialize", POINTER, POINTER, POINTER)
_module_deserialize = _declare(
    _LONG, "wasmtime_module_deserialize", POINTER, POINTER, *_NAME, POINTER
)
_module_deserialize_file = _declare(
    _LONG, "wasmtime_module_deserialize_file", POINTER, POINTER, ctypes.c_char_p, POINTER
)
module_delete = _declare(_QUICK, "wasmtime_module_delete", None, POINTER)


class Handles(ctypes.Structure):
    """What one instance's C calls read and write, in one piece of memory."""

    _fields_ = (
        ("instance", bindings.wasmtime_instance_t),
        ("memory", bindings.wasmtime_extern_t),
        ("entry", bindings.wasmtime_extern_t),
        ("gas", bindings.wasmtime_extern_t),
        ("room", bindings.wasmtime_extern_t),
        ("counter", bindings.wasmtime_val_t),
        ("slot", bindings.wasmtime_val_raw_t),
        ("trap", ctypes.c_void_p),
    )


MEMORY_AT = Handles.memory.offset + bindings.wasmtime_extern_t.of.offset
ENTRY_AT = Handles.entry.offset + bindings.wasmtime_extern_t.of.offset
GAS_AT = Handles.gas.offset + bindings.wasmtime_extern_t.of.offset
ROOM_AT = Handles.room.offset + bindings.wasmtime_extern_t.of.offset
NUMBER_AT = Handles.counter.offset + bindings.wasmtime_val_t.of.offset
"""Where in the handles the memory, the function, the globals and the value of one stand."""

EXTERN_GLOBAL = ffi.WASMTIME_EXTERN_GLOBAL.value
VALUE_I64 = ffi.WASMTIME_I64.value


@dataclass(frozen=True, slots=True)
class ExportTypes:
    """What a module exports, as far as running it depends on it."""

    memories: dict[str, int]
    """Initial pages of 64 KiB, by name."""
    tables: dict[str, int]
    """Initial elements, by name."""
    functions: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    """Kinds of parameters and results, by name; 0 is an i32."""


global_type_delete = _declare(_QUICK, "wasm_globaltype_delete", None, POINTER)


def new_engine() -> int:
    """Return an engine with the settings above."""
    config = bindings.wasm_config_new()
    for name, value in SETTINGS.items():
        getattr(bindings, f"wasmtime_config_{name}_set")(config, value)
    return int(_engine_new(ctypes.cast(config, POINTER)))


def compile_module(engine: int, code: bytes) -> int:
    """Return a module, its code valid and compiled; DecodeError where it is not valid."""
    module = POINTER()
    _check(_module_new(engine, code, len(code), ctypes.byref(module)))
    return _present(module)


def validate_module(engine: int, code: bytes) -> None:
    """Raise DecodeError unless the code is valid with the engine's features."""
    _check(_module_validate(engine, code, len(code)))


def serialize_module(module: int) -> bytes:
    """Return a module's native code."""
    buffer = bindings.wasm_byte_vec_t()
    _check(_module_serialize(module, ctypes.byref(buffer)))
    return _take_bytes(buffer)


def deserialize_module(engine: int, data: bytes) -> int:
    """Return a module from native code, which runs unchecked and must be trusted."""
    module = POINTER()
    _check(_module_deserialize(engine, data, len(data), ctypes.byref(module)))
    return _present(module)


def deserialize_module_file(engine: int, path: str) -> int:
    """Return a module from a file of native code, mapped rather than read."""
    module = POINTER()
    _check(_module_deserialize_file(engine, path.encode(), ctypes.byref(module)))
    return _present(module)


def module_exports(module: int) -> ExportTypes:
    """Return the types of what a module exports."""
    types = ExportTypes({}, {}, {})
    exports = bindings.wasm_exporttype_vec_t()
    pointer = ctypes.cast(module, ctypes.POINTER(bindings.wasmtime_module_t))
    bindings.wasmtime_module_exports(pointer, ctypes.byref(exports))
    try:
        for index in range(exports.size):
            name = _name_of(bindings.wasm_exporttype_name(exports.data[index]))
            kind = bindings.wasm_exporttype_type(exports.data[index])
            if memory := bindings.wasm_externtype_as_memorytype_const(kind):
                types.memories[name] = bindings.wasmtime_memorytype_minimum(memory)
            elif table := bindings.wasm_externtype_as_tabletype_const(kind):
                types.tables[name] = bindings.wasm_tabletype_limits(table).contents.min
            elif function := bindings.wasm_externtype_as_functype_const(kind):
                types.functions[name] = (
                    _kinds(bindings.wasm_functype_params(function)),
                    _kinds(bindings.wasm_functype_results(function)),
                )
    finally:
        bindings.wasm_exporttype_vec_delete(ctypes.byref(exports))
    return types


def define_function(
    linker: int, module: str, name: str, params: str, callback: Callable[..., int]
) -> None:
    """Let a linker provide a callback; it must stay referenced as long as the linker's code."""
    kinds = {"i": ffi.WASM_I32, "I": ffi.WASM_I64}
    function_type = bindings.wasm_functype_new(
        ctypes.byref(_value_types([kinds[letter] for letter in params])),
        ctypes.byref(_value_types([ffi.WASM_I32])),
    )
    names = (module.encode(), name.encode())
    error = _linker_define_func(
        linker,
        names[0],
        len(names[0]),
        names[1],
        len(names[1]),
        ctypes.cast(function_type, POINTER),
        callback,
        None,
        None,
    )
    bindings.wasm_functype_delete(function_type)
    if error:
        raise ValueError(take_error(error))


def new_global_type() -> int:
    """Return the type of a mutable i64 global."""
    kind = bindings.wasm_valtype_new(ffi.WASM_I64)
    return int(ctypes.cast(bindings.wasm_globaltype_new(kind, ffi.WASM_VAR), POINTER).value or 0)


def new_trap(message: bytes) -> int:
    """Return a trap for a callback to return; wasmtime frees it."""
    return int(_trap_new(message, len(message)))


def take_trap(trap: int) -> tuple[int, str]:
    """Free a trap; return its number, or -1 where it has none, and its message."""
    code = ctypes.c_uint8()
    number = code.value if _trap_code(trap, ctypes.byref(code)) else -1
    buffer = bindings.wasm_byte_vec_t()
    _trap_message(trap, ctypes.byref(buffer))
    _trap_delete(trap)
    return number, _take_bytes(buffer).rstrip(b"\0").decode("utf-8", "replace")


def take_error(error: int) -> str:
    """Free an error and return its message."""
    buffer = bindings.wasm_byte_vec_t()
    _error_message(error, ctypes.byref(buffer))
    _error_delete(error)
    return _take_bytes(buffer).decode("utf-8", "replace")


def _check(error: int | None) -> None:
    if error:
        raise DecodeError(f"Wasm: {take_error(error)}")


def _present(module: ctypes.c_void_p) -> int:
    if not module.value:
        raise DecodeError("Wasm: no module came of it")
    return module.value


def _take_bytes(buffer: Any) -> bytes:
    content = ctypes.string_at(buffer.data, buffer.size) if buffer.size else b""
    _bytes_delete(ctypes.byref(buffer))
    return content


def _name_of(vector: Any) -> str:
    content = vector.contents
    return ctypes.string_at(content.data, content.size).decode() if content.size else ""


def _kinds(vector: Any) -> tuple[int, ...]:
    content = vector.contents
    return tuple(_valtype_kind(content.data[index]) for index in range(content.size))


def _value_types(kinds: list[Any]) -> Any:
    vector = bindings.wasm_valtype_vec_t()
    items = [bindings.wasm_valtype_new(kind) for kind in kinds]
    array = (ctypes.POINTER(bindings.wasm_valtype_t) * len(items))(*items)
    bindings.wasm_valtype_vec_new(ctypes.byref(vector), len(items), array)
    return vector
