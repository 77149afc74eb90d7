"""One function body: its stack cost, and where gas is charged in it.

Two instrumentations meet here, in one pass over the instructions. The stack limiter wants to know
how high the operand stack may grow, and surrounds each call of the module's own functions with
bookkeeping. Gas metering then divides the result, bookkeeping included, into metered blocks: runs
of instructions of which all are executed or none, unless one traps. A block is paid for at its
start. A call does not end a block, a branch does, and the end of a block that may have been
branched out of.

The costs end up on chain, so the pass follows fvm-wasm-instrument 0.4.0 where that is peculiar.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm import opcodes
from papyrus.vm.wasm.binary import (
    I32,
    VALUE_TYPES,
    read_s32,
    read_u32,
    skip_number,
    write_signed,
    write_sized,
    write_unsigned,
)
from papyrus.vm.wasm.opcodes import Amount, Op
from papyrus.vm.wasm.prices import InstrumentationRules

ACTIVATION_HEIGHT = 2
"""Where the height of an operand stack starts: what a call costs even without operands."""

PAID_PER_CALL = 13
"""Paid instructions of a guarded call: the call itself, eight before and four after it."""

MAXIMUM_LOCALS = 50_000
"""As many locals as a function may have, parameters included."""

U64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's type, as far as stack heights depend on it."""

    parameters: int
    results: int


@dataclass(frozen=True, slots=True)
class ModuleShape:
    """What a function body may refer to."""

    signatures: tuple[Signature, ...]
    """By type index."""
    functions: tuple[int, ...]
    """The type index of each function, imported ones first."""
    imported_functions: int


@dataclass(frozen=True, slots=True)
class Body:
    """A rewritten body, complete but for the calls of the module's own functions."""

    locals: bytes
    pieces: tuple[bytes | int, ...]
    """Code, and for each guarded call the number of the called function among the defined ones."""
    stack_cost: int
    """What a call of this function adds to the height of the limited stack."""

    def encode(self, guarded_calls: list[bytes]) -> bytes:
        """Return the body with its length, each guarded call in its place."""
        code = [
            piece if isinstance(piece, bytes) else guarded_calls[piece] for piece in self.pieces
        ]
        return write_sized(self.locals + b"".join(code))


class ChargeCode(Protocol):
    """The code that charges gas."""

    @property
    def charge_top(self) -> bytes:
        """The code that charges the i64 on top of the stack, and takes it off."""

    def charge(self, milligas: int) -> bytes:
        """Return the code that charges an unsigned 64-bit number of milligas."""


class _Frame:
    """A block being read: for the stack limiter its heights, for metering its metered block."""

    __slots__ = (
        "cost",
        "floor",
        "is_loop",
        "label_arity",
        "lowest_target",
        "polymorphic",
        "results",
        "slot",
    )

    def __init__(self, index: int, floor: int, results: int, slot: int, *, is_loop: bool) -> None:
        self.floor = floor
        self.results = results
        self.label_arity = 0 if is_loop else results
        self.polymorphic = False
        self.is_loop = is_loop
        # The outermost frame that a branch in this one may leave to; its own index if none does.
        self.lowest_target = index
        # The open metered block: where its charge goes among the pieces, and its cost so far.
        self.slot = slot
        self.cost = 0


class BodyRewriter:
    """Rewrites the function bodies of one module."""

    def __init__(
        self, shape: ModuleShape, rules: InstrumentationRules, charges: ChargeCode
    ) -> None:
        """Take what bodies refer to, the prices, and the code that charges them."""
        self._shape = shape
        self._rules = rules
        self._charges = charges
        self._code = b""
        self._frames: list[_Frame] = []
        self._pieces: list[bytes | int] = []
        self._copied = 0
        self._height = 0
        self._previous = 0
        self._temporary = 0
        self._uses_temporary = False

    def rewrite(self, code: bytes, start: int, end: int, signature: Signature) -> Body:
        """Return the instrumented form of the body between two positions."""
        groups, declared_at = read_u32(code, start)
        local_count, position = _read_locals(code, groups, declared_at)
        if signature.parameters + local_count > MAXIMUM_LOCALS:
            raise DecodeError("Wasm: a function has too many locals")
        declared = code[declared_at:position]
        self._code = code
        self._pieces = [b""]
        self._copied = position
        self._height = ACTIVATION_HEIGHT
        self._temporary = signature.parameters + local_count
        self._uses_temporary = False
        # Quirk: the frame of the function starts at height 0, below the height of an activation.
        self._frames = [_Frame(0, 0, signature.results, 0, is_loop=False)]

        highest = self._read_instructions(position, end)

        if self._uses_temporary:
            declared = write_unsigned(groups + 1) + declared + bytes((1, I32))
        else:
            declared = write_unsigned(groups) + declared
        # Quirk: locals count by group, `(local i32 i32 i32)` as one, and parameters not at all.
        return Body(declared, tuple(self._pieces), groups + highest)

    def _read_instructions(self, position: int, end: int) -> int:
        """Read up to the end of the function; return the greatest height of the stack."""
        code = self._code
        shapes, pops, pushes, paid = opcodes.SHAPES, opcodes.POPS, opcodes.PUSHES, opcodes.PAID
        frame = self._frames[0]
        height = highest = self._height
        count = 0
        previous = -1
        while self._frames and position < end:
            opcode = code[position]
            # The height is looked at before each instruction, and not where none can be reached.
            if height > highest and not frame.polymorphic:
                highest = height
            shape = shapes[opcode]
            if shape == opcodes.SPECIAL:
                self._height = height
                self._previous = previous
                frame.cost += (count + paid[opcode]) * self._rules.instruction
                count = 0
                previous, position = position, _HANDLERS[opcode](self, position)
                frame = self._frames[-1] if self._frames else frame
                height = self._height
                continue
            taken = pops[opcode]
            if taken:
                if height != frame.floor:
                    height -= taken
                elif not frame.polymorphic:
                    height = -1
                if height < 0:
                    raise _missing_operands()
            height += pushes[opcode]
            count += paid[opcode]
            previous = position
            position += 1
            while shape:
                while code[position] >= 0x80:
                    position += 1
                position += 1
                shape -= 1
        if self._frames or position != end:
            raise DecodeError("Wasm: a function body and its last block end apart")
        return highest

    # Operands

    def _pop(self, count: int) -> None:
        """Take operands off the stack.

        Quirk: an unreachable stack is bottomless only at its very floor; above it, taking more
        than there is goes through the floor.
        """
        if not count:
            return
        frame = self._frames[-1]
        if self._height == frame.floor:
            if not frame.polymorphic:
                raise _missing_operands()
            return
        self._height -= count
        if self._height < 0:
            raise _missing_operands()

    def _target(self, label: int) -> int:
        index = len(self._frames) - 1 - label
        if index < 0:
            raise DecodeError("Wasm: a branch leads out of the function")
        return index

    # Code

    def _copy_until(self, position: int) -> None:
        if position > self._copied:
            self._pieces.append(self._code[self._copied : position])
            self._copied = position

    def _new_slot(self, position: int) -> int:
        """Return where the charge of a metered block that starts at a position will stand."""
        self._copy_until(position)
        self._pieces.append(b"")
        return len(self._pieces) - 1

    # Metered blocks

    def _close_metered_block(self, next_position: int) -> None:
        """Settle the open metered block of the innermost frame and open the next one."""
        frame = self._frames[-1]
        slot, cost = frame.slot, frame.cost
        if cost > U64:
            raise DecodeError("Wasm: the cost of a block overflows")
        frame.cost = 0
        frame.slot = self._new_slot(next_position)
        if len(self._frames) > 1 and slot == self._frames[-2].slot:
            # A `block` starts inside the metered block around it, which pays for both.
            # Quirk: adding an instruction is checked for overflow, adding a block wraps around.
            self._frames[-2].cost = (self._frames[-2].cost + cost) & U64
            return
        if cost:
            self._pieces[slot] = self._charges.charge(cost)

    def _branch(self, next_position: int, targets: list[int]) -> None:
        self._close_metered_block(next_position)
        frames = self._frames
        frame = frames[-1]
        for target in targets:
            if target < frame.lowest_target and not frames[target].is_loop:
                frame.lowest_target = target

    # Instructions

    def _unreachable(self, position: int) -> int:
        self._frames[-1].polymorphic = True
        return position + 1

    def _open(self, position: int) -> int:
        opcode, block_type = self._code[position], self._code[position + 1]
        if block_type != opcodes.EMPTY_BLOCK and block_type not in VALUE_TYPES:
            raise DecodeError("Wasm: a block has a type other than one result")
        results = 0 if block_type == opcodes.EMPTY_BLOCK else 1
        position += 2
        if opcode == Op.IF:
            self._pop(1)
        slot = self._frames[-1].slot if opcode == Op.BLOCK else self._new_slot(position)
        self._frames.append(
            _Frame(len(self._frames), self._height, results, slot, is_loop=opcode == Op.LOOP)
        )
        return position

    def _else(self, position: int) -> int:
        # Quirk: the height, and whether it is unreachable, carry over from the first branch.
        self._close_metered_block(position + 1)
        return position + 1

    def _end(self, position: int) -> int:
        position += 1
        self._close_metered_block(position)
        closed = self._frames.pop()
        self._height = closed.floor + closed.results
        if self._frames:
            around = self._frames[-1]
            around.lowest_target = min(around.lowest_target, closed.lowest_target)
            if closed.lowest_target < len(self._frames):
                self._close_metered_block(position)
        return position

    def _br(self, position: int) -> int:
        conditional = self._code[position] == Op.BR_IF
        label, position = read_u32(self._code, position + 1)
        target = self._target(label)
        arity = self._frames[target].label_arity
        self._pop(arity)
        if conditional:
            self._pop(1)
            self._height += arity
        else:
            self._frames[-1].polymorphic = True
        self._branch(position, [target])
        return position

    def _br_table(self, position: int) -> int:
        count, position = read_u32(self._code, position + 1)
        targets = []
        for _ in range(count):
            label, position = read_u32(self._code, position)
            targets.append(self._target(label))
        default, position = read_u32(self._code, position)
        arity = self._frames[self._target(default)].label_arity
        if any(self._frames[target].label_arity != arity for target in targets):
            raise DecodeError("Wasm: the targets of a br_table take different operands")
        self._pop(arity)
        self._frames[-1].polymorphic = True
        # Quirk: where the default leads is forgotten, so a block that only the default of a
        # br_table leaves counts as never left.
        self._branch(position, targets)
        return position

    def _return(self, position: int) -> int:
        self._pop(self._frames[0].results)
        self._frames[-1].polymorphic = True
        self._branch(position + 1, [0])
        return position + 1

    def _call(self, position: int) -> int:
        callee, after = read_u32(self._code, position + 1)
        if callee >= len(self._shape.functions):
            raise DecodeError(f"Wasm: there is no function {callee}")
        self._apply(self._shape.functions[callee])
        defined = callee - self._shape.imported_functions
        if defined >= 0:
            self._copy_until(position)
            self._pieces.append(defined)
            self._copied = after
            self._frames[-1].cost += (PAID_PER_CALL - 1) * self._rules.instruction
        return after

    def _call_indirect(self, position: int) -> int:
        type_index, position = read_u32(self._code, position + 1)
        self._pop(1)
        self._apply(type_index)
        return skip_number(self._code, position)

    def _apply(self, type_index: int) -> None:
        if type_index >= len(self._shape.signatures):
            raise DecodeError(f"Wasm: there is no type {type_index}")
        signature = self._shape.signatures[type_index]
        self._pop(signature.parameters)
        self._height += signature.results

    def _select(self, position: int) -> int:
        self._pop(2)
        self._pop(1)
        self._height += 1
        return position + 1

    def _global(self, position: int) -> int:
        opcode = self._code[position]
        if opcode == Op.GLOBAL_GET:
            self._height += 1
        else:
            self._pop(1)
        self._copy_until(position)
        index, position = read_u32(self._code, position + 1)
        # The gas counter is imported before all globals of the module.
        self._pieces.append(bytes((opcode,)) + write_unsigned(index + 1))
        self._copied = position
        return position

    def _float_constant(self, position: int) -> int:
        self._height += 1
        return position + (5 if self._code[position] == Op.F32_CONST else 9)

    def _memory_grow(self, position: int) -> int:
        self._charge_amount(position, self._rules.memory_page)
        self._pop(1)
        self._height += 1
        return skip_number(self._code, position + 1)

    def _prefixed(self, position: int) -> int:
        operation, after = read_u32(self._code, position + 1)
        if operation >= len(opcodes.PREFIXED):
            raise DecodeError(f"Wasm: instruction 0xfc {operation} is not allowed")
        popped, pushed, immediates, amount = opcodes.PREFIXED[operation]
        if amount is Amount.BYTES:
            self._charge_amount(position, self._rules.memory_byte)
        elif amount is Amount.ELEMENTS:
            self._charge_amount(position, self._rules.table_element)
        self._pop(popped)
        self._height += pushed
        for _ in range(immediates):
            after = skip_number(self._code, after)
        return after

    def _refuse(self, position: int) -> int:
        raise DecodeError(f"Wasm: instruction 0x{self._code[position]:02x} is not allowed")

    def _charge_amount(self, position: int, unit: int) -> None:
        """Charge for the amount on top of the stack: with its block where it is a constant."""
        if self._previous >= 0 and self._code[self._previous] == Op.I32_CONST:
            amount, _ = read_s32(self._code, self._previous + 1)
            if amount < 0:
                raise DecodeError("Wasm: a constant amount is negative")
            self._frames[-1].cost += amount * unit
            return
        self._copy_until(position)
        temporary = write_unsigned(self._temporary)
        self._uses_temporary = True
        self._pieces.append(
            b"".join(
                (
                    bytes((Op.LOCAL_TEE,)),
                    temporary,
                    bytes((Op.LOCAL_GET,)),
                    temporary,
                    bytes((Op.I64_EXTEND_I32_U, Op.I64_CONST)),
                    write_signed(unit),
                    bytes((Op.I64_MUL,)),
                    self._charges.charge_top,
                )
            )
        )


_HANDLERS: tuple[Callable[[BodyRewriter, int], int], ...] = tuple(
    {
        Op.UNREACHABLE: BodyRewriter._unreachable,
        Op.BLOCK: BodyRewriter._open,
        Op.LOOP: BodyRewriter._open,
        Op.IF: BodyRewriter._open,
        Op.ELSE: BodyRewriter._else,
        Op.END: BodyRewriter._end,
        Op.BR: BodyRewriter._br,
        Op.BR_IF: BodyRewriter._br,
        Op.BR_TABLE: BodyRewriter._br_table,
        Op.RETURN: BodyRewriter._return,
        Op.CALL: BodyRewriter._call,
        Op.CALL_INDIRECT: BodyRewriter._call_indirect,
        Op.SELECT: BodyRewriter._select,
        Op.GLOBAL_GET: BodyRewriter._global,
        Op.GLOBAL_SET: BodyRewriter._global,
        Op.MEMORY_GROW: BodyRewriter._memory_grow,
        Op.F32_CONST: BodyRewriter._float_constant,
        Op.F64_CONST: BodyRewriter._float_constant,
        Op.PREFIXED: BodyRewriter._prefixed,
    }.get(opcode, BodyRewriter._refuse)
    for opcode in range(256)
)
"""By opcode: what reads an instruction that is neither straight-line nor allowed at all."""


def _read_locals(code: bytes, groups: int, position: int) -> tuple[int, int]:
    """Return how many locals the groups declare together, and the position after them."""
    total = 0
    for _ in range(groups):
        count, position = read_u32(code, position)
        if code[position] not in VALUE_TYPES:
            raise DecodeError("Wasm: a local has no valid type")
        position += 1
        total += count
    return total, position


def _missing_operands() -> DecodeError:
    return DecodeError("Wasm: an instruction lacks operands")
