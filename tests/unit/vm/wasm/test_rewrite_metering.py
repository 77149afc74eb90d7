"""Where gas is charged, and how much: the expected code is written out from the rules.

Names in the expected code: function 0 is the one under test, the last one charges gas. Without
exports there are no thunks, so the gas function follows the module's own.
"""

import pytest

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm.rewrite import rewrite


def charge(milligas, gas_function=1):
    return f"i64.const {milligas} call {gas_function}"


GAS_FUNCTION = """(func global.get 0 local.get 0 i64.sub global.set 0
    global.get 0 i64.const 0 i64.lt_s if unreachable end)"""


@pytest.fixture
def expect(bodies, rewritten_bodies):
    """Return what compares the instrumented first function with one written out."""

    def check(source, expected, *, around=""):
        module = f"(module {around} (func {source}))"
        assert rewritten_bodies(module)[0] == bodies(f"(module (func {expected}))")[0]

    return check


def test_gas_function_takes_from_the_counter_and_traps_below_zero(bodies, rewritten_bodies):
    assert rewritten_bodies("(module (func))")[-1] == bodies(f"(module {GAS_FUNCTION})")[0]


def test_each_instruction_costs_four_gas_at_the_head_of_its_block(expect):
    expect(
        "(param i32) local.get 0 i32.const 1 i32.add local.set 0",
        f"(param i32) {charge(16_000)} local.get 0 i32.const 1 i32.add local.set 0",
    )


def test_idle_instructions_are_free(expect):
    free = "nop block loop end end i32.const 0 drop return unreachable"
    expect(free, f"{charge(4_000)} {free}")


def test_block_of_free_instructions_is_not_charged_at_all(expect):
    expect("nop block nop end unreachable", "nop block nop end unreachable")


@pytest.mark.parametrize(
    ("instructions", "paid"),
    [
        ("i32.const 0 i32.load drop", 2),
        ("i32.const 0 i64.const 0 i64.store", 3),
        ("f32.const 1 f32.sqrt drop", 2),
        ("f64.const 1 i64.trunc_sat_f64_u drop", 2),
        ("i32.const 0 i32.extend8_s drop", 2),
        ("i64.const 1 i64.const 2 i64.div_u drop", 3),
        ("i32.const 0 table.get 0 drop", 2),
        ("i32.const 0 i32.const 0 table.get 0 table.set 0", 4),
        ("memory.size drop table.size 0 drop", 2),
        ("data.drop 0 elem.drop 0", 2),
        ("i32.const 1 i32.const 2 i32.const 3 select drop", 4),
    ],
)
def test_all_other_instructions_cost_the_same(expect, instructions, paid):
    expect(
        instructions,
        f"{charge(4_000 * paid)} {instructions}",
        around='(memory 1) (table 2 funcref) (data "") (elem func)',
    )


def test_if_and_else_are_charged_apart(expect):
    expect(
        "i32.const 1 if i32.const 2 drop else i32.const 3 drop i32.const 4 drop end",
        f"""{charge(8_000)} i32.const 1 if {charge(4_000)} i32.const 2 drop
            else {charge(8_000)} i32.const 3 drop i32.const 4 drop end""",
    )


def test_code_after_an_if_nobody_leaves_belongs_to_the_code_before_it(expect):
    expect(
        "i32.const 1 if end i32.const 2 drop",
        f"{charge(12_000)} i32.const 1 if end i32.const 2 drop",
    )


def test_loop_is_charged_each_time_round(expect):
    expect(
        "i32.const 9 drop loop i32.const 1 br_if 0 i32.const 2 drop end",
        f"""{charge(4_000)} i32.const 9 drop
            loop {charge(8_000)} i32.const 1 br_if 0 {charge(4_000)} i32.const 2 drop end""",
    )


def test_code_after_a_loop_belongs_to_the_code_before_it(expect):
    expect(
        "loop i32.const 1 br_if 0 end i32.const 2 drop",
        f"{charge(4_000)} loop {charge(8_000)} i32.const 1 br_if 0 end i32.const 2 drop",
    )


def test_block_is_charged_with_the_code_around_it(expect):
    expect(
        "i32.const 1 drop block i32.const 2 drop end i32.const 3 drop",
        f"{charge(12_000)} i32.const 1 drop block i32.const 2 drop end i32.const 3 drop",
    )


def test_branch_ends_a_block_and_so_does_the_end_it_leads_to(expect):
    expect(
        "block i32.const 1 br_if 0 i32.const 2 drop end i32.const 3 drop",
        f"""{charge(12_000)} block i32.const 1 br_if 0 {charge(4_000)} i32.const 2 drop end
            i32.const 3 drop""",
    )


def test_code_after_a_block_left_for_further_out_is_charged_apart(expect):
    expect(
        "block block i32.const 1 br_if 1 end i32.const 2 drop end i32.const 3 drop",
        f"""{charge(12_000)} block block i32.const 1 br_if 1 end
            {charge(4_000)} i32.const 2 drop end i32.const 3 drop""",
    )


def test_return_leads_out_of_everything(expect):
    expect(
        "block i32.const 1 if return end i32.const 2 drop end i32.const 3 drop",
        f"""{charge(8_000)} block i32.const 1 if return end
            {charge(4_000)} i32.const 2 drop end {charge(4_000)} i32.const 3 drop""",
    )


def test_default_of_a_br_table_is_forgotten(expect):
    """The default leaves both blocks; only the listed target, the inner one, is seen."""
    expect(
        "block block i32.const 0 br_table 0 1 end i32.const 1 drop end i32.const 2 drop",
        f"""{charge(16_000)} block block i32.const 0 br_table 0 1 end
            i32.const 1 drop end i32.const 2 drop""",
    )


def test_listed_targets_of_a_br_table_are_seen(expect):
    expect(
        "block block i32.const 0 br_table 1 0 end i32.const 1 drop end i32.const 2 drop",
        f"""{charge(12_000)} block block i32.const 0 br_table 1 0 end
            {charge(4_000)} i32.const 1 drop end i32.const 2 drop""",
    )


def test_call_of_an_import_does_not_end_a_block(bodies, rewritten_bodies):
    source = "call 0 i32.const 1 drop call 0"
    (body, _) = rewritten_bodies(f'(module (import "a" "b" (func)) (func {source}))')
    expected = f"(module (func {charge(12_000, 2)} {source}))"
    assert body == bodies(expected)[0]


AMOUNT = "(param i32) (local i64)"
PRICED = "(param i32) (local i64) (local i32)"


@pytest.mark.parametrize(
    ("before", "instruction", "after", "unit"),
    [
        ("", "memory.grow", "drop", 26_214_400),
        ("i32.const 0 i32.const 0", "memory.copy", "", 400),
        ("i32.const 0 i32.const 0", "memory.fill", "", 400),
        ("i32.const 0 i32.const 0", "memory.init 0", "", 400),
        ("i32.const 0 i32.const 0", "table.copy", "", 3_200),
        ("i32.const 0 i32.const 0", "table.init 0", "", 3_200),
    ],
)
def test_amount_is_charged_just_before_its_instruction(expect, before, instruction, after, unit):
    """The amount is copied through a local of its own, declared after all others."""
    around = '(memory 1) (table 2 funcref) (data "") (elem func)'
    price = f"local.tee 2 local.get 2 i64.extend_i32_u i64.const {unit} i64.mul call 1"
    cost = 4_000 * (len(before.split()) // 2 + 2)
    expect(
        f"{AMOUNT} {before} local.get 0 {instruction} {after}",
        f"{PRICED} {charge(cost)} {before} local.get 0 {price} {instruction} {after}",
        around=around,
    )
    expect(
        f"{AMOUNT} {before} i32.const 7 {instruction} {after}",
        f"{AMOUNT} {charge(cost + 7 * unit)} {before} i32.const 7 {instruction} {after}",
        around=around,
    )


def test_table_growth_and_filling_are_charged_by_element(rewritten_bodies, bodies):
    """A value of a table cannot be made by code that actors may have, only read from a table."""
    around = "(table 2 funcref)"
    fill = "i32.const 0 i32.const 0 table.get 0 i32.const 3 table.fill 0"
    grow = "i32.const 0 table.get 0 i32.const 5 table.grow 0 drop"
    body = rewritten_bodies(f"(module {around} (func {fill} {grow}))")[0]
    cost = 4_000 * 9 + 3_200 * 8
    assert body == bodies(f"(module (func {charge(cost)} {fill} {grow}))")[0]


def test_constant_counts_only_right_before_its_instruction(expect):
    price = "local.tee 0 local.get 0 i64.extend_i32_u i64.const 26214400 i64.mul call 1"
    expect(
        "i32.const 7 nop memory.grow drop",
        f"(local i32) {charge(8_000)} i32.const 7 nop {price} memory.grow drop",
        around="(memory 1)",
    )


def test_constant_counts_even_from_before_a_block(expect):
    """What the constant ends matters, not what it begins: here it is the last of a block."""
    price = "local.tee 0 local.get 0 i64.extend_i32_u i64.const 26214400 i64.mul call 1"
    expect(
        "block (result i32) i32.const 7 end memory.grow drop",
        f"(local i32) {charge(8_000)} block (result i32) i32.const 7 end {price} memory.grow drop",
        around="(memory 1)",
    )


def test_temporary_comes_after_parameters_and_all_locals(expect):
    price = "local.tee 5 local.get 5 i64.extend_i32_u i64.const 26214400 i64.mul call 1"
    locals_ = "(param i32 i64) (local i32 i32 i64)"
    expect(
        f"{locals_} local.get 0 memory.grow drop local.get 0 memory.grow drop",
        f"""{locals_} (local i32) {charge(16_000)}
            local.get 0 {price} memory.grow drop local.get 0 {price} memory.grow drop""",
        around="(memory 1)",
    )


def test_negative_constant_amount_is_refused(wasm):
    with pytest.raises(DecodeError, match="negative"):
        rewrite(wasm("(module (memory 1) (func i32.const -1 memory.grow drop))"))


def test_charge_of_two_to_the_63_wraps_around(expect):
    """Each costs 2**31 - 1 pages and two instructions."""
    each = (2**31 - 1) * 26_214_400 + 8_000
    grow = "i32.const 0x7fffffff memory.grow drop "
    count = 2**63 // each + 1
    expect(grow * count, f"{charge(each * count - 2**64)} {grow * count}", around="(memory 1)")


def test_cost_above_64_bits_is_refused(wasm):
    each = (2**31 - 1) * 26_214_400 + 8_000
    grow = "i32.const 0x7fffffff memory.grow drop "
    source = grow * (2**64 // each + 1)
    with pytest.raises(DecodeError, match="overflows"):
        rewrite(wasm(f"(module (memory 1) (func {source}))"))


def test_globals_move_up_by_one(expect):
    expect(
        "global.get 0 global.set 1",
        f"{charge(8_000)} global.get 1 global.set 2",
        around="(global (mut i32) (i32.const 1)) (global (mut i32) (i32.const 2))",
    )


def test_inlined_charge_does_what_the_gas_function_does(bodies, wasm):
    source = wasm("(module (func (param i32) local.get 0 drop))")
    body = bodies(rewrite(source, inline_charges=True))[0]
    assert (
        body
        == bodies(
            """(module (func (param i32)
            global.get 0 i64.const 4000 i64.sub global.set 0
            global.get 0 i64.const 0 i64.lt_s if unreachable end
            local.get 0 drop))"""
        )[0]
    )
