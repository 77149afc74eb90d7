"""One function body rewritten, in one pass over its instructions.

Most instructions take some operands and leave some, cost the same, and stay as they are; tables
tell, and the loop here reads them. The others have functions of their own.
"""

from dataclasses import dataclass

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm import opcodes
from papyrus.vm.wasm.binary import I32, VALUE_TYPES, read_u32, write_sized, write_unsigned
from papyrus.vm.wasm.body_state import BodyState, Signature, missing_operands
from papyrus.vm.wasm.instructions import HANDLERS

MAXIMUM_LOCALS = 50_000
"""As many locals as a function may have, parameters included."""


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


def rewrite_body(body: BodyState, start: int, end: int, signature: Signature) -> Body:
    """Return the instrumented form of the body between two positions."""
    groups, declared_at = read_u32(body.code, start)
    local_count, position = _read_locals(body.code, groups, declared_at)
    local_count += signature.parameters
    if local_count > MAXIMUM_LOCALS:
        raise DecodeError("Wasm: a function has too many locals")
    declared = body.code[declared_at:position]
    body.begin(position, local_count, signature.results)

    highest = _read_instructions(body, position, end)

    if body.uses_temporary:
        declared = write_unsigned(groups + 1) + declared + bytes((1, I32))
    else:
        declared = write_unsigned(groups) + declared
    # Quirk: locals count by group, `(local i32 i32 i32)` as one, and parameters not at all.
    return Body(declared, tuple(body.pieces), groups + highest)


def _read_instructions(  # noqa: C901 - the one loop over all instructions, where the time goes
    body: BodyState, position: int, end: int
) -> int:
    """Read up to the end of the function; return the greatest height of the stack."""
    code = body.code
    shapes, pops, pushes, paid = opcodes.SHAPES, opcodes.POPS, opcodes.PUSHES, opcodes.PAID
    price = body.rules.instruction
    frames = body.frames
    frame = frames[0]
    height = highest = body.height
    count = 0
    previous = -1
    while frames and position < end:
        opcode = code[position]
        # The height is looked at before each instruction, and not where none can be reached.
        if height > highest and not frame.polymorphic:
            highest = height
        shape = shapes[opcode]
        if shape == opcodes.SPECIAL:
            body.height = height
            body.previous = previous
            frame.cost += (count + paid[opcode]) * price
            count = 0
            previous, position = position, HANDLERS[opcode](body, position)
            frame = frames[-1] if frames else frame
            height = body.height
            continue
        taken = pops[opcode]
        if taken:
            if height != frame.floor:
                height -= taken
            elif not frame.polymorphic:
                height = -1
            if height < 0:
                raise missing_operands()
        height += pushes[opcode]
        count += paid[opcode]
        previous = position
        position += 1
        while shape:
            while code[position] >= 0x80:
                position += 1
            position += 1
            shape -= 1
    if frames or position != end:
        raise DecodeError("Wasm: a function body and its last block end apart")
    return highest


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
