"""What a call adds to the limited stack, and who raises it: written out from the rules.

In the expected code global 0 counts gas and global 1 the height, and the function called is the
first; a guarded call is paid as thirteen instructions.
"""

import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm.binary import Section
from papyrus.vm.wasm.rewrite import rewrite

HEIGHT = 1


def guarded(function, cost):
    return f"""global.get {HEIGHT} i32.const {cost} i32.add global.set {HEIGHT}
        global.get {HEIGHT} i32.const 2048 i32.gt_u if unreachable end
        call {function}
        global.get {HEIGHT} i32.const {cost} i32.sub global.set {HEIGHT}"""


@pytest.fixture
def expect_cost(bodies, rewritten_bodies):
    """Return what compares the cost of calling a function with the given one."""

    def check(source, cost, *, around=""):
        module = f"(module {around} (func {source}) (func unreachable call 0 unreachable))"
        caller = f"i64.const 52000 call 2 unreachable {guarded(0, cost)} unreachable"
        assert rewritten_bodies(module)[1] == bodies(f"(module (func {caller}))")[0]

    return check


def test_call_without_anything_costs_the_activation(expect_cost):
    expect_cost("", 2)


def test_locals_count_by_group(expect_cost):
    expect_cost("(local i32 i32 i32)", 3)
    expect_cost("(local i32 i64 i64 i32)", 5)


def test_parameters_do_not_count(bodies, rewritten_bodies):
    module = "(module (func (param i32 i64)) (func i32.const 1 i64.const 2 call 0))"
    caller = f"i64.const 60000 call 2 i32.const 1 i64.const 2 {guarded(0, 2)}"
    assert rewritten_bodies(module)[1] == bodies(f"(module (func {caller}))")[0]


def test_operands_count_at_their_highest(expect_cost):
    expect_cost("i32.const 1 i32.const 2 i32.const 3 drop drop drop", 5)
    expect_cost("i32.const 1 i32.const 2 i32.add i32.const 3 i32.add drop", 4)


def test_operands_below_a_block_stay(expect_cost):
    expect_cost("i32.const 1 block i32.const 2 i32.const 3 drop drop end drop", 5)


def test_result_of_a_block_takes_the_place_of_what_it_held(expect_cost):
    expect_cost("block (result i32) i32.const 1 end i32.const 2 drop drop", 4)


def test_second_branch_of_an_if_begins_at_the_height_of_the_first(expect_cost):
    """The first branch leaves its result on the stack, on top of which the second is counted."""
    both = "i32.const 0 if (result i32) i32.const 1 else i32.const 2 i32.const 3 drop end drop"
    expect_cost(both, 5)


def test_unreachable_code_is_not_counted(expect_cost):
    expect_cost("unreachable i32.const 1 i32.const 2 drop drop", 2)
    expect_cost("block br 0 i32.const 1 i32.const 2 drop drop end", 2)


def test_second_branch_after_an_unreachable_first_is_not_counted(expect_cost):
    expect_cost("i32.const 0 if unreachable else i32.const 1 i32.const 2 drop drop end", 3)


def test_block_inside_unreachable_code_is_counted(expect_cost):
    """A new block does not know that it cannot be reached."""
    expect_cost("unreachable block i32.const 1 i32.const 2 drop drop end", 4)


def test_unreachable_stack_is_bottomless_at_its_floor_only(expect_cost):
    """One operand above the floor, `i32.add` takes two and goes through it.

    The block that follows begins one lower than the stack ever was.
    """
    through = "unreachable i32.const 1 i32.add drop"
    expect_cost(f"i32.const 0 block {through} end drop", 3)
    below = "i32.const 0 block unreachable i32.const 1 i32.add block i32.const 2 drop end drop end"
    expect_cost(f"{below} drop", 4)


def test_unreachable_code_may_not_take_more_than_the_activation(wasm):
    """The function's frame begins at no height, the stack at two: a third operand is missing."""
    taken = "(module (func (param i32 i32)) (func unreachable call 0))"
    assert rewrite(wasm(taken))
    missing = "(module (func (param i32 i32 i32)) (func unreachable call 0))"
    with pytest.raises(DecodeError, match="lacks operands"):
        rewrite(wasm(missing))


def test_index_of_a_br_table_stays_on_the_stack(expect_cost):
    """What follows is unreachable, but a block in it begins at that height."""
    table = "block i32.const 0 br_table 0 0 block i32.const 1 drop end end"
    expect_cost(table, 4)


def test_branch_keeps_what_it_carries(expect_cost):
    expect_cost("block (result i32) i32.const 1 i32.const 2 br_if 0 end drop", 4)
    expect_cost("block (result i32) i32.const 1 br 0 end i32.const 2 drop drop", 4)


def test_loop_is_branched_to_without_operands(expect_cost):
    carried = "loop (result i32) i32.const 1 i32.const 2 br_if 0 i32.const 3 drop end drop"
    expect_cost(carried, 4)


def test_call_of_an_import_is_not_guarded(bodies, rewritten_bodies):
    (body, _) = rewritten_bodies('(module (import "a" "b" (func)) (func call 0))')
    assert body == bodies("(module (func i64.const 4000 call 2 call 0))")[0]


def test_calls_count_what_they_take_and_leave(bodies, rewritten_bodies):
    module = """(module
        (import "a" "b" (func (param i32 i32) (result i32)))
        (table 1 funcref)
        (func i32.const 1 i32.const 2 call 0 i32.const 3 i32.const 0
            call_indirect (param i32 i32) (result i32) i32.const 5 drop drop)
        (func call 1))"""
    caller = f"i64.const 52000 call 3 {guarded(1, 5)}"
    assert rewritten_bodies(module)[1] == bodies(f"(module (func {caller}))")[0]


def test_guard_of_a_call_is_metered_with_the_code_around_it(bodies, rewritten_bodies):
    module = "(module (func) (func i32.const 1 drop call 0 i32.const 2 drop))"
    caller = f"i64.const 60000 call 2 i32.const 1 drop {guarded(0, 2)} i32.const 2 drop"
    assert rewritten_bodies(module)[1] == bodies(f"(module (func {caller}))")[0]


def test_exported_function_is_entered_through_a_thunk(bodies, rewritten):
    sections = rewritten('(module (func (export "f") (param i32 i64) (result i64) local.get 1))')
    thunk = f"i64.const 60000 call 2 local.get 0 local.get 1 {guarded(0, 3)}"
    assert bodies(sections)[1] == bodies(f"(module (func {thunk}))")[0]
    assert sections[Section.EXPORT] == b"\x01\x01f\x00\x01"
    assert sections[Section.FUNCTION] == b"\x03\x00\x00\x01"


def test_function_in_a_table_is_entered_through_a_thunk(bodies, rewritten):
    sections = rewritten("(module (table 2 funcref) (func) (func) (elem (i32.const 0) 1 1))")
    thunk = f"i64.const 52000 call 3 {guarded(1, 2)}"
    assert bodies(sections)[2] == bodies(f"(module (func {thunk}))")[0]
    # Active segments name their table, and the kind of their items.
    assert sections[Section.ELEMENT] == b"\x01\x02\x00\x41\x00\x0b\x00\x02\x02\x02"


def test_start_function_is_entered_through_a_thunk(rewritten):
    sections = rewritten("(module (func) (func) (start 1))")
    assert sections[Section.START] == b"\x02"
    assert sections[Section.FUNCTION] == b"\x04\x00\x00\x00\x01"


def test_thunks_follow_the_order_of_their_functions(bodies, rewritten):
    module = """(module (table 1 funcref) (func) (func (local i32)) (func (local i32 i64))
        (export "c" (func 2)) (export "a" (func 0)) (elem (i32.const 0) 1) (start 2))"""
    sections = rewritten(module)
    thunks = [f"i64.const 52000 call 6 {guarded(index, 2 + index)}" for index in range(3)]
    expected = "".join(f"(func {thunk})" for thunk in thunks)
    assert bodies(sections)[3:6] == bodies(f"(module {expected})")
    assert sections[Section.EXPORT] == b"\x02\x01c\x00\x05\x01a\x00\x03"
    assert sections[Section.START] == b"\x05"


def test_exported_import_has_no_thunk(bodies, rewritten):
    sections = rewritten('(module (import "a" "b" (func)) (func) (export "f" (func 0)))')
    assert sections[Section.EXPORT] == b"\x01\x01f\x00\x00"
    assert len(bodies(sections)) == 2


def test_thunk_has_the_first_type_that_equals_its_functions(rewritten):
    module = '(module (type (func)) (type (func)) (func (type 1)) (export "f" (func 0)))'
    assert rewritten(module)[Section.FUNCTION] == b"\x03\x01\x00\x02"
