"""What a call asks, what it answers, and how an invocation ends early."""

from dataclasses import dataclass
from typing import NamedTuple

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.blocks import NO_DATA, Block


class Request(NamedTuple):
    """A call to be made."""

    sender: int
    to: Address
    method: int
    params: Block | None
    value: TokenAmount
    gas_limit: int | None = None
    """Milligas; None for all that is left."""

    read_only: bool = False


class Exit(Exception):  # noqa: N818 - the system call's own name
    """The actor, or the machine for it, ends the invocation with an exit code.

    It unwinds the invocation and becomes its answer; it never leaves the call manager.
    """

    def __init__(self, code: int, message: str, block_id: int = NO_DATA) -> None:
        """Keep the exit code, the message for people, and the number of the data block."""
        super().__init__(f"exit {code}: {message}")
        self.code = code
        self.message = message
        self.block_id = block_id


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives back to its caller."""

    exit_code: int
    value: Block | None = None
