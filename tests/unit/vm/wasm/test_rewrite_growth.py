"""Instructions that grow, as calls of functions that count; the expected code is written out."""

import pytest

from papyrus.vm.wasm.binary import Section, read_sections
from papyrus.vm.wasm.rewrite import rewrite

CHARGE = "i64.const {} call {}"
GROW_MEMORY = """(func (param i32) (result i32)
    local.get 0 i32.const {0} memory.size i32.sub i32.gt_u if i32.const -1 return end
    local.get 0 i64.extend_i32_u i64.const 65536 i64.mul
    global.get 1 i64.gt_u if i32.const -1 return end
    global.get 1 local.get 0 i64.extend_i32_u i64.const 65536 i64.mul i64.sub global.set 1
    local.get 0 memory.grow)"""
GROW_TABLE = """(func (param funcref i32) (result i32)
    local.get 1 i32.const {0} table.size 0 i32.sub i32.gt_u if i32.const -1 return end
    local.get 1 i64.extend_i32_u i64.const 8 i64.mul
    global.get 1 i64.gt_u if i32.const -1 return end
    global.get 1 local.get 1 i64.extend_i32_u i64.const 8 i64.mul i64.sub global.set 1
    local.get 0 local.get 1 table.grow 0)"""


@pytest.fixture
def counted(wasm):
    """Return what gives the sections of a module whose growth is counted."""

    def of(text):
        return read_sections(rewrite(wasm(text), count_growth=True))

    return of


def test_growth_of_memory_is_a_call_that_is_charged_as_before(counted, bodies):
    source = "local.get 0 memory.grow drop i32.const 7 memory.grow drop"
    found = bodies(counted(f"(module (memory 1) (func (param i32) {source}))"))
    price = "local.tee 1 local.get 1 i64.extend_i32_u i64.const 26214400 i64.mul call 1"
    written = f"""(param i32) (local i32) {CHARGE.format(16_000 + 7 * 26_214_400, 1)}
        local.get 0 {price} call 2 drop i32.const 7 call 2 drop"""
    assert found[0] == bodies(f"(module (func {written}))")[0]
    assert found[2:] == bodies(f"(module {GROW_MEMORY.format(65_536)})")


def test_growth_of_a_table_is_a_call_that_is_charged_as_before(counted, bodies):
    source = "i32.const 0 table.get 0 i32.const 5 table.grow 0 drop"
    found = bodies(counted(f"(module (table 2 funcref) (func {source}))"))
    written = f"{CHARGE.format(16_000 + 5 * 3_200, 1)} {source}".replace("table.grow 0", "call 2")
    assert found[0] == bodies(f"(module (func {written}))")[0]
    assert found[2:] == bodies(f"(module {GROW_TABLE.format(20_000)})")


@pytest.mark.parametrize(("declared", "pages", "elements"), [(9, 9, 9), (30_000, 30_000, 20_000)])
def test_declared_maxima_are_known(counted, bodies, declared, pages, elements):
    found = bodies(counted(f"(module (memory 1 {declared}) (table 1 {declared} funcref) (func))"))
    expected = f"(module {GROW_MEMORY.format(pages)} {GROW_TABLE.format(elements)})"
    assert found[2:] == bodies(expected)


def test_nothing_is_added_for_what_is_not_there(counted, bodies):
    assert len(bodies(counted("(module (func))"))) == 2


def test_own_globals_move_up_by_two(counted, bodies):
    source = "global.get 0 global.set 1"
    around = "(global (mut i32) (i32.const 1)) (global (mut i32) (i32.const 2))"
    written = f"{CHARGE.format(8_000, 1)} global.get 2 global.set 3"
    found = bodies(counted(f"(module {around} (func {source}))"))
    assert found[0] == bodies(f"(module (func {written}))")[0]


def test_room_is_imported_after_the_gas_counter(counted, wasm):
    expected = """(module (import "gas" "gas_counter" (global (mut i64)))
        (import "gas" "memory_room" (global (mut i64))))"""
    imports = counted("(module (func))")[Section.IMPORT]
    assert imports == read_sections(wasm(expected))[Section.IMPORT]


def test_types_that_are_there_serve_the_added_functions(counted, wasm):
    types = "(type (func (param i64))) (type (func (param i32) (result i32)))"
    found = counted(f"(module {types} (memory 1) (func (type 1) local.get 0))")
    assert found[Section.TYPE] == read_sections(wasm(f"(module {types})"))[Section.TYPE]
    assert found[Section.FUNCTION] == bytes((3, 1, 0, 1))


@pytest.mark.parametrize(
    ("exports", "shown"),
    [
        ("", '(export "" (table 0))'),
        ('(export "" (func 0))', '(export "" (func 1)) (export "_" (table 0))'),
        ('(export "mine" (table 0))', '(export "mine" (table 0))'),
    ],
)
def test_table_is_exported_under_a_name_that_is_free(counted, wasm, exports, shown):
    table = "(table 1 funcref)"
    found = counted(f"(module {table} {exports} (func))")
    expected = read_sections(wasm(f"(module {table} {shown} (func) (func) (func) (func))"))
    assert found[Section.EXPORT] == expected[Section.EXPORT]
