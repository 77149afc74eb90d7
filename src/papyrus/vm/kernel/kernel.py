"""One invocation: who calls whom, with what, and the blocks it holds open."""

from typing import TYPE_CHECKING

from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.blocks import BlockRegistry

if TYPE_CHECKING:
    from papyrus.vm.call_manager import CallManager


class Kernel:
    """The state of one invocation, on which the system calls work."""

    __slots__ = (
        "actor_id",
        "blocks",
        "caller",
        "calls",
        "charge",
        "last_error",
        "method",
        "read_only",
        "value",
    )

    def __init__(
        self,
        *,
        calls: "CallManager",
        blocks: BlockRegistry,
        caller: int,
        actor_id: int,
        method: int,
        value: TokenAmount,
        read_only: bool,
    ) -> None:
        """Begin an invocation; its parameters are already in the block registry."""
        self.calls = calls
        self.blocks = blocks
        self.caller = caller
        self.actor_id = actor_id
        self.method = method
        self.value = value
        self.read_only = read_only
        self.charge = calls.gas.charge
        self.last_error: str | None = None
        """The system call refused last, if no other has succeeded since."""
