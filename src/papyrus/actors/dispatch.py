"""How a message reaches a method: numbers, parameters, return values (FRC-0042, builtin-actors).

A method is a function of the runtime and its parameters, marked with the numbers that call it. An
actor is a name and a table of such functions. What holds for all methods alike is done here: who
may use the internal numbers, that parameters are there or not as the method has it and decode, that
the method has validated its caller, and how what it returns is encoded.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from papyrus.crypto.hashing import blake2b_512
from papyrus.ipld.cid import CBOR
from papyrus.primitives.errors import DecodeError, SyscallError
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm import aborts
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import codec_of, encoded, read_block
from papyrus.vm.runtime import Runtime

FIRST_EXPORTED_METHOD = 1 << 24
"""From here on a number is that of a name, and any actor may call it (FRC-0042)."""

_METHODS = "__papyrus_method__"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Method:
    """A function with the numbers that call it."""

    numbers: tuple[int, ...]
    function: Callable[..., Any]
    params: Any
    """What it takes: NoneType for nothing, `Block | None` for anything, or a kind of value."""
    returns: Any
    takes_nothing_as: Any = None
    """The parameters of a call without any, where that is allowed."""

    @property
    def name(self) -> str:
        """The name of the method, as Python writes it."""
        return self.function.__name__


def method(*numbers: int, default: Any = None) -> Callable[[F], F]:
    """Mark a function as the method that these numbers call.

    Its second parameter is annotated with what the method takes, its result with what it returns.
    A `default` stands for the parameters of a call that has none.
    """

    def mark(function: F) -> F:
        hints = get_type_hints(function, include_extras=True)
        returns = hints.pop("return")
        _, params = hints.values()
        for kind in (params, returns):
            if kind not in _UNCODED:
                codec_of(kind)
        setattr(function, _METHODS, Method(numbers, function, params, returns, default))
        return function

    return mark


def frc42(name: str) -> int:
    """Return the number of an exported method: the first large word of its name's hash (FRC-0042).

    ValueError where no word of the hash is large enough, which no known name meets.
    """
    if name == "Constructor":
        return METHOD_CONSTRUCTOR
    digest = blake2b_512(f"1|{name}".encode())
    for start in range(0, len(digest), 4):
        number = int.from_bytes(digest[start : start + 4], "big")
        if number >= FIRST_EXPORTED_METHOD:
            return number
    raise ValueError(f"no method number can be made of {name!r}")


@dataclass(frozen=True, slots=True)
class ActorCode:
    """One built-in actor."""

    name: str
    """As the manifest of the bundle has it."""
    state: Any
    """The record of its state, or None where it has none."""
    methods: tuple[Callable[..., Any], ...]
    accepts_unknown_exported: bool = False
    """Whether it answers any exported number it has no method for, with nothing."""
    table: dict[int, Method] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table: dict[int, Method] = {}
        for function in self.methods:
            entry: Method = getattr(function, _METHODS)
            for number in entry.numbers:
                if number in table:
                    raise TypeError(f"{self.name} has two methods with number {number}")
                table[number] = entry
        object.__setattr__(self, "table", table)

    def invoke(self, rt: Runtime, params_id: int) -> int:
        """Run the method that was called and return the number of its return block, or 0.

        Raises ActorError where the actor aborts.
        """
        try:
            params = rt.take_block(params_id)
            _restrict_internal_methods(rt)
            answer = self._run(rt, params)
            if not rt.caller_is_validated:
                raise aborts.assertion_failed("failed to validate caller")
            return rt.put_block(answer)
        except DecodeError as error:
            raise aborts.illegal_state(f"malformed state: {error}") from error
        except SyscallError as error:
            raise aborts.assertion_failed(str(error)) from error

    def _run(self, rt: Runtime, params: Block | None) -> Block | None:
        number = rt.method
        entry = self.table.get(number)
        if entry is not None:
            return _return_block(entry, entry.function(rt, _params(entry, params)))
        if self.accepts_unknown_exported:
            rt.accept_any_caller()
            if number >= FIRST_EXPORTED_METHOD:
                return None
        raise aborts.unhandled_message(f"invalid method: {number}")


_UNCODED = (type(None), Block | None)


def _restrict_internal_methods(rt: Runtime) -> None:
    """Abort where an internal number is called by other than a built-in actor, or by a contract."""
    number = rt.method
    if number >= FIRST_EXPORTED_METHOD:
        return
    code = rt.code_of(rt.caller_id)
    if code is None:
        raise aborts.forbidden(f"no code for caller {rt.caller} of method {number}")
    if rt.type_of_code(code) in (None, "evm"):
        raise aborts.forbidden(f"caller {rt.caller} of method {number} must be built-in")


def _params(entry: Method, params: Block | None) -> Any:
    if entry.params == Block | None:
        return params
    if entry.params is type(None):
        if params is not None:
            raise aborts.illegal_argument("method expects no arguments")
        return None
    if params is None:
        if entry.takes_nothing_as is not None:
            return entry.takes_nothing_as
        raise aborts.illegal_argument("method expects arguments")
    try:
        return read_block(entry.params, params)
    except DecodeError as error:
        raise aborts.serialization(str(error)) from error


def _return_block(entry: Method, value: Any) -> Block | None:
    if entry.returns is type(None):
        return None
    if entry.returns == Block | None:
        found: Block | None = value
        return found
    return Block(CBOR, encoded(entry.returns, value))
