"""The instructions that need more than a table: blocks, branches, calls, and what an amount prices.

Each function reads one instruction at a position, after its price has been added to the open
metered block, and returns the position after it.
"""

from collections.abc import Callable

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm import opcodes
from papyrus.vm.wasm.binary import VALUE_TYPES, read_u32, skip_number, write_unsigned
from papyrus.vm.wasm.body_state import BodyState, Frame
from papyrus.vm.wasm.opcodes import Amount, Op

PAID_PER_CALL = 13
"""Paid instructions of a guarded call: the call itself, eight before and four after it."""


def _unreachable(body: BodyState, position: int) -> int:
    body.frames[-1].polymorphic = True
    return position + 1


def _open(body: BodyState, position: int) -> int:
    opcode, block_type = body.code[position], body.code[position + 1]
    if block_type != opcodes.EMPTY_BLOCK and block_type not in VALUE_TYPES:
        raise DecodeError("Wasm: a block has a type other than one result")
    results = 0 if block_type == opcodes.EMPTY_BLOCK else 1
    position += 2
    if opcode == Op.IF:
        body.pop(1)
    slot = body.frames[-1].slot if opcode == Op.BLOCK else body.new_slot(position)
    body.frames.append(
        Frame(len(body.frames), body.height, results, slot, is_loop=opcode == Op.LOOP)
    )
    return position


def _else(body: BodyState, position: int) -> int:
    # Quirk: the height, and whether it is unreachable, carry over from the first branch.
    body.close_metered_block(position + 1)
    return position + 1


def _end(body: BodyState, position: int) -> int:
    position += 1
    body.close_metered_block(position)
    closed = body.frames.pop()
    body.height = closed.floor + closed.results
    if body.frames:
        around = body.frames[-1]
        around.lowest_target = min(around.lowest_target, closed.lowest_target)
        if closed.lowest_target < len(body.frames):
            body.close_metered_block(position)
    return position


def _br(body: BodyState, position: int) -> int:
    conditional = body.code[position] == Op.BR_IF
    label, position = read_u32(body.code, position + 1)
    target = body.target(label)
    arity = body.frames[target].label_arity
    body.pop(arity)
    if conditional:
        body.pop(1)
        body.height += arity
    else:
        body.frames[-1].polymorphic = True
    body.branch(position, [target])
    return position


def _br_table(body: BodyState, position: int) -> int:
    count, position = read_u32(body.code, position + 1)
    targets = []
    for _ in range(count):
        label, position = read_u32(body.code, position)
        targets.append(body.target(label))
    default, position = read_u32(body.code, position)
    arity = body.frames[body.target(default)].label_arity
    if any(body.frames[target].label_arity != arity for target in targets):
        raise DecodeError("Wasm: the targets of a br_table take different operands")
    body.pop(arity)
    body.frames[-1].polymorphic = True
    # Quirk: where the default leads is forgotten, so a block that only the default of a
    # br_table leaves counts as never left.
    body.branch(position, targets)
    return position


def _return(body: BodyState, position: int) -> int:
    body.pop(body.frames[0].results)
    body.frames[-1].polymorphic = True
    body.branch(position + 1, [0])
    return position + 1


def _call(body: BodyState, position: int) -> int:
    callee, after = read_u32(body.code, position + 1)
    if callee >= len(body.shape.functions):
        raise DecodeError(f"Wasm: there is no function {callee}")
    body.apply(body.shape.functions[callee])
    defined = callee - body.shape.imported_functions
    if defined >= 0:
        body.replace(position, after, defined)
        body.frames[-1].cost += (PAID_PER_CALL - 1) * body.rules.instruction
    return after


def _call_indirect(body: BodyState, position: int) -> int:
    type_index, position = read_u32(body.code, position + 1)
    body.pop(1)
    body.apply(type_index)
    return skip_number(body.code, position)


def _select(body: BodyState, position: int) -> int:
    body.pop(2)
    body.pop(1)
    body.height += 1
    return position + 1


def _global(body: BodyState, position: int) -> int:
    opcode = body.code[position]
    if opcode == Op.GLOBAL_GET:
        body.height += 1
    else:
        body.pop(1)
    index, after = read_u32(body.code, position + 1)
    moved = write_unsigned(index + body.shape.first_global)
    body.replace(position, after, bytes((opcode,)) + moved)
    return after


def _float_constant(body: BodyState, position: int) -> int:
    body.height += 1
    return position + (5 if body.code[position] == Op.F32_CONST else 9)


def _memory_grow(body: BodyState, position: int) -> int:
    body.charge_amount(position, body.rules.memory_page)
    body.pop(1)
    body.height += 1
    after = skip_number(body.code, position + 1)
    if body.shape.grow_memory:
        body.replace(position, after, body.shape.grow_memory)
    return after


def _prefixed(body: BodyState, position: int) -> int:
    operation, after = read_u32(body.code, position + 1)
    if operation >= len(opcodes.PREFIXED):
        raise DecodeError(f"Wasm: instruction 0xfc {operation} is not allowed")
    popped, pushed, immediates, amount = opcodes.PREFIXED[operation]
    if amount is Amount.BYTES:
        body.charge_amount(position, body.rules.memory_byte)
    elif amount is Amount.ELEMENTS:
        body.charge_amount(position, body.rules.table_element)
    body.pop(popped)
    body.height += pushed
    for _ in range(immediates):
        after = skip_number(body.code, after)
    if operation == opcodes.TABLE_GROW and body.shape.grow_table:
        body.replace(position, after, body.shape.grow_table)
    return after


def _refuse(body: BodyState, position: int) -> int:
    raise DecodeError(f"Wasm: instruction 0x{body.code[position]:02x} is not allowed")


_BY_OPCODE: dict[int, Callable[[BodyState, int], int]] = {
    Op.UNREACHABLE: _unreachable,
    Op.BLOCK: _open,
    Op.LOOP: _open,
    Op.IF: _open,
    Op.ELSE: _else,
    Op.END: _end,
    Op.BR: _br,
    Op.BR_IF: _br,
    Op.BR_TABLE: _br_table,
    Op.RETURN: _return,
    Op.CALL: _call,
    Op.CALL_INDIRECT: _call_indirect,
    Op.SELECT: _select,
    Op.GLOBAL_GET: _global,
    Op.GLOBAL_SET: _global,
    Op.MEMORY_GROW: _memory_grow,
    Op.F32_CONST: _float_constant,
    Op.F64_CONST: _float_constant,
    Op.PREFIXED: _prefixed,
}

HANDLERS = tuple(_BY_OPCODE.get(opcode, _refuse) for opcode in range(256))
"""By opcode: what reads the instruction; any that is in no table is refused."""
