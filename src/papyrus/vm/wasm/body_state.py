"""What is known in the middle of a function body: operands, blocks, and the code so far.

Two instrumentations meet here. The stack limiter wants to know how high the operand stack may grow.
Gas metering divides the code into metered blocks: runs of instructions of which all are executed or
none, unless one traps. A block is paid for at its start. A call does not end a block; a branch
does, and so does the end of a block that may have been branched out of.

The costs end up on chain, so all this follows fvm-wasm-instrument 0.4.0 where that is peculiar.
"""

from dataclasses import dataclass
from typing import Protocol

from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm.binary import read_s32, write_signed, write_unsigned
from papyrus.vm.wasm.opcodes import Op
from papyrus.vm.wasm.prices import InstrumentationRules

ACTIVATION_HEIGHT = 2
"""Where the height of an operand stack starts: what a call costs even without operands."""

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
    first_global: int
    """The index that the module's own first global has afterwards."""
    grow_memory: bytes = b""
    grow_table: bytes = b""
    """The code that takes the place of the instructions that grow; they stay where it is empty."""


class ChargeCode(Protocol):
    """The code that charges gas."""

    @property
    def charge_top(self) -> bytes:
        """The code that charges the i64 on top of the stack, and takes it off."""

    def charge(self, milligas: int) -> bytes:
        """Return the code that charges an unsigned 64-bit number of milligas."""


class Frame:
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


class BodyState:
    """The state of reading one function body."""

    __slots__ = (
        "charges",
        "code",
        "copied",
        "frames",
        "height",
        "pieces",
        "previous",
        "rules",
        "shape",
        "temporary",
        "uses_temporary",
    )

    def __init__(
        self, shape: ModuleShape, rules: InstrumentationRules, charges: ChargeCode, code: bytes
    ) -> None:
        """Take what bodies refer to, the prices, the code that charges them, and all bodies."""
        self.shape = shape
        self.rules = rules
        self.charges = charges
        self.code = code
        self.frames: list[Frame] = []
        """The blocks around the next instruction; the function itself is the first."""
        self.pieces: list[bytes | int] = []
        """Code, and for each guarded call the number of the called function among the defined."""
        self.copied = 0
        """How far the code is among the pieces."""
        self.height = 0
        """Of the operand stack."""
        self.previous = -1
        """Where the instruction before this one stands; -1 before the first."""
        self.temporary = 0
        """The number of the local that serves to copy the top of the stack, if one is needed."""
        self.uses_temporary = False

    def begin(self, position: int, locals_count: int, results: int) -> None:
        """Begin a body whose first instruction is at a position."""
        self.pieces = [b""]
        self.copied = position
        self.height = ACTIVATION_HEIGHT
        self.previous = -1
        self.temporary = locals_count
        self.uses_temporary = False
        # Quirk: the frame of the function starts at height 0, below the height of an activation.
        self.frames = [Frame(0, 0, results, 0, is_loop=False)]

    def pop(self, count: int) -> None:
        """Take operands off the stack.

        Quirk: an unreachable stack is bottomless only at its very floor; above it, taking more
        than there is goes through the floor.
        """
        if not count:
            return
        frame = self.frames[-1]
        if self.height == frame.floor:
            if not frame.polymorphic:
                raise missing_operands()
            return
        self.height -= count
        if self.height < 0:
            raise missing_operands()

    def target(self, label: int) -> int:
        """Return the index of the frame that a branch leads to."""
        index = len(self.frames) - 1 - label
        if index < 0:
            raise DecodeError("Wasm: a branch leads out of the function")
        return index

    def apply(self, type_index: int) -> None:
        """Take a function's operands off the stack and leave its results."""
        if type_index >= len(self.shape.signatures):
            raise DecodeError(f"Wasm: there is no type {type_index}")
        signature = self.shape.signatures[type_index]
        self.pop(signature.parameters)
        self.height += signature.results

    def copy_until(self, position: int) -> None:
        """Add the code up to a position to the pieces."""
        if position > self.copied:
            self.pieces.append(self.code[self.copied : position])
            self.copied = position

    def replace(self, start: int, end: int, piece: bytes | int) -> None:
        """Let a piece take the place of the code between two positions."""
        self.copy_until(start)
        self.pieces.append(piece)
        self.copied = end

    def new_slot(self, position: int) -> int:
        """Return where the charge of a metered block that starts at a position will stand."""
        self.copy_until(position)
        self.pieces.append(b"")
        return len(self.pieces) - 1

    def close_metered_block(self, next_position: int) -> None:
        """Settle the open metered block of the innermost frame and open the next one."""
        frame = self.frames[-1]
        slot, cost = frame.slot, frame.cost
        if cost > U64:
            raise DecodeError("Wasm: the cost of a block overflows")
        frame.cost = 0
        frame.slot = self.new_slot(next_position)
        if len(self.frames) > 1 and slot == self.frames[-2].slot:
            # A `block` starts inside the metered block around it, which pays for both.
            # Quirk: adding an instruction is checked for overflow, adding a block wraps around.
            self.frames[-2].cost = (self.frames[-2].cost + cost) & U64
            return
        if cost:
            self.pieces[slot] = self.charges.charge(cost)

    def branch(self, next_position: int, targets: list[int]) -> None:
        """End the metered block at a branch to some frames."""
        self.close_metered_block(next_position)
        frames = self.frames
        frame = frames[-1]
        for target in targets:
            if target < frame.lowest_target and not frames[target].is_loop:
                frame.lowest_target = target

    def charge_amount(self, position: int, unit: int) -> None:
        """Charge for the amount on top of the stack: with its block where it is a constant."""
        if self.previous >= 0 and self.code[self.previous] == Op.I32_CONST:
            amount, _ = read_s32(self.code, self.previous + 1)
            if amount < 0:
                raise DecodeError("Wasm: a constant amount is negative")
            self.frames[-1].cost += amount * unit
            return
        self.copy_until(position)
        temporary = write_unsigned(self.temporary)
        self.uses_temporary = True
        self.pieces.append(
            b"".join(
                (
                    bytes((Op.LOCAL_TEE,)),
                    temporary,
                    bytes((Op.LOCAL_GET,)),
                    temporary,
                    bytes((Op.I64_EXTEND_I32_U, Op.I64_CONST)),
                    write_signed(unit),
                    bytes((Op.I64_MUL,)),
                    self.charges.charge_top,
                )
            )
        )


def missing_operands() -> DecodeError:
    """Return the error of an instruction that finds too few operands."""
    return DecodeError("Wasm: an instruction lacks operands")
