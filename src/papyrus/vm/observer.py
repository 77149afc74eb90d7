"""What the machine tells someone who watches it execute.

Tracing must cost nothing when nobody looks, so every place that could tell asks first whether
an observer is there. An observer sees events in the order in which the reference records them
and can change nothing.
"""

from typing import Protocol

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import SyscallError
from papyrus.types.actor import ActorState
from papyrus.vm.blocks import Block
from papyrus.vm.calls import Request


class Observer(Protocol):
    """The events of an execution, in order."""

    def gas_charged(self, name: str, compute: int, storage: int) -> None:
        """Take note of milligas charged, also where the charge exceeds the limit."""

    def called(self, request: Request, gas_limit: int) -> None:
        """Take note that a call begins, with so much whole gas at most, rounded up."""

    def invoked(self, actor_id: int, state: ActorState) -> None:
        """Take note of the receiver and its state before any transfer."""

    def block_moved(self, operation: str, cid: Cid, length: int) -> None:
        """Take note of a block of the state read ("Get") or written ("Put")."""

    def returned(self, exit_code: int, value: Block | None) -> None:
        """Take note that the call ended with an exit code and perhaps a return block."""

    def failed(self, error: SyscallError) -> None:
        """Take note of a call that could not be made, or failed without an exit code."""
