"""Executed messages as Lotus tells them: receipts, what gas cost, traces, and why one failed.

A trace may be a thousand calls deep and many megabytes long, so that it is never held as a tree of
JSON: `invocation_text` writes the text itself, call by call, where the message was executed. The
dataclasses say what that text holds, to clients and to the interface's document.

Not told: how long each charge of gas took (`tt` is 0), and the `Logs` of contracts' debugging.
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from papyrus.chain.calls import Computed, Invocation
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rpc.json_codecs import Named, codec_of
from papyrus.rpc.json_values import MaybeAddress
from papyrus.types.json import to_json
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt
from papyrus.vm.executor import ApplyResult
from papyrus.vm.trace import CallTrace

_NANOSECONDS = 1_000_000_000

_NO_ADDRESS = "<empty>"
_REFUSED = {
    "Msg": {
        "From": _NO_ADDRESS,
        "To": _NO_ADDRESS,
        "Value": "0",
        "Method": 0,
        "Params": None,
        "ParamsCodec": 0,
        "GasLimit": 0,
        "ReadOnly": False,
    },
    "MsgRct": {"ExitCode": 0, "Return": None, "ReturnCodec": 0},
    "GasCharges": None,
    "Subcalls": None,
}
"""The trace of a message that never ran."""


@dataclass(frozen=True, slots=True)
class GasCost:
    """What a message's gas cost and whom, in attoFIL; all 0 for the protocol's own messages."""

    message: Cid | None
    gas_used: TokenAmount = ZERO
    base_fee_burn: TokenAmount = ZERO
    over_estimation_burn: TokenAmount = ZERO
    miner_penalty: TokenAmount = ZERO
    miner_tip: TokenAmount = ZERO
    refund: TokenAmount = ZERO
    total_cost: TokenAmount = ZERO


@dataclass(frozen=True, slots=True)
class TracedMessage:
    """What a call asked."""

    sender: Annotated[MaybeAddress, Named("From")]
    to: MaybeAddress
    value: TokenAmount
    method: int
    params: bytes
    params_codec: int
    gas_limit: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class TracedReturn:
    """What a call answered."""

    exit_code: int
    returned: Annotated[bytes, Named("Return")]
    return_codec: int


@dataclass(frozen=True, slots=True)
class TracedState:
    """An actor before a call."""

    code: Cid
    head: Cid
    nonce: int
    balance: TokenAmount
    delegated_address: Address | None


@dataclass(frozen=True, slots=True)
class TracedActor:
    """Whom a call reached."""

    id: int
    state: TracedState


@dataclass(frozen=True, slots=True)
class TracedCharge:
    """A charge of gas."""

    name: str
    total: Annotated[int, Named("tg")]
    compute: Annotated[int, Named("cg")]
    storage: Annotated[int, Named("sg")]
    nanoseconds: Annotated[int, Named("tt")] = 0


@dataclass(frozen=True, slots=True)
class TracedBlock:
    """A block of the state read ("Get") or written ("Put")."""

    op: str
    cid: Cid
    size: int


@dataclass(frozen=True, slots=True)
class ExecutionTrace:
    """A call, and all that happened in it."""

    msg: TracedMessage
    msg_rct: TracedReturn
    invoked_actor: TracedActor | None = None
    gas_charges: list[TracedCharge] = field(default_factory=list)
    subcalls: list["ExecutionTrace"] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    ipld_ops: list[TracedBlock] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """A message executed, in Lotus' InvocResult."""

    msg_cid: Cid
    msg: Message
    msg_rct: Receipt
    gas_cost: GasCost
    execution_trace: ExecutionTrace
    error: str
    duration: int
    """In nanoseconds."""


@dataclass(frozen=True, slots=True)
class ComputedState:
    """A tipset executed, in Lotus' ComputeStateOutput."""

    root: Cid
    trace: list[InvocationResult]


def computed_text(computed: Computed, network: str) -> str:
    """Return the JSON of a computed tipset; `network` is the letter of the addresses."""
    root = _dumps(codec_of(Cid).write(computed.state_root, network))
    traces = ",".join(invocation_text(each, network) for each in computed.invocations)
    return f'{{"Root":{root},"Trace":[{traces}]}}'


def invocation_text(invocation: Invocation, network: str) -> str:
    """Return the JSON of an executed message; `network` is the letter of the addresses."""
    applied = invocation.applied
    fields = {
        "MsgCid": codec_of(Cid).write(applied.cid, network),
        "Msg": to_json(applied.message, network),
        "MsgRct": to_json(applied.result.receipt, network),
        "GasCost": codec_of(GasCost).write(gas_cost(invocation), network),
        "Error": error_text(applied.result),
        "Duration": int(invocation.seconds * _NANOSECONDS),
    }
    trace = _trace_text(invocation.trace, network)
    return f'{_dumps(fields)[:-1]},"ExecutionTrace":{trace}}}'


def gas_cost(invocation: Invocation) -> GasCost:
    """Return what a message's gas cost."""
    applied, result = invocation.applied, invocation.applied.result
    if applied.is_implicit:
        return GasCost(None)
    message = applied.message
    return GasCost(
        message=message.cid,
        gas_used=TokenAmount(result.receipt.gas_used),
        base_fee_burn=result.base_fee_burn,
        over_estimation_burn=result.over_estimation_burn,
        miner_penalty=result.penalty,
        miner_tip=result.miner_tip,
        refund=result.refund,
        total_cost=TokenAmount(message.gas_fee_cap * message.gas_limit - result.refund),
    )


def error_text(result: ApplyResult) -> str:
    """Return why a message failed, as the reference words it; nothing where it did not.

    Only the first cause, where a call could not even be made, is in words of our own.
    """
    code = result.receipt.exit_code
    if code == ExitCode.OK:
        return ""
    backtrace = result.backtrace
    if backtrace is None:
        words = f"pre-validation failed: {result.failure}\n"
    elif not backtrace.frames and backtrace.cause is None:
        words = "unknown error"
    else:
        lines = [
            f"{place:02}: f0{frame.actor_id} (method {frame.method}) -- {frame.message} "
            f"({int(frame.exit_code)})\n"
            for place, frame in enumerate(reversed(backtrace.frames))
        ]
        if backtrace.cause is not None:
            lines.append(f"--> caused by: {backtrace.cause}\n")
        words = "message failed with backtrace:\n" + "".join(lines)
    return f"{words} (RetCode={int(code)})"


def _trace_text(root: CallTrace | None, network: str) -> str:
    """Return the JSON of a trace, however deep, the calls within each call last."""
    if root is None:
        return _dumps(_REFUSED)
    pieces: list[str] = []
    waiting: list[CallTrace | str] = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        pieces.append(_dumps(_own_fields(item, network))[:-1])
        if not item.subcalls:
            pieces.append(',"Subcalls":null}')
            continue
        pieces.append(',"Subcalls":[')
        waiting.append("]}")
        for place, inner in enumerate(reversed(item.subcalls), 1):
            waiting.append(inner)
            if place < len(item.subcalls):
                waiting.append(",")
    return "".join(pieces)


def _own_fields(call: CallTrace, network: str) -> dict[str, Any]:
    fields = call.own_fields(network)
    charges = fields["GasCharges"] or []
    fields["GasCharges"] = [charge | {"tt": 0} for charge in charges] or None
    return fields


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
