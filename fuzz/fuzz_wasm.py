"""The rewriter on mutated modules: what it accepts and was valid is valid afterwards."""

import wasmtime

from fuzz.harness import fuzz
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.links import LinkError, scan_dag_cbor
from papyrus.vm.wasm.rewrite import rewrite

ENGINE = wasmtime.Engine()

MODULES = (
    """(module (import "ipld" "block_open" (func $open (param i32 i32) (result i32)))
      (memory (export "memory") 2 17) (data (i32.const 8) "seed") (global (mut i32) (i32.const 7))
      (table 2 funcref) (elem (i32.const 0) $a $b)
      (func $a (param i32) (result i32) (local i32 i64) local.get 0 i32.const 1 i32.add)
      (func $b (param i32) (result i32)
        block (result i32)
          loop
            local.get 0 call $a local.tee 0 i32.const 100 i32.lt_s br_if 0
          end
          local.get 0 i32.const 0 call_indirect (param i32) (result i32)
        end)
      (func (export "invoke") (param i32) (result i32)
        local.get 0 if (result i32) i32.const 1 i32.const 2 call $open else unreachable end
        drop i32.const 0 i32.const 8 i32.const 4 memory.copy
        i32.const 1 memory.grow drop local.get 0 call $b))""",
    """(module (memory 1)
      (func $start (local i64) i64.const 5 local.set 0) (start $start)
      (func (export "invoke") (param i32) (result i32)
        block block block local.get 0 br_table 0 1 2 end i32.const 1 return end
        i32.const 0 i32.const 7 i32.const 99 memory.fill end i32.const 3)
      (@custom "name" "seed"))""",
)


def is_valid(module: bytes) -> bool:
    """Return whether wasmtime would compile the module."""
    try:
        wasmtime.Module.validate(ENGINE, module)
    except wasmtime.WasmtimeError:
        return False
    return True


def parse(data: bytes) -> None:
    """Rewrite a module, or follow the links of a block."""
    if not data.startswith(b"\0asm"):
        try:
            scan_dag_cbor(data)
        except LinkError:
            return
        return
    rewritten = rewrite(data)
    if is_valid(data) and not is_valid(rewritten):
        raise ValueError(f"{data.hex()} was valid and is not after rewriting")


if __name__ == "__main__":
    fuzz(parse, [*map(wasmtime.wat2wasm, MODULES), dag_cbor.encode([Cid.of(b"seed"), {"a": 1}])])
