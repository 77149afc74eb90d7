"""Each way in which an actor can end, and the receipt it gives."""

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges

ACTOR = 1000
PAGE = 65_536
ENTRY_GAS = 56_000

# Each with what its instructions cost beyond the entry point, in milligas.
TRAPS = {
    "unreachable": ("unreachable", 0),
    "division by zero": ("(i32.div_u (i32.const 1) (i32.const 0))", 12_000),
    "remainder by zero": ("(i32.rem_s (i32.const 1) (i32.const 0))", 12_000),
    "overflow of a division": ("(i32.div_s (i32.const 0x80000000) (i32.const -1))", 12_000),
    "overflow of a conversion": ("(i32.trunc_f64_u (f64.const 1e10))", 8_000),
    "conversion of no number": ("(i32.trunc_f32_s (f32.const nan))", 8_000),
    "load out of bounds": ("(i32.load (i32.const 65533))", 8_000),
    "store out of bounds": ("(i32.store8 (i32.const 65536) (i32.const 1)) unreachable", 12_000),
    "call to null": ("(call_indirect (type $answer) (i32.const 1))", 8_000),
    "call of another type": (
        "(drop (call_indirect (type $other) (i32.const 0))) unreachable",
        8_000,
    ),
    "call out of table": ("(call_indirect (type $answer) (i32.const 2))", 8_000),
}
TABLE = """(type $answer (func (result i32))) (type $other (func (result i64)))
    (table 2 funcref) (elem (i32.const 0) $zero) (func $zero (type $answer) i32.const 0)"""


def inclusion(world):
    return charges.total(charges.on_chain_message(world.prices, 200))


def started(world):
    """Return the milligas of a message when its actor's instructions begin."""
    return inclusion(world) + world.prices.invoke_method + PAGE * 400


def exiting(code, block="(i32.const 0)", message=(0, 0)):
    """Return the body of an actor that exits."""
    offset, length = message
    return f"""(drop (call $vm.exit (i32.const {code}) {block}
        (i32.const {offset}) (i32.const {length}))) unreachable"""


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_an_illegal_instruction(world, name):
    body, gas = TRAPS[name]
    outcome = world.run_raw(body, options={"more": TABLE})
    assert outcome.code == ExitCode.SYS_ILLEGAL_INSTRUCTION
    assert outcome.receipt.return_data == b""
    assert outcome.receipt.gas_used == -(-(started(world) + ENTRY_GAS + gas) // 1000)
    assert "SYS_ILLEGAL_INSTRUCTION(4)" in outcome.result.failure


def test_an_actor_that_returns_nothing_returns_no_data(world):
    outcome = world.run_raw("i32.const 0")
    assert (outcome.code, outcome.receipt.return_data) == (0, b"")
    assert outcome.receipt.gas_used == -(-(started(world) + ENTRY_GAS + 4000) // 1000)
    assert outcome.result.failure is None


def test_the_parameters_may_be_what_is_returned(world):
    outcome = world.run_raw("local.get $params", params=b"\x83\x01\x02\x03")
    assert (outcome.code, outcome.receipt.return_data) == (0, b"\x83\x01\x02\x03")


@pytest.mark.parametrize("block", [1, 7, -1])
def test_a_returned_block_must_exist(world, block):
    outcome = world.run_raw(f"i32.const {block}")
    assert outcome.code == ExitCode.SYS_MISSING_RETURN
    assert outcome.receipt.return_data == b""
    assert "returned block does not exist" in outcome.result.failure


@pytest.mark.parametrize("code", [0, 16, 33, 2**32 - 1])
def test_an_actor_may_exit_with_zero_and_from_sixteen_on(world, code):
    outcome = world.run_raw(exiting(code, block="(local.get $params)"), "vm.exit", params=b"\x07")
    assert (outcome.code, outcome.receipt.return_data) == (code, b"\x07")
    instructions = ENTRY_GAS + 5 * 4000
    length = charges.total(charges.on_chain_return_value(world.prices, 1))
    used = started(world) + instructions + world.prices.wasm.host_call + length
    assert outcome.receipt.gas_used == -(-used // 1000)
    assert outcome.call.names[-3:] == ["OnSyscall", "wasm_exec", "OnChainReturnValue"]


@pytest.mark.parametrize("code", range(1, 16))
def test_codes_below_sixteen_are_the_machines(world, code):
    outcome = world.run_raw(exiting(code, block="(local.get $params)"), "vm.exit", params=b"\x07")
    assert (outcome.code, outcome.receipt.return_data) == (ExitCode.SYS_ILLEGAL_EXIT_CODE, b"\x07")
    assert f"reserved code {code}" in outcome.result.failure


@pytest.mark.parametrize("code", [0, 3, 16])
def test_exiting_with_a_block_that_does_not_exist_is_fatal(world, code):
    outcome = world.run_raw(exiting(code, block="(i32.const 1)"), "vm.exit")
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.receipt.gas_used == world.message().gas_limit
    assert outcome.receipt.return_data == b""
    assert "exit data block does not exist" in outcome.result.failure


@pytest.mark.parametrize(
    ("data", "message", "words"),
    [
        (b"", (0, 0), "actor aborted"),
        ("größer".encode(), (0, 8), "größer"),
        (b"\xffa", (0, 2), "\N{REPLACEMENT CHARACTER}a"),
        (b"", (PAGE, 1), "failed to extract error message"),
        (b"a" * 512 + b"b" * 512, (0, 1024), "a" * 512 + "b" * 512),
        (
            b"a" * 512 + b"xyz" + b"b" * 512,
            (0, 1027),
            "a" * 512 + " ... (skipped 3 bytes) ... " + "b" * 512,
        ),
    ],
)
def test_an_exits_message_is_for_people(world, data, message, words):
    outcome = world.run_raw(exiting(16, message=message), "vm.exit", options={"data": data})
    assert outcome.code == 16
    assert outcome.result.failure.startswith(f"f01000 (method 2): {words}")


def test_a_failure_names_the_system_call_refused_last(world):
    body = "(drop (call $self.set_root (i32.const 65536)))" + exiting(17)
    outcome = world.run_raw(body, "self.set_root", "vm.exit")
    assert outcome.result.failure.splitlines() == [
        "f01000 (method 2): actor aborted (USR_NOT_FOUND(17))",
        "caused by: self::set_root: ILLEGAL_ARGUMENT: not a CID: "
        + outcome.result.failure.partition("not a CID: ")[2],
    ]
    body = "(drop (call $self.set_root (i32.const 65536)))"
    body += "(drop (call $debug.enabled (i32.const 0)))" + exiting(17)
    outcome = world.run_raw(body, "self.set_root", "debug.enabled", "vm.exit")
    assert "caused by" not in outcome.result.failure


def test_a_failure_names_every_actor_that_failed(world):
    world.put_actor(ACTOR + 1, world.raw(exiting(18), "vm.exit"))
    send = """(drop (call $send.send (i32.const 8) (i32.const 0) (i32.const 3) (i64.const 5)
        (i32.const 0) (i64.const 0) (i64.const 0) (i64.const -1) (i64.const 0)))"""
    data = bytes(Address.from_id(ACTOR + 1))
    outcome = world.run_raw(send + exiting(17), "send.send", "vm.exit", options={"data": data})
    assert outcome.result.failure.splitlines() == [
        "f01000 (method 2): actor aborted (USR_NOT_FOUND(17))",
        "f01001 (method 5): actor aborted (USR_FORBIDDEN(18))",
    ]


def test_an_endless_loop_ends_when_its_gas_does(world):
    limit = 50_000_000
    outcome = world.run_raw("(loop $again (br $again)) unreachable", gas_limit=limit)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)
    assert outcome.everything.total >= limit * 1000


def test_the_last_milligas_counts(world):
    body = "(drop (i32.add (i32.const 1) (i32.const 1))) i32.const 0"
    used = started(world) + ENTRY_GAS + 4 * 4000
    assert used % 1000
    enough = -(-used // 1000)
    outcome = world.run_raw(body, gas_limit=enough)
    assert (outcome.code, outcome.receipt.gas_used) == (0, enough)
    outcome = world.run_raw(body, gas_limit=enough - 1)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, enough - 1)


def test_a_system_call_may_take_the_last_gas(world):
    # The first memory of five pages costs whole gas, so that nothing is left of a unit.
    options = {"memory": '(memory (export "memory") 5)'}
    body = "(drop (call $debug.enabled (i32.const 0))) i32.const 0"
    used = started(world) + 4 * PAGE * 400 + ENTRY_GAS + 3 * 4000 + world.prices.wasm.host_call
    assert used % 1000 == 0
    for limit, code in ((used // 1000, 0), (used // 1000 - 1, ExitCode.SYS_OUT_OF_GAS)):
        outcome = world.run_raw(body, "debug.enabled", options=options, gas_limit=limit)
        assert (outcome.code, outcome.receipt.gas_used) == (code, limit)


@pytest.mark.parametrize(("depth", "code"), [(300, 0), (2**30, 4)])
def test_the_stack_has_a_limit_of_its_own(world, depth, code):
    more = """(func $down (param i32) (if (local.get 0)
        (then (call $down (i32.sub (local.get 0) (i32.const 1))))))"""
    outcome = world.run_raw(f"(call $down (i32.const {depth})) i32.const 0", options={"more": more})
    assert outcome.code == code
    assert outcome.receipt.gas_used < world.message().gas_limit


def memory(world, body, *, pages=1, more="", **fields):
    text = f'(memory (export "memory") {pages})'
    return world.run_raw(body, "vm.exit", options={"memory": text, "more": more}, **fields)


def test_growing_is_paid_by_the_page_and_refused_beyond_the_limit(world):
    # A call may have 512 MiB: 8192 pages, of which one is there at first.
    grow = """(if (i32.ne (memory.grow (i32.const {})) (i32.const {}))
        (then (drop (call $vm.exit (i32.const 40) (i32.const 0) (i32.const 0) (i32.const 0)))))
        i32.const 0"""
    assert memory(world, grow.format(8191, 1)).code == 0
    refused = memory(world, grow.format(8192, -1))
    assert refused.code == 0
    granted = memory(world, grow.format(2, 1))
    page = PAGE * 400
    assert ("wasm_memory_grow", 2 * page, 0) in granted.call.charges
    none = memory(world, grow.format(0, 1))
    used = [outcome.receipt.gas_used * 1000 for outcome in (granted, none)]
    assert abs(used[0] - used[1] - 2 * page) <= 1000
    # What is refused has been paid for all the same.
    assert refused.everything.total - none.everything.total == 8192 * page


@pytest.mark.parametrize(
    ("pages", "maximum", "shown"),
    [
        ((8192,), "", 8192),
        ((8191,), "", 8191),
        ((32767,), "", 32767),
        ((32768,), "", 0),
        ((16384, 16384), "", 16384),
        ((16384, 16383), "", 32767),
        ((200,), "100", 0),
        ((8192,), "9000", 8192),
    ],
)
def test_refused_growth_is_shown_where_all_calls_could_have_it(world, pages, maximum, shown):
    grow = "".join(f"(drop (memory.grow (i32.const {count})))" for count in pages)
    outcome = memory(world, f"{grow} i32.const 0", pages=f"1 {maximum}")
    asked = sum(pages) * PAGE * 400
    plain = ENTRY_GAS + 4000 + len(pages) * 8000
    grown = shown * PAGE * 400
    expected = [("wasm_exec", plain + asked - grown, 0)]
    if grown:
        expected.append(("wasm_memory_grow", grown, 0))
    assert outcome.call.log[3:] == expected


def test_refused_growth_leaves_less_to_others(world):
    send = """(drop (call $send.send (i32.const 8)
        (i32.const 0) (i32.const 3) (i64.const 2) (i32.const 0) (i64.const 0) (i64.const 0)
        (i64.const -1) (i64.const 0))) (drop (memory.grow (i32.const 0)))"""
    refuse = "(drop (memory.grow (i32.const {})))"
    to = bytes(Address.from_id(ACTOR + 1))

    def ends(refused, callee, then="i32.const 0"):
        world.put_actor(ACTOR + 1, callee)
        body = refuse.format(refused) + send + then
        outcome = world.run_raw(body, "send.send", options={"data": to})
        return [outcome.code, *(call.exit_code for call in outcome.trace.subcalls)]

    # Of 32768 pages the caller has one and was refused 32763: four are left.
    assert ends(32763, world.program(pages=4)) == [0, 0]
    assert ends(32763, world.program(pages=5)) == [0, ExitCode.SYS_ILLEGAL_INSTRUCTION]
    grow = (
        "(if (i32.eq (memory.grow (i32.const {})) (i32.const -1)) (then unreachable)) i32.const 0"
    )
    assert ends(32763, world.raw(grow.format(3))) == [0, 0]
    assert ends(32763, world.raw(grow.format(4))) == [0, ExitCode.SYS_ILLEGAL_INSTRUCTION]
    # What the callee took is the caller's again, what was refused is not.
    fits = world.raw(grow.format(3))
    assert ends(32763, fits, grow.format(4)) == [0, 0]
    assert ends(32763, fits, grow.format(5)) == [ExitCode.SYS_ILLEGAL_INSTRUCTION, 0]


def test_a_table_does_not_count_for_the_limit_of_one_call(world):
    more = '(table (export "t") 20000 funcref)'
    assert memory(world, "i32.const 0", pages=8192, more=more).code == 0
    grow = (
        "(if (i32.ne (memory.grow (i32.const 8191)) (i32.const 1)) (then unreachable)) i32.const 0"
    )
    assert memory(world, grow, more=more).code == 0


def test_a_first_memory_over_the_limit_cannot_start(world):
    most = memory(world, "i32.const 0", pages=8192)
    assert most.code == 0
    assert ("wasm_memory_init", 8192 * PAGE * 400, 0) in most.call.charges
    fatal(world, memory(world, "i32.const 0", pages=8193), "begins too large")


@pytest.mark.parametrize(("pages", "code"), [((8192,) * 4, 0), ((8192, 8192, 8192, 8191, 2), 4)])
def test_all_calls_together_may_have_two_gibibytes(world, pages, code):
    for place, count in enumerate(pages):
        to = bytes(Address.from_id(ACTOR + place + 1))
        send = ("send.send", to, 2, 0, 0, 0, 2**64 - 1, 0)
        steps = [send] if place + 1 < len(pages) else []
        world.put_actor(ACTOR + place, world.program(*steps, pages=count))
    outcome = world.send()
    innermost = outcome.trace
    while innermost.subcalls:
        (innermost,) = innermost.subcalls
    assert outcome.code == 0
    assert (innermost.request.to.id, innermost.exit_code) == (ACTOR + len(pages) - 1, code)


def test_memory_grown_by_callers_counts(world):
    grow = """(drop (memory.grow (i32.const 8191))) (drop (call $send.send (i32.const 8)
        (i32.const 0) (i32.const 3) (i64.const 2) (i32.const 0) (i64.const 0) (i64.const 0)
        (i64.const -1) (i64.const 0))) i32.const 0"""
    for place in range(4):
        to = bytes(Address.from_id(ACTOR + place + 1))
        world.put_actor(ACTOR + place, world.raw(grow, "send.send", data=to))
    last = "(i32.add (i32.const 17) (memory.grow (i32.const 1)))"
    outcome = world.send()
    depth, innermost = 1, outcome.trace
    while innermost.subcalls:
        (innermost,) = innermost.subcalls
        depth += 1
    # The fourth has all that is left; nothing is at the ID it calls.
    assert (depth, innermost.exit_code) == (5, ExitCode.SYS_INVALID_RECEIVER)
    world.put_actor(ACTOR + 4, world.raw(last))
    outcome = world.send()
    assert outcome.trace.subcalls[0].subcalls[0].subcalls[0].subcalls[0].exit_code == 4


def test_a_table_named_table_is_paid_for(world):
    plain = world.run_raw("i32.const 0", options={"more": "(table 10 funcref)"})
    named = world.run_raw("i32.const 0", options={"more": '(table (export "table") 10 funcref)'})
    assert named.call.log[:3] == [
        charges.on_method_invocation(world.prices, 0),
        charges.wasm_table_init(world.prices, 10),
        charges.wasm_memory_init(world.prices, PAGE),
    ]
    assert named.everything.total - plain.everything.total == 10 * 8 * 400


def test_instructions_before_the_entry_point_are_paid_and_may_trap(world):
    more = "(start $first) (func $first (drop (i32.const 1)))"
    outcome = world.run_raw("i32.const 0", options={"more": more})
    assert outcome.code == 0
    # The first function is entered through the stack limiter too, with no parameters. The trace
    # shows it as the growth of memory, since the first memory lies between.
    assert outcome.call.log[2:] == [
        ("wasm_exec", 0, 0),
        ("wasm_memory_grow", 52_000 + 4000, 0),
        ("wasm_exec", ENTRY_GAS + 4000, 0),
    ]
    more = "(start $first) (func $first unreachable)"
    outcome = world.run_raw("i32.const 0", options={"more": more})
    assert outcome.code == ExitCode.SYS_ILLEGAL_INSTRUCTION
    assert "failed to instantiate module" in outcome.result.failure
    assert outcome.receipt.gas_used == -(-(started(world) + 52_000) // 1000)
    assert outcome.call.log[2:] == [("wasm_exec", 0, 0), ("wasm_memory_grow", 52_000, 0)]


def test_a_start_that_exits_counts_as_a_trap(world):
    more = """(start $first) (func $first
        (drop (call $vm.exit (i32.const 33) (i32.const 0) (i32.const 0) (i32.const 0))))"""
    outcome = world.run_raw("(i32.const 0)", "vm.exit", options={"more": more})
    assert outcome.code == ExitCode.SYS_ILLEGAL_INSTRUCTION


def test_an_endless_start_runs_out_of_gas(world):
    limit = 20_000_000
    more = "(start $first) (func $first (loop $again (br $again)))"
    outcome = world.run_raw("i32.const 0", options={"more": more}, gas_limit=limit)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)


def fatal(world, outcome, words):
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.receipt.gas_used == world.message().gas_limit
    assert outcome.receipt.return_data == b""
    assert words in outcome.result.failure


def test_code_without_memory_is_fatal(world):
    outcome = world.run_raw("i32.const 0", options={"memory": ""})
    fatal(world, outcome, "exports no memory")


def test_code_that_imports_what_is_not_there_is_fatal(world):
    text = """(import "vm" "fly" (func $fly (result i32))) (memory (export "memory") 1)"""
    fatal(world, world.run_raw("call $fly", options={"memory": text}), "failed to link")


def test_a_system_call_of_another_type_is_not_there(world):
    text = """(import "gas" "available" (func $gas (result i32))) (memory (export "memory") 1)"""
    fatal(world, world.run_raw("call $gas", options={"memory": text}), "failed to link")


def other_entry(world, text):
    """Run code whose function has another name, with this text beside it."""
    return world.run_raw("i32.const 0", options={"entry": "other", "more": text})


def test_code_without_entry_point_cannot_receive(new_world):
    outcome = other_entry(new_world, "")
    assert outcome.code == ExitCode.SYS_INVALID_RECEIVER
    used = started(new_world)
    assert outcome.receipt.gas_used == -(-used // 1000)
    table = '(table (export "invoke") 1 funcref)'
    assert other_entry(new_world, table).code == ExitCode.SYS_INVALID_RECEIVER


def test_code_without_entry_point_was_fatal_before(old_world):
    fatal(old_world, other_entry(old_world, ""), "no function is exported")


@pytest.mark.parametrize(
    "kinds",
    ["(result i32)", "(param i64) (result i32)", "(param i32 i32) (result i32)"],
)
def test_an_entry_point_of_another_type_is_fatal(world, kinds):
    text = f'(func (export "invoke") {kinds} i32.const 0)'
    fatal(world, other_entry(world, text), "not from i32 to i32")


def test_code_that_is_no_module_is_fatal(world):
    world.code.put(Cid.of(b"no module", RAW), b"no module")
    world.put_actor(ACTOR, Cid.of(b"no module", RAW))
    fatal(world, world.send(), "cannot be run")
