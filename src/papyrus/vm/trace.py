"""The execution trace in the shape that Lotus gives it (`StateCompute`, `StateReplay`).

A trace is a tree of calls: the message of each, what came back, the actor it reached, every gas
charge by name with its whole gas (total, compute, storage), and the calls it made. It is what
two implementations compare when a receipt differs.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.types.actor import ActorState
from papyrus.vm.blocks import Block
from papyrus.vm.calls import Request
from papyrus.vm.gas import round_up

GasCharge = tuple[str, int, int, int]
"""A charge in whole gas, each number rounded up on its own: name, total, compute, storage."""

_FAILURES = {
    ErrorNumber.INSUFFICIENT_FUNDS: ExitCode.SYS_INSUFFICIENT_FUNDS,
    ErrorNumber.NOT_FOUND: ExitCode.SYS_INVALID_RECEIVER,
}
"""How Lotus words a call that could not be made; any other reason is 10."""


@dataclass(slots=True)
class CallTrace:
    """One call and all that happened in it."""

    request: Request
    gas_limit: int
    exit_code: int = ExitCode.OK
    returned: Block | None = None
    invoked: tuple[int, ActorState] | None = None
    gas_charges: list[GasCharge] = field(default_factory=list)
    subcalls: list["CallTrace"] = field(default_factory=list)
    blocks_moved: list[tuple[str, Cid, int]] = field(default_factory=list)
    """Blocks read ("Get") and written ("Put"), with their lengths in bytes."""

    def to_lotus(self) -> dict[str, Any]:
        """Return the trace as Lotus' JSON, in which what is empty is null or left out."""
        return self.own_fields() | {"Subcalls": [call.to_lotus() for call in self.subcalls] or None}

    def own_fields(self, network: str = "f") -> dict[str, Any]:
        """Return the trace as Lotus' JSON without the calls it made.

        `network` is the letter of the addresses written.
        """
        trace: dict[str, Any] = {
            "Msg": {
                "From": Address.from_id(self.request.sender).to_string(network),
                "To": self.request.to.to_string(network),
                "Value": str(int(self.request.value)),
                "Method": self.request.method,
                **_block_fields("Params", self.request.params),
                "GasLimit": self.gas_limit,
                "ReadOnly": self.request.read_only,
            },
            "MsgRct": {
                "ExitCode": int(self.exit_code),
                **_block_fields("Return", self.returned),
            },
        }
        if self.invoked is not None:
            trace["InvokedActor"] = _invoked_fields(*self.invoked, network)
        trace["GasCharges"] = [
            {"Name": name, "tg": total, "cg": compute, "sg": storage}
            for name, total, compute, storage in self.gas_charges
        ] or None
        if self.blocks_moved:
            trace["IpldOps"] = [
                {"Op": operation, "Cid": {"/": str(cid)}, "Size": length}
                for operation, cid, length in self.blocks_moved
            ]
        return trace


class Tracer:
    """An observer that keeps the trace of one message at a time."""

    __slots__ = ("_early", "_open", "root")

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.root: CallTrace | None = None
        self._open: list[CallTrace] = []
        self._early: list[GasCharge] = []

    def take(self) -> CallTrace | None:
        """Return the trace of the message just executed, and start over."""
        root, self.root = self.root, None
        self._open.clear()
        self._early.clear()
        return root

    def gas_charged(self, name: str, compute: int, storage: int) -> None:
        """Note a charge with the call that makes it; what precedes the message counts to it."""
        charge = (name, round_up(compute + storage), round_up(compute), round_up(storage))
        (self._open[-1].gas_charges if self._open else self._early).append(charge)

    def called(self, request: Request, gas_limit: int) -> None:
        """Open a call inside the one in progress."""
        call = CallTrace(request, gas_limit)
        if self._open:
            self._open[-1].subcalls.append(call)
        else:
            call.gas_charges.extend(self._early)
            self._early.clear()
            self.root = call
        self._open.append(call)

    def invoked(self, actor_id: int, state: ActorState) -> None:
        """Note the receiver and its state."""
        self._open[-1].invoked = (actor_id, state)

    def block_moved(self, operation: str, cid: Cid, length: int) -> None:
        """Note a block read or written."""
        self._open[-1].blocks_moved.append((operation, cid, length))

    def returned(self, exit_code: int, value: Block | None) -> None:
        """Close the call with its answer."""
        call = self._open.pop()
        call.exit_code = exit_code
        call.returned = value

    def failed(self, error: SyscallError) -> None:
        """Close a call that could not be made."""
        call = self._open.pop()
        call.exit_code = _FAILURES.get(error.number, ExitCode.SYS_ASSERTION_FAILED)


def _block_fields(name: str, block: Block | None) -> dict[str, Any]:
    if block is None:
        return {name: None, f"{name}Codec": 0}
    return {name: b64encode(block.data).decode() or None, f"{name}Codec": block.codec}


def _invoked_fields(actor_id: int, state: ActorState, network: str) -> dict[str, Any]:
    delegated = state.delegated_address
    return {
        "Id": actor_id,
        "State": {
            "Code": {"/": str(state.code)},
            "Head": {"/": str(state.head)},
            "Nonce": state.nonce,
            "Balance": str(int(state.balance)),
            "DelegatedAddress": None if delegated is None else delegated.to_string(network),
        },
    }
