"""The first difference between two execution traces of one message, in the order of execution.

A trace is a tree, and a call's charges and the calls it makes stand in two lists beside each
other, so the tree alone does not say which of two differences came first. Our own tracer
remembers the order; the other trace is walked along with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from papyrus.primitives.errors import SyscallError
from papyrus.vm.blocks import Block
from papyrus.vm.calls import Request
from papyrus.vm.trace import CallTrace, Tracer

_COMPARED = ("Msg", "MsgRct", "InvokedActor")
_CHARGE_FIELDS = (("Name", "name"), ("tg", "total"), ("cg", "compute"), ("sg", "storage"))


class Step(Enum):
    """What happened next in an execution."""

    CHARGE = auto()
    CALL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class TimedTrace:
    """A message's trace and the order of all that is in it."""

    root: CallTrace | None
    """None where the message was refused before it ran."""
    steps: tuple[Step, ...]


class TimedTracer(Tracer):
    """A tracer that also keeps the order of charges and calls."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        """Start with nothing seen."""
        super().__init__()
        self._steps: list[Step] = []

    def take_timed(self) -> TimedTrace:
        """Return the trace of the message just executed, and start over."""
        steps = tuple(self._steps)
        self._steps.clear()
        return TimedTrace(self.take(), steps)

    def gas_charged(self, name: str, compute: int, storage: int) -> None:
        """Note a charge."""
        self._steps.append(Step.CHARGE)
        super().gas_charged(name, compute, storage)

    def called(self, request: Request, gas_limit: int) -> None:
        """Note the beginning of a call."""
        self._steps.append(Step.CALL)
        super().called(request, gas_limit)

    def returned(self, exit_code: int, value: Block | None) -> None:
        """Note the end of a call."""
        self._steps.append(Step.END)
        super().returned(exit_code, value)

    def failed(self, error: SyscallError) -> None:
        """Note the end of a call that could not be made."""
        self._steps.append(Step.END)
        super().failed(error)


@dataclass(slots=True)
class _Frame:
    """A call in both traces, and how far the walk is in it."""

    path: str
    expected: Mapping[str, Any]
    got: Mapping[str, Any]
    charge: int = 0
    call: int = 0

    def difference(self, expected: Any, got: Any, what: str) -> str:
        return f"{what} in {self.path}: expected {expected}, got {got}"


def first_trace_difference(expected: Mapping[str, Any], got: TimedTrace) -> str | None:
    """Return the first difference from a trace in Lotus' JSON, in words; None where there is none.

    Calls are compared by message, result and receiver, charges by name and amounts.
    """
    if got.root is None:
        ran = expected.get("GasCharges") or expected.get("InvokedActor")
        return "the message ran there and was refused here" if ran else None
    frame = _Frame("the message", expected, got.root.to_lotus())
    stack: list[_Frame] = []
    for step in _from_first_call(got.steps):
        found: str | None = None
        match step:
            case Step.CHARGE:
                found = _next_charge(frame)
            case Step.CALL:
                inner = _next_call(frame)
                if isinstance(inner, str):
                    return inner
                stack.append(frame)
                frame = inner
            case Step.END:
                found = _end(frame)
                frame = stack.pop() if stack else frame
        if found is not None:
            return found
    return None


def _from_first_call(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield the steps without the opening of the message itself.

    What is charged before it belongs to the message in both traces, in the same order.
    """
    opened = False
    for step in steps:
        if step is Step.CALL and not opened:
            opened = True
        else:
            yield step


def _next_charge(frame: _Frame) -> str | None:
    index = frame.charge
    frame.charge += 1
    mine = frame.got["GasCharges"][index]
    theirs = _item(frame.expected, "GasCharges", index)
    what = f"gas charge {index}"
    if theirs is None:
        return frame.difference("no further charge", _charge_in_words(mine), what)
    if any(mine[name] != theirs.get(name) for name, _ in _CHARGE_FIELDS):
        return frame.difference(_charge_in_words(theirs), _charge_in_words(mine), what)
    return None


def _next_call(frame: _Frame) -> _Frame | str:
    index = frame.call
    frame.call += 1
    mine = frame.got["Subcalls"][index]
    theirs = _item(frame.expected, "Subcalls", index)
    if theirs is None:
        return frame.difference("no further call", _call_in_words(mine), f"sub-call {index}")
    message = theirs.get("Msg") or {}
    path = f"sub-call {index} ({message.get('To')} method {message.get('Method')}) of {frame.path}"
    inner = _Frame(path, theirs, mine)
    return _fields(inner, "Msg") or inner


def _end(frame: _Frame) -> str | None:
    """Compare what is known once a call is over."""
    theirs = _item(frame.expected, "GasCharges", frame.charge)
    if theirs is not None:
        what = f"gas charge {frame.charge}"
        return frame.difference(_charge_in_words(theirs), "no further charge", what)
    call = _item(frame.expected, "Subcalls", frame.call)
    if call is not None:
        what = f"sub-call {frame.call}"
        return frame.difference(_call_in_words(call), "no further call", what)
    for name in _COMPARED:
        found = _fields(frame, name)
        if found is not None:
            return found
    return None


def _fields(frame: _Frame, name: str) -> str | None:
    """Compare one group of a call's fields."""
    for path, expected, got in _leaves(name, frame.expected.get(name), frame.got.get(name)):
        if expected != got:
            return frame.difference(expected, got, path)
    return None


def _leaves(path: str, expected: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields of two objects in pairs; the groups compared are two objects deep."""
    stack = [(path, expected, got)]
    while stack:
        place, theirs, mine = stack.pop()
        if isinstance(theirs, dict) and isinstance(mine, dict):
            stack.extend((f"{place}.{key}", theirs.get(key), mine[key]) for key in reversed(mine))
        else:
            yield place, theirs, mine


def _item(trace: Mapping[str, Any], name: str, index: int) -> Any:
    items = trace.get(name) or ()
    return items[index] if index < len(items) else None


def _charge_in_words(charge: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{charge.get(name)}" if name == "Name" else f"{words} {charge.get(name)}"
        for name, words in _CHARGE_FIELDS
    )


def _call_in_words(call: Mapping[str, Any]) -> str:
    message = call.get("Msg") or {}
    return f"a call to {message.get('To')} method {message.get('Method')}"
