"""Instrumentation on modules nobody wrote: refused cleanly, or valid where the module was."""

import contextlib

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm.engine import Engine
from papyrus.vm.wasm.host import HostFunction, Trap
from papyrus.vm.wasm.rewrite import rewrite

SEED = bytes(
    wasmtime.wat2wasm(
        """(module (import "ipld" "block_open" (func (param i32 i32) (result i32)))
        (memory (export "memory") 2 17) (data (i32.const 8) "seed")
        (global (mut i32) (i32.const 7)) (table 2 funcref) (elem (i32.const 0) 1 2)
        (func (param i32) (result i32) (local i32 i64) local.get 0 i32.const 1 i32.add)
        (func (param i32) (result i32)
            block (result i32)
              loop local.get 0 call 1 local.tee 0 i32.const 100 i32.lt_s br_if 0 end
              local.get 0 i32.const 0 call_indirect (param i32) (result i32)
            end)
        (func (export "invoke") (param i32) (result i32)
            local.get 0 if (result i32) i32.const 1 i32.const 2 call 0 else unreachable end
            drop i32.const 0 i32.const 8 i32.const 4 memory.copy
            block block local.get 0 br_table 0 1 0 end end
            local.get 0 memory.grow drop local.get 0 call 2))"""
    )
)


@pytest.fixture(scope="module")
def engine():
    return Engine()


def is_valid(engine, code):
    try:
        engine.validate(code)
    except DecodeError:
        return False
    return True


@given(
    changes=st.lists(
        st.tuples(st.integers(8, len(SEED) - 1), st.binary(max_size=3), st.integers(0, 3)),
        min_size=1,
        max_size=4,
    )
)
def test_changed_module_is_refused_or_stays_valid(engine, changes):
    code = SEED
    for position, inserted, removed in changes:
        code = code[:position] + inserted + code[position + removed :]
    for executed in (False, True):
        with contextlib.suppress(DecodeError):
            rewritten = rewrite(code, inline_charges=executed, count_growth=executed)
            # Invalid code may become anything, as long as compiling it ends well.
            assert is_valid(engine, rewritten) or not is_valid(engine, code)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_refused_or_rewritten(data):
    for code in (data, b"\0asm\1\0\0\0" + data):
        with contextlib.suppress(DecodeError):
            rewrite(code)


STATEMENTS = st.recursive(
    st.sampled_from(
        [
            "local.get 0 local.set 1",
            "local.get 1 i32.const 3 i32.mul local.set 1",
            "local.get 0 i32.const 1 i32.sub local.set 0",
            "i32.const 4 local.get 1 i32.store",
            "local.get 1 call $host local.set 1",
            "local.get 0 call $small local.set 1",
            "local.get 1 i32.const 15 i32.and call $shallow local.set 1",
            "local.get 0 i32.eqz br_if $out",
            "local.get 0 i32.const 3 i32.and br_table 0 0 $out 0",
            "i32.const 0 i32.const 0 local.get 1 i32.const 255 i32.and memory.fill",
            "i32.const 0 i32.const 9 i32.const 8 memory.copy",
            "local.get 1 i32.const 7 i32.gt_u if local.get 1 return end",
            "local.get 1 memory.grow local.set 1",
            "i32.const 1 memory.grow drop",
            "unreachable",
            "nop",
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(" ".join),
        inner.map(lambda body: f"block {body} end"),
        st.tuples(inner, inner).map(
            lambda both: f"local.get 0 i32.const 1 i32.and if {both[0]} else {both[1]} end"
        ),
        inner.map(
            lambda body: (
                "loop (br_if 1 (i32.ge_u (local.tee 2 (i32.add (local.get 2)"
                f" (i32.const 1))) (i32.const 5))) {body} br 0 end"
            )
        ),
    ),
    max_leaves=12,
)


def run(engine, code, gas, argument):
    """Return what happened: gas at each host call, result or trap, gas in the end."""
    seen = []

    def call(instance, number):
        seen.append((number, instance.gas))
        instance.gas -= 1_000
        return number ^ 5

    linker = engine.linker([HostFunction("a", "b", "i", call)])
    instance = linker.instantiate(engine.compile(code), None, gas, 1 << 20, 1 << 60)
    try:
        outcome = instance.invoke(argument)
    except Trap as trap:
        outcome = trap.kind
    memory = instance.read(0, 512)
    left = instance.gas
    instance.close()
    return seen, outcome, memory, left


@given(
    body=STATEMENTS,
    gas=st.one_of(st.integers(0, 2_000_000), st.just(10**9)),
    argument=st.integers(0, 9),
)
def test_what_is_executed_takes_the_same_gas_everywhere(engine, body, gas, argument):
    code = bytes(
        wasmtime.wat2wasm(
            f"""(module (import "a" "b" (func $host (param i32) (result i32)))
            (memory (export "memory") 1)
            (func $small (param i32) (result i32) local.get 0 i32.const 7 i32.xor)
            (func $shallow (param i32) (result i32) (local i64)
                local.get 0 if (result i32) local.get 0 i32.const 1 i32.sub call $shallow
                else i32.const 1 end)
            (func (export "invoke") (param i32) (result i32) (local i32 i32)
                block $out block {body} end end local.get 1))"""
        )
    )
    plain, inlined, counted = (
        rewrite(code, inline_charges=inline, count_growth=count)
        for inline, count in ((False, False), (True, False), (True, True))
    )
    expected = run(engine, plain, gas, argument)
    assert run(engine, inlined, gas, argument) == expected
    assert run(engine, counted, gas, argument) == expected
