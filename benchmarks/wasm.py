"""Running actors' code: host calls, instances and gas, against wasmtime's own Python classes.

Ratios are times, so 0.1 is ten times as fast as the baseline. Each pair runs in turns, so that what
else the machine does touches both.
"""

from collections.abc import Callable
from timeit import Timer
from typing import Any

import wasmtime

from papyrus.vm.wasm.engine import Engine
from papyrus.vm.wasm.host import HostFunction
from papyrus.vm.wasm.rewrite import rewrite

GAS = 2**62
LIMIT = 1 << 29
CALLS = 20_000

HOST_CALLS = """(module
    (import "test" "host" (func $host (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "invoke") (param i32) (result i32)
        loop (drop (call $host (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) end
        i32.const 0))"""

SMALL = """(module (memory (export "memory") 17)
    (func (export "invoke") (param i32) (result i32) local.get 0))"""

WORK = """(module (memory (export "memory") 2)
    (func $mix (param i32 i32) (result i32) (local i32)
        (local.set 2 (i32.xor (local.get 0) (i32.rotl (local.get 1) (i32.const 7))))
        (if (result i32) (i32.and (local.get 2) (i32.const 1))
            (then (i32.add (local.get 2) (i32.const 17)))
            (else (i32.sub (local.get 2) (i32.const 3)))))
    (func (export "invoke") (param i32) (result i32) (local i32 i32)
        loop
            (i32.store (i32.and (local.get 2) (i32.const 65532))
                (i32.load (i32.and (local.get 1) (i32.const 65532))))
            (local.set 2 (call $mix (local.get 2) (local.get 1)))
            (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))
        end local.get 2))"""

STEP = "block local.get 0 i32.eqz br_if 0 local.get 0 i32.const 1 i32.sub local.set 0 end "
LONG = f"(module (func (param i32) {STEP * 6_000}))"


def pair(
    name: str, work: Callable[[], Any], baseline: str, other: Callable[[], Any], scale: float
) -> tuple[str, float, str, str, float]:
    """Return a row: the best time of one round of some work in microseconds, and the ratio."""
    ours, theirs = Timer(work), Timer(other)
    rounds = [(ours.timeit(1), theirs.timeit(1)) for _ in range(7)]
    best, best_other = (min(times) for times in zip(*rounds, strict=True))
    return (name, best / scale * 1e6, "us", baseline, best / best_other)


def wheel_instance(text: str, *, host: bool) -> tuple[Any, Callable[[], Any]]:
    """Return an engine of the wheel, and what makes an instance's entry point with it."""
    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, rewrite(bytes(wasmtime.wat2wasm(text))))
    linker = wasmtime.Linker(engine)
    linker.allow_shadowing = True
    i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
    if host:
        kind = wasmtime.FuncType([i32] * 4, [i32])
        linker.define_func("test", "host", kind, lambda *_: 0)

    def make() -> Callable[[int], int]:
        store = wasmtime.Store(engine)
        counter = wasmtime.Global(store, wasmtime.GlobalType(i64, True), wasmtime.Val.i64(GAS))
        linker.define(store, "gas", "gas_counter", counter)
        entry = linker.instantiate(store, module).exports(store)["invoke"]
        return lambda number: entry(store, number)

    return engine, make


def bench() -> list[tuple[str, float, str, str, float | None]]:
    """Return the rows of host calls, instances and metered work."""
    engine = Engine()

    def instance(text: str, *, inline_charges: bool = True) -> Any:
        binary = bytes(wasmtime.wat2wasm(text))
        code = rewrite(binary, inline_charges=inline_charges, count_growth=True)
        linker = engine.linker([HostFunction("test", "host", "iiii", lambda *_: 0)])
        return linker, linker.instantiate(engine.compile(code), None, GAS, LIMIT, LIMIT)

    _, calling = instance(HOST_CALLS)
    wheel, make = wheel_instance(HOST_CALLS, host=True)
    call_wheel = make()

    linker, small = instance(SMALL)
    other_wheel, make_small = wheel_instance(SMALL, host=False)

    def invoke_once() -> None:
        for _ in range(1_000):
            one = linker.instantiate(small.module, None, GAS, LIMIT, LIMIT)
            one.invoke(3)
            one.close()

    def invoke_once_by_wheel() -> None:
        for _ in range(1_000):
            make_small()(3)

    long = bytes(wasmtime.wat2wasm(LONG))
    _, inlined = instance(WORK)
    _, called = instance(WORK, inline_charges=False)
    rows = [
        pair(
            "host call of four arguments, empty",
            lambda: calling.invoke(CALLS),
            "Linker.define_func",
            lambda: call_wheel(CALLS),
            CALLS,
        ),
        pair(
            "instantiate, invoke and close",
            invoke_once,
            "Store, Linker and Func of the wheel",
            invoke_once_by_wheel,
            1_000,
        ),
        pair(
            "a million rounds of metered work",
            lambda: inlined.invoke(1_000_000),
            "charges that call the gas function",
            lambda: called.invoke(1_000_000),
            1,
        ),
        pair(
            "instrument a function of 60,000 instructions",
            lambda: rewrite(long, inline_charges=True, count_growth=True),
            "compiling it",
            lambda: engine.compile(long),
            1,
        ),
    ]
    del wheel, other_wheel
    return list(rows)
