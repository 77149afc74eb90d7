"""Actors for tests: a list of system calls, assembled into a Wasm module.

An actor made here performs its calls one after the other and keeps, for each, the error number,
the bytes written to the result pointer and those written to the buffers it passed. At the end it
returns all of that as one raw block, which `Program.read` takes apart again. Its code runs straight
through, so that what its instructions cost can be counted by hand.
"""

import re
import struct
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from wasmtime import wat2wasm

from papyrus.ipld.cid import RAW, Cid
from papyrus.rules.versions import KernelAbi

# Parameters: i is 32 bits, I is 64 bits; then the bytes written to the pointer that comes first.
_COMMON = """
vm.exit iiii 0
vm.message_context - 80
network.context - 44
network.tipset_cid Iii 4
network.total_fil_circ_supply - 16
ipld.block_open i 16
ipld.block_create Iii 4
ipld.block_link iIiii 4
ipld.block_read iiii 4
ipld.block_stat i 12
self.root ii 4
self.set_root i 0
self.current_balance - 16
actor.resolve_address ii 8
actor.lookup_delegated_address Iii 4
actor.get_actor_code_cid Iii 4
actor.next_actor_address ii 4
actor.create_actor Iiii 0
actor.get_builtin_actor_type i 4
actor.get_code_cid_for_type iii 4
actor.balance_of I 16
send.send iiIiIIII 20
gas.charge iiI 0
gas.available - 8
debug.log ii 0
debug.enabled - 4
debug.store_artifact iiii 0
crypto.verify_signature iiiiiii 4
crypto.recover_secp_public_key ii 65
crypto.hash Iiiii 4
crypto.compute_unsealed_sector_cid Iiiii 4
crypto.verify_post ii 4
crypto.verify_aggregate_seals ii 4
crypto.verify_replica_update ii 4
crypto.batch_verify_seals iii 0
crypto.verify_consensus_fault iiiiii 20
"""
_FVM3 = """
self.self_destruct ii 0
event.emit_event ii 0
rand.get_chain_randomness IIii 32
rand.get_beacon_randomness IIii 32
"""
_FVM4 = """
self.self_destruct i 0
event.emit_event iiiiii 0
rand.get_chain_randomness I 32
rand.get_beacon_randomness I 32
crypto.verify_bls_aggregate iiiii 4
"""

PAGE = 65_536
ENTRY_GAS = 56_000
"""The stack limiter's thunk around an exported function of one parameter, in milligas."""
INSTRUCTION_GAS = 4000
_FREE = {"drop", "unreachable"}


class At(NamedTuple):
    """Bytes in the actor's memory, given by their offset alone."""

    data: bytes


class Buffer(NamedTuple):
    """Room for so many bytes, given by offset and length; read back afterwards."""

    length: int


class Room(NamedTuple):
    """Room for so many bytes, given by its offset alone; read back afterwards."""

    length: int


class Got(NamedTuple):
    """A number that an earlier call wrote to its result pointer."""

    step: int
    offset: int = 0


class Params(NamedTuple):
    """The number of the block of parameters."""


class Pointer(NamedTuple):
    """The place a call writes its result to, where it is not the actor's own choice."""

    offset: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one call gave."""

    errno: int
    out: bytes
    buffers: tuple[bytes, ...] = ()

    def unpack(self, layout):
        """Return the numbers that were written to the result pointer."""
        return struct.unpack("<" + layout, self.out)

    @property
    def number(self):
        """The one unsigned number that was written to the result pointer."""
        return int.from_bytes(self.out, "little")


@dataclass(frozen=True, slots=True)
class Program:
    """An actor's code and how to read what it returns."""

    code: bytes
    instructions: int = 0
    places: tuple = ()
    pages: int = 1

    @property
    def cid(self):
        """The code's CID."""
        return Cid.of(self.code, RAW)

    @property
    def exec_gas(self):
        """Milligas for running it once from beginning to end, without its calls."""
        return self.instructions * INSTRUCTION_GAS + ENTRY_GAS

    @property
    def memory_gas(self):
        """Milligas for its first memory."""
        return self.pages * PAGE * 400

    def read(self, returned):
        """Return the steps in the block that the actor returned."""
        steps = []
        for errno, out, buffers in self.places:
            parts = [returned[start : start + length] for start, length in (errno, out, *buffers)]
            steps.append(Step(int.from_bytes(parts[0], "little"), parts[1], tuple(parts[2:])))
        return tuple(steps)


class _Layout:
    """The actor's memory: what it returns, then what it was given."""

    def __init__(self):
        self.end = 0
        self.data = []

    def take(self, length):
        start = self.end
        self.end += length
        return start, length


@cache
def signatures(kernel):
    """Return each call's parameters and result length by its name."""
    table = {}
    for line in (_COMMON + (_FVM3 if kernel is KernelAbi.FVM3 else _FVM4)).split("\n"):
        if line:
            name, params, length = line.split()
            table[name] = (params.strip("-"), int(length))
    return table


@cache
def wasm(text):
    """Return the module of a text."""
    return bytes(wat2wasm(text))


def imports(kernel, names):
    """Return the text that imports these calls, each under its own name."""
    lines = []
    for name in names:
        params, length = signatures(kernel)[name]
        kinds = "".join(f" {'i64' if letter == 'I' else 'i32'}" for letter in params)
        module, function = name.split(".")
        pointer = " i32" if length else ""
        parameters = f"(param{pointer}{kinds})" if pointer or kinds else ""
        lines.append(f'(import "{module}" "{function}" (func ${name} {parameters} (result i32)))')
    return "\n".join(lines)


def raw(
    kernel,
    body,
    *calls,
    data=b"",
    memory='(memory (export "memory") 1)',
    more="",
    entry="invoke",
):
    """Return the actor whose entry point has this body; its parameter is `$params`."""
    content = f'(data (i32.const 0) "{_escaped(data)}")' if data else ""
    text = f"""(module {imports(kernel, calls)} {memory} {content} {more}
    (func (export "{entry}") (param $params i32) (result i32) {body}))"""
    return Program(wasm(text))


def program(kernel, *steps, ending=None, pages=1):
    """Return the actor that makes these calls, each a tuple of its name and its arguments.

    Bytes and `Buffer` stand for two arguments, offset and length. `ending` is what it does last,
    in Wasm text, in place of returning what its calls gave.
    """
    layout = _Layout()
    pending = []
    places = []
    for name, *arguments in steps:
        params, length = signatures(kernel)[name]
        pointer = None
        if arguments and isinstance(arguments[0], Pointer):
            pointer = arguments.pop(0).offset
        errno, out = layout.take(4), layout.take(length)
        rooms = [
            layout.take(argument.length)
            for argument in arguments
            if isinstance(argument, Buffer | Room)
        ]
        places.append((errno, out, tuple(rooms)))
        pending.append((name, params, length, arguments, list(rooms), pointer))
    returned = layout.end
    block, _ = layout.take(4)
    lines = []
    for (name, params, length, arguments, rooms, pointer), (errno, out, _) in zip(
        pending, places, strict=True
    ):
        lines.append(f"i32.const {errno[0]}")
        if length:
            lines.append(f"i32.const {out[0] if pointer is None else pointer}")
        lines += _arguments(layout, params, arguments, rooms, places)
        lines += [f"call ${name}", "i32.store"]
    names = dict.fromkeys(name for name, *_ in steps)
    if ending is None:
        names["ipld.block_create"] = None
        lines += [f"i32.const {block}", "i64.const 0x55", "i32.const 0", f"i32.const {returned}"]
        lines += ["call $ipld.block_create", "drop", f"i32.const {block}", "i32.load"]
    else:
        lines += [line.strip() for line in ending.split("\n") if line.strip()]
        names.update(dict.fromkeys(re.findall(r"call \$(\w+\.\w+)", ending)))
    data = "\n".join(
        f'(data (i32.const {offset}) "{_escaped(content)}")' for offset, content in layout.data
    )
    text = f"""(module {imports(kernel, names)}
    (memory (export "memory") {pages}) {data}
    (func (export "invoke") (param $params i32) (result i32)
    {" ".join(lines)}))"""
    count = sum(line.split()[0] not in _FREE for line in lines)
    return Program(wasm(text), count, tuple(places), pages)


def _arguments(layout, params, arguments, rooms, places):
    lines = []
    letters = iter(params)

    def number(value):
        lines.append(f"{'i64' if next(letters) == 'I' else 'i32'}.const {value}")

    for argument in arguments:
        match argument:
            case bytes() as data:
                start, length = layout.take(len(data))
                layout.data.append((start, data))
                number(start)
                number(length)
            case At(data):
                start, _ = layout.take(len(data))
                layout.data.append((start, data))
                number(start)
            case Buffer():
                start, length = rooms.pop(0)
                number(start)
                number(length)
            case Room():
                number(rooms.pop(0)[0])
            case Got(step, offset):
                start = places[step][1][0] + offset
                lines.append(f"i32.const {start}")
                lines.append("i64.load" if next(letters) == "I" else "i32.load")
            case Params():
                next(letters)
                lines.append("local.get $params")
            case _:
                number(int(argument))
    left = "".join(letters)
    if left:
        message = f"arguments missing for {left!r}"
        raise ValueError(message)
    return lines


def _escaped(data):
    return "".join(f"\\{byte:02x}" for byte in data)
