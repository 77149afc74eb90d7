"""Running modules: gas, traps, memory, host functions, and nothing that ends the process."""

import resource
import sys
import threading

import pytest

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.vm import deep_stack
from papyrus.vm.wasm.host import (
    HostFunction,
    InstantiationError,
    LinkError,
    MemoryRange,
    NoEntryPoint,
    Trap,
    TrapKind,
)

LIMIT = 1 << 29
PAGE = 65_536
GAS = 10**12
ENTRY_GAS = 14_000 * 4
"""A thunk's guarded call and its one argument, in milligas."""

CALLER = """(module (import "test" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "invoke") (param i32) (result i32) local.get 0 call $host))"""


def entry(body, around=""):
    return f"""(module {around}
        (func (export "invoke") (param i32) (result i32) {body}))"""


def host(call, params="i"):
    return HostFunction("test", "host", params, call)


def test_result_and_gas_of_a_call(started):
    instance = started(entry("local.get 0 i32.const 1 i32.add"))
    assert instance.invoke(0xFFFFFFFE) == 0xFFFFFFFF
    assert instance.gas == GAS - ENTRY_GAS - 12_000


def test_gas_can_be_set(started):
    instance = started(entry("local.get 0"))
    instance.gas = 2**63 - 1
    assert instance.gas == 2**63 - 1
    instance.gas = -5
    assert instance.gas == -5


def test_last_milligas_will_do_and_one_less_traps(started):
    needed = ENTRY_GAS + 4_000
    instance = started(entry("local.get 0"), gas=needed)
    assert instance.invoke(3) == 3
    assert instance.gas == 0
    instance.gas = needed - 1
    with pytest.raises(Trap) as raised:
        instance.invoke(3)
    assert raised.value.kind is TrapKind.UNREACHABLE
    assert instance.gas == -1


@pytest.mark.parametrize("inline_charges", [True, False])
def test_endless_loop_ends_when_gas_does(started, inline_charges):
    instance = started(entry("loop br 0 end unreachable"), gas=10**9, inline_charges=inline_charges)
    with pytest.raises(Trap):
        instance.invoke(0)
    assert instance.gas == -4_000 + (10**9 - ENTRY_GAS) % 4_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("unreachable", TrapKind.UNREACHABLE),
        ("i32.const -1 i32.load", TrapKind.MEMORY_OUT_OF_BOUNDS),
        ("i32.const 1 i32.const 0 i32.div_u", TrapKind.INTEGER_DIVISION_BY_ZERO),
        ("i32.const 0x80000000 i32.const -1 i32.div_s", TrapKind.INTEGER_OVERFLOW),
        ("f32.const nan i32.trunc_f32_s", TrapKind.BAD_CONVERSION_TO_INTEGER),
        ("i32.const 9 call_indirect (result i32)", TrapKind.TABLE_OUT_OF_BOUNDS),
        ("i32.const 1 call_indirect (result i32)", TrapKind.INDIRECT_CALL_TO_NULL),
        ("i32.const 0 call_indirect (result i32)", TrapKind.BAD_SIGNATURE),
    ],
)
def test_trap_of_the_actors_code(started, body, kind):
    around = "(memory 1) (table 2 funcref) (elem (i32.const 0) 0)"
    with pytest.raises(Trap) as raised:
        started(entry(body, around)).invoke(0)
    assert raised.value.kind is kind
    assert kind.is_the_actors_fault
    assert str(raised.value)


def test_engine_failures_are_not_the_actors_fault():
    assert not TrapKind.OTHER.is_the_actors_fault


def test_instance_lives_on_after_a_trap(started):
    instance = started(entry("local.get 0 i32.eqz if unreachable end i32.const 4"))
    with pytest.raises(Trap):
        instance.invoke(0)
    assert instance.invoke(1) == 4


def test_recursion_stops_at_the_stack_limit(started):
    """Each call adds five: the activation, and three operands at most."""
    count = '(global $n (mut i32) (i32.const 0)) (memory (export "memory") 1)'
    body = """(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (drop (call 0 (i32.const 0))) i32.const 0"""
    instance = started(entry(body, count))
    with pytest.raises(Trap) as raised:
        instance.invoke(0)
    assert raised.value.kind is TrapKind.UNREACHABLE
    assert int.from_bytes(instance.read(0, 4), "little") == 2_048 // 5


def test_memory_is_read_and_written(started):
    instance = started(entry("local.get 0 i32.load", '(memory (export "memory") 1)'))
    assert instance.memory_size() == instance.memory_used() == 65_536
    instance.write(65_532, b"\x01\x02\x03\x04")
    assert instance.read(65_530, 6) == b"\0\0\x01\x02\x03\x04"
    assert instance.invoke(65_532) == 0x04030201


@pytest.mark.parametrize(
    ("offset", "length"), [(65_536, 1), (65_535, 2), (0, 65_537), (2**32 - 1, 1), (-1, 1), (1, -1)]
)
def test_memory_outside_is_refused(started, offset, length):
    instance = started(entry("i32.const 0", '(memory (export "memory") 1)'))
    with pytest.raises(MemoryRange):
        instance.read(offset, length)
    with pytest.raises(MemoryRange):
        instance.write(offset if length >= 0 else -1, bytes(max(length, 1)))


def test_nothing_may_be_read_at_the_very_end(started):
    instance = started(entry("i32.const 0", '(memory (export "memory") 1)'))
    assert instance.read(65_536, 0) == b""


def test_grown_memory_is_reached_at_once(started):
    instance = started(entry("local.get 0 memory.grow", '(memory (export "memory") 1)'), gas=10**13)
    assert instance.invoke(2) == 1
    assert instance.read(3 * 65_536 - 1, 1) == b"\0"
    assert instance.memory_size() == 3 * 65_536


def test_memory_grows_up_to_its_limit_only(started):
    instance = started(
        entry("local.get 0 memory.grow", '(memory (export "memory") 1)'),
        memory_limit=3 * 65_536,
        gas=10**13,
    )
    assert instance.invoke(3) == 0xFFFFFFFF
    assert instance.invoke(2) == 1
    assert instance.invoke(1) == 0xFFFFFFFF


def test_memory_that_begins_above_its_limit_is_refused(started):
    text = entry("i32.const 0", '(memory (export "memory") 3)')
    assert started(text, memory_limit=3 * 65_536)
    with pytest.raises(InstantiationError, match="memory"):
        started(text, memory_limit=3 * 65_536 - 1)


def test_tables_count_eight_bytes_an_element(started):
    text = entry("i32.const 0", '(memory (export "memory") 1) (table (export "t") 100 funcref)')
    instance = started(text, memory_room=PAGE + 800)
    assert instance.memory_used() == PAGE + 800
    with pytest.raises(InstantiationError, match="no room"):
        started(text, memory_room=PAGE + 799)
    # They do not count for the limit on the memory alone.
    assert started(text, memory_limit=PAGE).memory_used() == PAGE + 800


@pytest.mark.parametrize(
    "exports", ["", '(export "")', '(export "t") (export "u")', '(export "table")']
)
def test_a_table_counts_once_whatever_its_names(started, exports):
    more = f'(memory (export "memory") 1) (table {exports} 100 funcref)'
    instance = started(entry("i32.const 0", more))
    assert instance.memory_used() == PAGE + 800
    paid = 100 if "table" in exports else None
    assert instance.module.initial_table_elements == paid


GROWING = entry("local.get 0 memory.grow", '(memory (export "memory") 1)')
REFUSED = 2**32 - 1


def test_growth_that_the_limit_refuses_counts(started):
    instance = started(GROWING, gas=2**62, memory_limit=3 * PAGE, memory_room=100 * PAGE)
    assert (instance.invoke(3), instance.memory_used()) == (REFUSED, 4 * PAGE)
    assert (instance.invoke(3), instance.memory_used()) == (REFUSED, 7 * PAGE)
    assert (instance.invoke(2), instance.memory_used()) == (1, 9 * PAGE)
    assert instance.memory_size() == 3 * PAGE


def test_growth_beyond_the_room_does_not_count(started):
    instance = started(GROWING, gas=2**62, memory_room=10 * PAGE)
    for pages in (10, 2**16, 2**31, 2**32 - 1):
        assert (instance.invoke(pages), instance.memory_used()) == (REFUSED, PAGE)
    assert (instance.invoke(9), instance.memory_used()) == (1, 10 * PAGE)
    assert (instance.invoke(1), instance.memory_used()) == (REFUSED, 10 * PAGE)
    assert (instance.invoke(0), instance.memory_used()) == (10, 10 * PAGE)


def test_refused_growth_takes_the_room_of_growth_that_would_fit(started):
    instance = started(GROWING, gas=2**62, memory_limit=3 * PAGE, memory_room=10 * PAGE)
    assert instance.invoke(8) == REFUSED
    assert instance.invoke(2) == REFUSED
    assert instance.invoke(1) == 1
    assert instance.memory_used() == 10 * PAGE


def test_growth_beyond_the_memorys_own_maximum_does_not_count(started):
    text = entry("local.get 0 memory.grow", '(memory (export "memory") 1 6)')
    instance = started(text, gas=2**62, memory_limit=3 * PAGE)
    for pages in (6, 2**16, 2**32 - 1):
        assert (instance.invoke(pages), instance.memory_used()) == (REFUSED, PAGE)
    assert (instance.invoke(5), instance.memory_used()) == (REFUSED, 6 * PAGE)


def test_growth_of_the_first_code_counts(started):
    text = """(module (memory (export "memory") 1) (start 0)
        (func (drop (memory.grow (i32.const 2))) (drop (memory.grow (i32.const 5)))))"""
    instance = started(text, memory_limit=4 * PAGE)
    assert (instance.memory_size(), instance.memory_used()) == (3 * PAGE, 8 * PAGE)
    with pytest.raises(InstantiationError) as raised:
        started(text.replace("(drop (memory.grow (i32.const 5)))", "unreachable"))
    assert raised.value.memory_used == 3 * PAGE


@pytest.mark.parametrize(
    ("declared", "most"), [("", 20_000), ("12", 12), ("20001", 20_000), ("4294967295", 20_000)]
)
def test_growth_of_a_table_counts_unless_it_exceeds_its_maximum(started, declared, most):
    more = f'(memory (export "memory") 1) (table 10 {declared} funcref)'
    grow = "i32.const 0 table.get 0 local.get 0 table.grow 0"
    instance = started(entry(grow, more), gas=2**62)
    for elements in (most - 9, 2**31, 2**32 - 1):
        assert (instance.invoke(elements), instance.memory_used()) == (REFUSED, PAGE + 80)
    assert (instance.invoke(0), instance.memory_used()) == (10, PAGE + 80)
    assert (instance.invoke(most - 10), instance.memory_used()) == (10, PAGE + most * 8)
    assert (instance.invoke(0), instance.memory_used()) == (most, PAGE + most * 8)
    small = started(entry(grow, more), memory_room=PAGE + 88)
    assert [small.invoke(number) for number in (2, 1, 1)] == [REFUSED, 10, REFUSED]


def test_an_import_cannot_stand_for_the_room(started):
    text = """(module (import "gas" "memory_room" (func (result i32)))
        (memory (export "memory") 1) (func))"""
    for room in (0, 1 << 31):
        with pytest.raises(LinkError, match="memory_room"):
            started(text, memory_room=room)


def test_what_a_module_begins_with_is_known(compiled):
    memory = '(memory (export "memory") 17) (table (export "table") 5 funcref)'
    module = compiled(entry("i32.const 0", memory))
    assert (module.initial_memory_pages, module.initial_table_elements) == (17, 5)
    other = compiled(entry("i32.const 0", '(memory 1) (table (export "t") 5 funcref)'))
    assert (other.initial_memory_pages, other.initial_table_elements) == (None, None)


def test_instance_without_memory_has_none_to_read(started):
    instance = started(entry("i32.const 0", "(memory 1)"))
    assert instance.memory_size() == 0
    with pytest.raises(MemoryRange):
        instance.read(0, 1)


def test_host_function_gets_unsigned_arguments_and_the_instance(started):
    seen = []

    def call(instance, *arguments):
        seen.append((instance.context, instance.gas, arguments))
        return 0xFFFFFFFF

    text = """(module (import "test" "host" (func (param i32 i64 i32 i64) (result i32)))
        (func (export "invoke") (param i32) (result i32)
            i32.const -1 i64.const -2 local.get 0 i64.const 0x1234567890 call 0))"""
    context = object()
    instance = started(text, host(call, "iIiI"), context=context)
    assert instance.invoke(7) == 0xFFFFFFFF
    arguments = (2**32 - 1, 2**64 - 2, 7, 0x1234567890)
    # The block is paid for before the call in its middle.
    assert seen == [(context, GAS - ENTRY_GAS - 20_000, arguments)]


@pytest.mark.parametrize("params", ["", "i", "I", "iiiiiiiii"])
def test_host_function_of_any_arity(started, params):
    kinds = {"i": "i32", "I": "i64"}
    types = " ".join(kinds[letter] for letter in params)
    constants = " ".join(f"{kinds[letter]}.const {n}" for n, letter in enumerate(params))
    text = f"""(module (import "test" "host" (func (param {types}) (result i32)))
        (func (export "invoke") (param i32) (result i32) {constants} call 0))"""
    seen = []
    instance = started(text, host(lambda _, *numbers: seen.append(numbers) or 5, params))
    assert instance.invoke(0) == 5
    assert seen == [tuple(range(len(params)))]


@pytest.mark.parametrize("inline_charges", [True, False])
def test_gas_set_by_a_host_function_counts(started, inline_charges):
    def call(instance, _):
        instance.gas = 3_999
        return 0

    text = """(module (import "test" "host" (func (param i32) (result i32)))
        (func (export "invoke") (param i32) (result i32)
            local.get 0 call 0 if (result i32) i32.const 1 else i32.const 2 end))"""
    instance = started(text, host(call), inline_charges=inline_charges)
    with pytest.raises(Trap):
        instance.invoke(0)
    assert instance.gas == -1


@pytest.mark.parametrize(
    "error", [KeyError("x"), KeyboardInterrupt(), SystemExit(3), RecursionError(), MemoryError()]
)
def test_what_a_host_function_raises_comes_out(started, error):
    def call(_, number):
        if number:
            raise error
        return 9

    instance = started(CALLER, host(call))
    with pytest.raises(type(error)) as raised:
        instance.invoke(1)
    assert raised.value is error
    assert instance.invoke(0) == 9


def test_result_that_is_no_number_comes_out_as_an_error(started):
    instance = started(CALLER, host(lambda *_: "three"))
    with pytest.raises(TypeError):
        instance.invoke(1)


def test_module_that_imports_what_is_not_there(started):
    with pytest.raises(LinkError, match="test"):
        started(CALLER)
    with pytest.raises(LinkError, match="incompatible"):
        started(CALLER, host(lambda *_: 0, "I"))


def test_module_without_an_entry_point(started):
    with pytest.raises(NoEntryPoint):
        started("(module (func))").invoke(0)
    with pytest.raises(NoEntryPoint):
        started('(module (memory (export "invoke") 1) (func))').invoke(0)


@pytest.mark.parametrize("signature", ["", "(param i64) (result i32)", "(param i32)"])
def test_entry_point_of_another_type(started, signature):
    instance = started(f'(module (func (export "invoke") {signature} unreachable))')
    with pytest.raises(LinkError, match="i32"):
        instance.invoke(0)


def test_start_function_runs_with_gas(started):
    text = """(module (memory (export "memory") 1)
        (func i32.const 0 i32.const 7 i32.store) (start 0))"""
    instance = started(text)
    assert instance.read(0, 1) == b"\x07"
    assert instance.gas == GAS - 52_000 - 12_000
    with pytest.raises(InstantiationError) as raised:
        started(text, gas=60_000)
    assert raised.value.gas == -4_000


def test_start_function_that_traps(started):
    with pytest.raises(InstantiationError) as raised:
        started("(module (func unreachable) (start 0))")
    assert raised.value.gas == GAS - 52_000


def test_data_that_does_not_fit(started):
    with pytest.raises(InstantiationError, match="out of bounds"):
        started('(module (memory 1) (func) (data (i32.const 65536) "x"))')


def test_start_function_calls_the_host_without_memory(started):
    def call(instance, _):
        with pytest.raises(MemoryRange):
            instance.read(0, 1)
        raise LookupError

    text = """(module (import "test" "host" (func (param i32) (result i32)))
        (memory (export "memory") 1) (func (drop (call 0 (i32.const 1)))) (start 1))"""
    with pytest.raises(LookupError):
        started(text, host(call))


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b"\0asm\1\0\0\0\xff",
        b"\0asm\1\0\0\0\x0a\x04\x01\x02\x00\x00",
    ],
)
def test_code_that_is_no_module_is_refused(engine, code):
    with pytest.raises(DecodeError):
        engine.compile(code)
    with pytest.raises(DecodeError):
        engine.validate(code)


@pytest.mark.parametrize(
    "module",
    [
        "(func v128.const i64x2 0 0 drop)",
        "(func (result i32 i32) unreachable)",
        "(memory 1) (memory 1)",
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(func return_call 0)",
        "(tag)",
        "(table 1 externref)",
        "(type (struct))",
        "(memory 1 (pagesize 1))",
        "(func i64.const 0 i64.const 0 i64.mul_wide_s drop drop)",
    ],
)
def test_feature_that_actors_lack_is_invalid(engine, wasm, module):
    with pytest.raises(DecodeError):
        engine.validate(wasm(f"(module {module})"))


def test_not_a_number_has_one_form(started):
    """Every computed NaN has the same bits, whatever bits went in."""
    body = """f32.const nan:0x200001 local.get 0 f32.reinterpret_i32 f32.add
        i32.reinterpret_f32"""
    assert started(entry(body)).invoke(0x7FA00001) == 0x7FC00000


def test_native_code_round_trips(engine, compiled):
    module = compiled(CALLER)
    again = engine.deserialize(engine.serialize(module))
    instance = engine.linker([host(lambda _, n: n + 1)]).instantiate(again, None, GAS, LIMIT, LIMIT)
    assert instance.invoke(4) == 5


@pytest.mark.parametrize("data", [b"", b"\x7fELF", bytes(5000)])
def test_native_code_that_is_none_is_refused(engine, data, tmp_path):
    with pytest.raises(DecodeError):
        engine.deserialize(data)
    path = tmp_path / "code"
    path.write_bytes(data)
    with pytest.raises(DecodeError):
        engine.deserialize_file(str(path))
    with pytest.raises(DecodeError):
        engine.deserialize_file(str(tmp_path / "absent"))


def test_fingerprint_names_version_and_settings(engine):
    assert engine.fingerprint.startswith("wasmtime-")
    assert "max_wasm_stack=4194304" in engine.fingerprint


def test_closed_instance_is_not_used(started):
    instance = started(CALLER, host(lambda *_: 0))
    instance.close()
    instance.close()
    for use in (
        lambda: instance.gas,
        lambda: setattr(instance, "gas", 1),
        lambda: instance.invoke(0),
        lambda: instance.read(0, 1),
        lambda: instance.write(0, b"x"),
        instance.memory_size,
    ):
        with pytest.raises(LocalFault, match="closed"):
            use()


def test_instance_is_not_closed_or_called_while_it_runs(started):
    def call(instance, number):
        with pytest.raises(LocalFault, match="while it runs"):
            instance.close()
        with pytest.raises(LocalFault, match="while it runs"):
            instance.invoke(number)
        return 6

    assert started(CALLER, host(call)).invoke(1) == 6


def test_linker_serves_one_thread_at_a_time(engine, compiled):
    failures = []

    def call(_, number):
        if number:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        return 8

    def other():
        try:
            linker.instantiate(module, None, GAS, LIMIT, LIMIT)
        except LocalFault as error:
            failures.append(str(error))

    linker = engine.linker([host(call)])
    module = compiled(CALLER)
    assert linker.instantiate(module, None, GAS, LIMIT, LIMIT).invoke(1) == 8
    assert failures == ["two threads use one Wasm linker at once"]


def test_two_functions_of_one_name_are_refused(engine):
    with pytest.raises(ValueError, match="defined twice"):
        engine.linker([host(lambda *_: 0), host(lambda *_: 1)])


def nested(engine, module, depth):
    """Return how deep calls went, each instance calling another of its own linker."""
    deepest = 0

    def call(_, number):
        nonlocal deepest
        deepest = max(deepest, number)
        if number == depth:
            return 0
        instance = linker.instantiate(module, None, GAS, LIMIT, LIMIT)
        try:
            if number % deep_stack.CALLS_PER_STACK == 0:
                return deep_stack.call_afresh(instance.invoke, number + 1) + 1
            return instance.invoke(number + 1) + 1
        finally:
            instance.close()

    linker = engine.linker([host(call)])
    assert linker.instantiate(module, None, GAS, LIMIT, LIMIT).invoke(1) == depth - 1
    return deepest


def test_calls_nest_1024_deep(engine, compiled):
    module = compiled(CALLER)
    assert deep_stack.call(nested, engine, module, 1_024) == 1_024


def test_nesting_stops_before_python_does(engine, compiled):
    """A host function that cannot even begin would leave Wasm with an undefined result."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(900)
    try:
        with pytest.raises(LocalFault, match="recursion"):
            nested(engine, compiled(CALLER), 1_000)
    finally:
        sys.setrecursionlimit(before)


def resident():
    """Return the most bytes of memory the process ever had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def test_instances_leave_nothing_behind(engine, compiled):
    linker = engine.linker([host(lambda _, n: n)])
    module = compiled(CALLER)

    def use(count):
        for number in range(count):
            instance = linker.instantiate(module, None, GAS, LIMIT, LIMIT)
            assert instance.invoke(number) == number
            if number % 2:  # the others are closed as they are forgotten
                instance.close()

    use(2_000)
    before = resident()
    use(20_000)
    assert resident() - before < 4 << 20


def test_failures_leave_nothing_behind(engine, compiled):
    def call(*_):
        raise LookupError

    linker = engine.linker([host(call)])
    module = compiled(CALLER)

    def use(count):
        for _ in range(count):
            instance = linker.instantiate(module, None, GAS, LIMIT, LIMIT)
            with pytest.raises(LookupError):
                instance.invoke(1)

    use(1_000)
    before = resident()
    use(5_000)
    assert resident() - before < 4 << 20


def test_linkers_leave_nothing_behind(engine, compiled):
    module = compiled(CALLER)

    def use(count):
        for _ in range(count):
            linker = engine.linker([host(lambda _, n: n)])
            assert linker.instantiate(module, None, GAS, LIMIT, LIMIT).invoke(3) == 3

    use(500)
    before = resident()
    use(3_000)
    assert resident() - before < 4 << 20
