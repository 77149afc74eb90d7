"""The sections around the code, and the modules that are refused."""

import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.rules.versions import NV18, NV21, NV28
from papyrus.vm.wasm.binary import HEADER, Section, read_sections
from papyrus.vm.wasm.prices import SINCE_HYGGE
from papyrus.vm.wasm.rewrite import rewrite

GAS_IMPORT = b"\x03gas\x0bgas_counter\x03\x7e\x01"
HEIGHT_GLOBAL = b"\x7f\x01\x41\x00\x0b"
GAS_TYPE = b"\x60\x01\x7e\x00"


def test_least_module_gets_the_counter_the_height_and_the_gas_function():
    module = HEADER + b"\x03\x01\x00"
    gas_body = b"\x00\x23\x00\x20\x00\x7d\x24\x00\x23\x00\x42\x00\x53\x04\x40\x00\x0b\x0b"
    assert rewrite(module) == HEADER + b"".join(
        bytes((section, len(content))) + content
        for section, content in (
            (Section.TYPE, b"\x01" + GAS_TYPE),
            (Section.IMPORT, b"\x01" + GAS_IMPORT),
            (Section.FUNCTION, b"\x01\x00"),
            (Section.GLOBAL, b"\x01" + HEIGHT_GLOBAL),
            (Section.EXPORT, b"\x00"),
            (Section.ELEMENT, b"\x00"),
            (Section.CODE, b"\x01" + bytes((len(gas_body),)) + gas_body),
        )
    )


def test_gas_counter_is_the_last_import(rewritten):
    imports = rewritten('(module (import "a" "b" (func)) (func))')[Section.IMPORT]
    assert imports == b"\x02\x01a\x01b\x00\x00" + GAS_IMPORT


def test_height_is_the_last_global(rewritten):
    assert rewritten("(module (global i64 (i64.const 5)) (func))")[Section.GLOBAL] == (
        b"\x02\x7e\x00\x42\x05\x0b" + HEIGHT_GLOBAL
    )


def test_type_of_the_gas_function_is_added_once(rewritten):
    assert (
        rewritten("(module (type (func)) (func))")[Section.TYPE] == b"\x02\x60\x00\x00" + GAS_TYPE
    )
    kept = b"\x02" + GAS_TYPE + b"\x60\x00\x00"
    sections = rewritten("(module (type (func (param i64))) (type (func)) (func (type 1)))")
    assert sections[Section.TYPE] == kept
    assert sections[Section.FUNCTION] == b"\x02\x01\x00"


def test_last_custom_section_alone_is_kept_and_comes_first(wasm):
    module = wasm('(module (@custom "one" "1") (@custom "two" "2") (func))')
    output = rewrite(module)
    assert output.startswith(HEADER + b"\x00\x05\x03two2")
    assert b"one" not in output


def test_exported_global_keeps_its_number(rewritten):
    """What it names moved up by one, so the first global of the module exports the counter."""
    exports = rewritten('(module (global (export "g") i32 (i32.const 0)) (func))')[Section.EXPORT]
    assert exports == b"\x01\x01g\x03\x00"


def test_tables_memories_and_data_are_copied(rewritten):
    sections = rewritten(
        '(module (table 3 5 funcref) (memory 2 7) (func) (data (i32.const 8) "x") (data "y"))'
    )
    assert sections[Section.TABLE] == b"\x01\x70\x01\x03\x05"
    assert sections[Section.MEMORY] == b"\x01\x01\x02\x07"
    assert sections[Section.DATA] == b"\x02\x00\x41\x08\x0b\x01x\x01\x01y"


@pytest.mark.parametrize(
    ("segment", "written"),
    [
        ("(elem (i32.const 1) func 0)", b"\x02\x00\x41\x01\x0b\x00\x01"),
        ("(elem func 0)", b"\x01\x00\x01"),
        ("(elem declare func 0)", b"\x03\x00\x01"),
    ],
)
def test_element_segment_is_written_again(rewritten, segment, written):
    elements = rewritten(f"(module (table 3 funcref) (func) {segment})")[Section.ELEMENT]
    assert elements == b"\x01" + written + b"\x01"


def test_empty_segment_of_expressions_is_written_again(rewritten):
    elements = rewritten("(module (table 3 externref) (func) (elem (i32.const 0) externref))")
    assert elements[Section.ELEMENT] == b"\x01\x06\x00\x41\x00\x0b\x6f\x00"


@pytest.mark.parametrize(
    "module",
    [
        pytest.param("(memory 1)", id="no function section"),
        pytest.param('(import "a" "b" (global i32)) (func)', id="imported global"),
        pytest.param('(import "a" "b" (memory 1)) (func)', id="imported memory"),
        pytest.param('(import "a" "b" (table 1 funcref)) (func)', id="imported table"),
        pytest.param(
            '(import "gas" "gas_counter" (global (mut i64))) (func)', id="the gas counter itself"
        ),
        pytest.param("(memory 1) (memory 1) (func)", id="two memories"),
        pytest.param("(memory i64 1) (func)", id="64-bit memory"),
        pytest.param("(memory 8193) (func)", id="memory above 512 MiB"),
        pytest.param("(table 1 funcref) (table 1 funcref) (func)", id="two tables"),
        pytest.param("(table 20001 funcref) (func)", id="large table"),
        pytest.param("(func (result i32 i32) unreachable)", id="two results"),
        pytest.param("(func block (param i32) unreachable end)", id="block with parameters"),
        pytest.param("(func ref.null func drop)", id="null reference"),
        pytest.param("(func ref.func 0 drop)", id="reference of a function"),
        pytest.param("(func unreachable ref.is_null drop)", id="test of a reference"),
        pytest.param("(func unreachable select (result i32) drop)", id="typed select"),
        pytest.param("(func return_call 0)", id="tail call"),
        pytest.param("(func v128.const i64x2 0 0 drop)", id="vector"),
        pytest.param("(memory 1) (func i32.const 0 i32.atomic.load drop)", id="atomic"),
        pytest.param("(tag) (func throw 0)", id="exception"),
        pytest.param("(table 1 funcref) (func) (elem (i32.const 0) funcref (ref.func 0))",
                     id="segment of expressions"),
        pytest.param("(global i32 i32.const 1 i32.const 2 i32.add) (func)", id="computed global"),
        pytest.param('(global i32 (i32.const 8)) (memory 1) (data (global.get 0) "") (func)',
                     id="data at a global"),
        pytest.param("(func br 1)", id="branch out of the function"),
        pytest.param("(func block br_table 0 2 end)", id="br_table out of the function"),
        pytest.param("(func block (result i32) block br_table 0 1 end unreachable end drop)",
                     id="br_table of unequal targets"),
        pytest.param("(func call 7)", id="call of nothing"),
        pytest.param("(func i32.const 1 block i32.add end)", id="operand of another block"),
        pytest.param("(func) (start 3)", id="start of nothing"),
        pytest.param('(export "f" (func 4)) (func)', id="export of nothing"),
    ],
)  # fmt: skip
def test_module_is_refused(wasm, module):
    with pytest.raises(DecodeError):
        rewrite(wasm(f"(module {module})"))


WHOLE = """(module (import "a" "b" (func (param i32 i64) (result i32)))
    (table 4 funcref) (memory 1 3) (global (mut i32) (i32.const 70000))
    (func (param i32) (result i32) (local i64 i32) f64.const 1 f32.const 2 drop drop
        block local.get 0 br_table 0 0 end local.get 0 i32.const 900000 i32.load offset=500
        i32.add call_indirect (result i32))
    (elem (i32.const 1) 1 0) (export "invoke" (func 1)) (data (i32.const 4) "abc") (data "d"))"""


def test_module_cut_anywhere_is_refused(wasm):
    module = wasm(WHOLE)
    rewrite(module)
    whole_sections = len(HEADER)
    for length in range(len(module)):
        try:
            output = rewrite(module[:length])
        except DecodeError:
            continue
        assert length > whole_sections, "only between sections may a shorter module be whole"
        assert set(read_sections(output)) >= set(read_sections(module[:length]))


def test_module_with_a_section_repeated_or_misplaced_is_refused():
    function, memory = b"\x03\x01\x00", b"\x05\x03\x01\x00\x01"
    assert rewrite(HEADER + function + memory)
    for sections in (function + function, memory + function, b"\x0d\x00" + function):
        with pytest.raises(DecodeError, match="section"):
            rewrite(HEADER + sections)


def test_component_is_refused():
    with pytest.raises(DecodeError, match="version 1"):
        rewrite(b"\0asm\x0d\0\1\0")


def test_numbers_may_be_longer_than_they_need_to_be(wasm, bodies):
    """Linkers leave them so; what they say counts."""
    body = b"\x00\x41\x80\x80\x80\x80\x00\x10\x81\x80\x80\x80\x00\x0b"
    module = (
        HEADER
        + b"\x01\x08\x02\x60\x01\x7f\x00\x60\x00\x00"
        + b"\x03\x03\x02\x01\x00"
        + b"\x0a" + bytes((len(body) + 5,)) + b"\x02" + bytes((len(body),)) + body + b"\x02\x00\x0b"
    )  # fmt: skip
    short = wasm(
        "(module (type (func (param i32))) (type (func))"
        " (func (type 1) i32.const 0 call 1) (func (type 0)))"
    )
    body = bodies(rewrite(module))[0].replace(b"\x41\x80\x80\x80\x80\x00", b"\x41\x00")
    assert body == bodies(rewrite(short))[0]


@pytest.mark.parametrize(
    "number", [b"\x80\x80\x80\x80\x80\x00", b"\xff\xff\xff\xff\x7f"], ids=["long", "large"]
)
def test_number_longer_than_its_type_is_refused(number):
    with pytest.raises(DecodeError, match="number"):
        rewrite(HEADER + b"\x03" + bytes((len(number),)) + number)


def test_nested_blocks_do_not_exhaust_python():
    depth = 50_000
    body = b"\x00" + b"\x02\x40" * depth + b"\x0b" * depth + b"\x0b"
    size = len(body)
    code = b"\x01" + bytes((size & 127 | 128, size >> 7 & 127 | 128, size >> 14)) + body
    length = len(code)
    module = (
        HEADER
        + b"\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a"
        + bytes((length & 127 | 128, length >> 7 & 127 | 128, length >> 14))
        + code
    )
    assert len(rewrite(module)) > size


@pytest.mark.parametrize("rules", [NV18, NV21, NV28], ids=lambda rules: rules.name)
def test_prices_are_those_of_the_network_versions(rules):
    wasm = rules.prices.wasm
    same = {wasm.instruction, wasm.math, wasm.jump_unconditional, wasm.jump_conditional,
            wasm.jump_indirect}  # fmt: skip
    assert same == {SINCE_HYGGE.instruction}
    assert wasm.call == wasm.memory_fill_base == wasm.memory_access == 0
    assert wasm.memory_fill_per_byte == wasm.memory_copy_per_byte == SINCE_HYGGE.memory_byte
    assert SINCE_HYGGE.memory_page == 65_536 * wasm.memory_fill_per_byte
    assert SINCE_HYGGE.table_element == wasm.table_element_size * wasm.memory_fill_per_byte
    assert SINCE_HYGGE.stack_limit == rules.max_wasm_stack
