"""Instrumentation of an actor's Wasm: the stack limit and gas metering of the FVM.

Before an actor runs, its code is rewritten (ref-fvm `engine/mod.rs`, with the rules of FIP-0032 and
FIP-0057). A mutable global holds the height of all operand stacks together; calls of the module's
own functions raise and lower it and trap above the limit, and functions that may be entered from
elsewhere (exports, tables, the start function) are entered through thunks that do the same. Then
each metered block is made to charge an imported global, `gas.gas_counter`, that holds the remaining
milligas; below zero the code traps. The bookkeeping of the stack limit is itself metered.

The output holds the same instructions as that of fvm-wasm-instrument 0.4.0, quirks included; only
numbers the input wrote at more than their shortest length may stay as they are. What is executed
differs from it in ways that gas does not show: `inline_charges` and `count_growth`.
"""

from collections.abc import Sequence

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm import bodies, opcodes, segments
from papyrus.vm.wasm.binary import (
    FUNCTION_FORM,
    I32,
    I64,
    VALUE_TYPES,
    Section,
    expect_end,
    read_sections,
    read_u32,
    write_sections,
    write_signed,
    write_sized,
    write_unsigned,
    write_vector,
)
from papyrus.vm.wasm.body_state import BodyState, ModuleShape, Signature
from papyrus.vm.wasm.charging import (
    GAS_FUNCTION,
    AddedFunctions,
    CalledCharges,
    InlinedCharges,
)
from papyrus.vm.wasm.growth import memory_growth, table_growth
from papyrus.vm.wasm.instructions import PAID_PER_CALL
from papyrus.vm.wasm.opcodes import Op
from papyrus.vm.wasm.prices import SINCE_HYGGE, InstrumentationRules
from papyrus.vm.wasm.segments import FUNCTION_KIND, GLOBAL_KIND, Element, Export

GAS_MODULE, GAS_COUNTER, MEMORY_ROOM = "gas", "gas_counter", "memory_room"
"""The imports under which the remaining milligas, and the remaining bytes of memory, are found."""

MAXIMUM_PARAMETERS = 1_000

REWRITER = "2"
"""Names this form of the output in keys of compiled code; another form needs another name."""


def rewrite(
    code: bytes,
    rules: InstrumentationRules = SINCE_HYGGE,
    *,
    inline_charges: bool = False,
    count_growth: bool = False,
) -> bytes:
    """Return the instrumented form of a Wasm module.

    Inlined charges take the same gas at the same places and trap in the same cases; they make the
    code larger and about twice as fast. Counted growth takes what memory and tables grow by from a
    further imported global, `gas.memory_room`, and shows the table to whoever runs the module.

    Raises DecodeError where the module is malformed or uses what actors may not use. Not every
    invalid module is found out here: what compiles the result validates it in full.
    """
    try:
        return _rewrite(code, rules, inline_charges=inline_charges, count_growth=count_growth)
    except IndexError:
        raise DecodeError("Wasm: the module ends within an item") from None


def _rewrite(
    code: bytes, rules: InstrumentationRules, *, inline_charges: bool, count_growth: bool
) -> bytes:
    sections = read_sections(code)
    types = _read_types(sections.get(Section.TYPE, b"\0"))
    imports, imported = _read_imports(sections.get(Section.IMPORT, b"\0"))
    defined = _read_functions(sections.get(Section.FUNCTION))
    functions = imported + defined
    signatures = tuple(signature for _, signature in types)
    for type_index in functions:
        _expect_index(type_index, len(types), "type")

    exports = segments.read_exports(sections.get(Section.EXPORT, b"\0"))
    elements = segments.read_elements(sections.get(Section.ELEMENT, b"\0"))
    most_elements = segments.read_table(sections.get(Section.TABLE, b"\0"))
    most_pages = segments.read_memory(sections.get(Section.MEMORY, b"\0"))
    segments.check_data(sections.get(Section.DATA, b"\0"))
    start = _read_start(sections.get(Section.START))

    # Functions that are entered from outside their module's code, each by a thunk of its own.
    entries = _entries(exports, elements, start, len(functions))
    entered = [index for index in entries if index >= len(imported)]
    thunks = {index: len(functions) + place for place, index in enumerate(entered)}

    added = AddedFunctions(len(functions) + len(thunks))
    call_gas = added.add(GAS_FUNCTION)
    charges = InlinedCharges(call_gas) if inline_charges else CalledCharges(call_gas)
    counters = [GAS_COUNTER, MEMORY_ROOM] if count_growth else [GAS_COUNTER]
    grow_memory = grow_table = b""
    if count_growth and most_pages is not None:
        grow_memory = added.add(memory_growth(most_pages))
    if count_growth and most_elements is not None:
        grow_table = added.add(table_growth(most_elements))
        exports = segments.with_table(exports)
    global_entries = segments.read_globals(sections.get(Section.GLOBAL, b"\0"))
    height_global = write_unsigned(len(global_entries) + len(counters))

    shape = ModuleShape(
        signatures, tuple(functions), len(imported), len(counters), grow_memory, grow_table
    )
    state = BodyState(shape, rules, charges, sections.get(Section.CODE, b"\0"))
    rewritten = _rewrite_bodies(state)
    guarded = [
        _guarded_call(len(imported) + place, body.stack_cost, height_global, rules)
        for place, body in enumerate(rewritten)
    ]
    encoded = [body.encode(guarded) for body in rewritten]
    encoded += [
        _thunk(signatures[functions[index]], guarded[index - len(imported)], charges, rules)
        for index in entered
    ]
    encoded += [write_sized(b"\0" + function.code) for function in added.functions]

    # A thunk has the first type equal to that of the function it enters.
    entered_types = [types[functions[index]][0] for index in entered]
    added_types = [function.type for function in added.functions]
    type_encodings = [encoding for encoding, _ in types]
    type_encodings += [new for new in dict.fromkeys(added_types) if new not in type_encodings]
    first_type = {encoding: index for index, encoding in reversed(list(enumerate(type_encodings)))}
    function_types = [*defined, *map(first_type.__getitem__, [*entered_types, *added_types])]
    sections[Section.TYPE] = write_vector(type_encodings)
    sections[Section.IMPORT] = write_vector([*imports, *map(_counter_import, counters)])
    sections[Section.FUNCTION] = write_vector([write_unsigned(index) for index in function_types])
    sections[Section.GLOBAL] = write_vector(
        [*global_entries, bytes((I32, 1, Op.I32_CONST, 0, Op.END))]
    )
    # Quirk: an exported global keeps its index, though all globals have moved up.
    sections[Section.EXPORT] = write_vector([export.encode(thunks) for export in exports])
    for index in start:
        sections[Section.START] = write_unsigned(thunks.get(index, index))
    sections[Section.ELEMENT] = write_vector([element.encode(thunks) for element in elements])
    sections[Section.CODE] = write_vector(encoded)
    return write_sections(sections)


def _entries(
    exports: Sequence[Export], elements: Sequence[Element], start: Sequence[int], functions: int
) -> list[int]:
    """Return the functions that exports, tables and the start name, in order."""
    entries = {export.index for export in exports if export.kind == FUNCTION_KIND}
    entries.update(index for element in elements for index in element.functions)
    entries.update(start)
    for index in entries:
        _expect_index(index, functions, "function")
    return sorted(entries)


def _rewrite_bodies(state: BodyState) -> list[bodies.Body]:
    section, shape = state.code, state.shape
    count, position = read_u32(section, 0)
    defined = shape.functions[shape.imported_functions :]
    if count != len(defined):
        raise DecodeError("Wasm: there are not as many function bodies as functions")
    rewritten = []
    for type_index in defined:
        size, position = read_u32(section, position)
        if position + size > len(section):
            raise DecodeError("Wasm: a function body ends after its section")
        signature = shape.signatures[type_index]
        rewritten.append(bodies.rewrite_body(state, position, position + size, signature))
        position += size
    expect_end(section, position, "code")
    return rewritten


def _guarded_call(
    function: int, stack_cost: int, height_global: bytes, rules: InstrumentationRules
) -> bytes:
    """Return a call that raises the height of the stack before and lowers it after."""
    get = bytes((Op.GLOBAL_GET,)) + height_global
    store = bytes((Op.GLOBAL_SET,)) + height_global
    cost = bytes((Op.I32_CONST,)) + write_signed(stack_cost)
    limit = bytes((Op.I32_CONST,)) + write_signed(rules.stack_limit)
    raise_height = get + cost + bytes((Op.I32_ADD,)) + store
    trap_above = (
        get + limit + bytes((Op.I32_GT_U, Op.IF, opcodes.EMPTY_BLOCK, Op.UNREACHABLE, Op.END))
    )
    call = bytes((Op.CALL,)) + write_unsigned(function)
    lower_height = get + cost + bytes((Op.I32_SUB,)) + store
    return raise_height + trap_above + call + lower_height


def _thunk(
    signature: Signature, guarded_call: bytes, charges: CalledCharges, rules: InstrumentationRules
) -> bytes:
    """Return the body of a function that does nothing but call another with its arguments."""
    cost = (signature.parameters + PAID_PER_CALL) * rules.instruction
    arguments = b"".join(
        bytes((Op.LOCAL_GET,)) + write_unsigned(index) for index in range(signature.parameters)
    )
    return write_sized(b"\0" + charges.charge(cost) + arguments + guarded_call + bytes((Op.END,)))


def _counter_import(name: str) -> bytes:
    names = write_sized(GAS_MODULE.encode()) + write_sized(name.encode())
    return names + bytes((GLOBAL_KIND, I64, 1))


def _read_types(section: bytes) -> list[tuple[bytes, Signature]]:
    """Return each function type: its encoding and what of it matters to stack heights."""
    count, position = read_u32(section, 0)
    types = []
    for _ in range(count):
        if section[position] != FUNCTION_FORM:
            raise DecodeError("Wasm: a type is not that of a function")
        parameters, position = _read_value_types(section, position + 1, MAXIMUM_PARAMETERS)
        results, position = _read_value_types(section, position, 1)
        encoding = bytes((FUNCTION_FORM,)) + write_sized(parameters) + write_sized(results)
        types.append((encoding, Signature(len(parameters), len(results))))
    expect_end(section, position, "type")
    return types


def _read_value_types(section: bytes, position: int, limit: int) -> tuple[bytes, int]:
    count, position = read_u32(section, position)
    if count > limit:
        raise DecodeError(f"Wasm: a function takes or returns more than {limit} values")
    end = position + count
    value_types = section[position:end]
    if len(value_types) != count or not VALUE_TYPES.issuperset(value_types):
        raise DecodeError("Wasm: a function type names no valid types")
    return value_types, end


def _read_imports(section: bytes) -> tuple[list[bytes], list[int]]:
    """Return the entries, and the type of each imported function.

    The machine has nothing but functions to import. The reference finds that out when it links a
    module, and fails in the same way as for code that is no module.
    """
    count, position = read_u32(section, 0)
    entries, functions = [], []
    for _ in range(count):
        start = position
        _, position = segments.read_name(section, position)
        _, position = segments.read_name(section, position)
        if section[position] != FUNCTION_KIND:
            raise DecodeError("Wasm: something other than a function is imported")
        type_index, position = read_u32(section, position + 1)
        functions.append(type_index)
        entries.append(section[start:position])
    expect_end(section, position, "import")
    return entries, functions


def _read_functions(section: bytes | None) -> list[int]:
    if section is None:
        raise DecodeError("Wasm: the module has no function section")
    count, position = read_u32(section, 0)
    functions = []
    for _ in range(count):
        type_index, position = read_u32(section, position)
        functions.append(type_index)
    expect_end(section, position, "function")
    return functions


def _read_start(section: bytes | None) -> Sequence[int]:
    if section is None:
        return ()
    index, position = read_u32(section, 0)
    expect_end(section, position, "start")
    return (index,)


def _expect_index(index: int, count: int, what: str) -> None:
    if index >= count:
        raise DecodeError(f"Wasm: there is no {what} {index}")
