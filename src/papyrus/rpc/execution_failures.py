"""How a client hears that a message failed where it was only tried (Lotus api/api_errors.go).

The sentence names the exit code as Go spells it, what an Ethereum contract reverted with, and the
machine's own words; tools look for these parts. A contract's revert is also the error's data.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from papyrus.consensus.verdicts import Fault
from papyrus.ipld import dag_cbor
from papyrus.primitives.errors import ActorError, DecodeError, Invalid
from papyrus.primitives.exit_codes import ExitCode
from papyrus.primitives.sentences import sentence
from papyrus.rpc.errors import ErrorCode, RpcError, execution_reverted, out_of_gas

_GO_NAMES = {
    0: "Ok",
    1: "SysErrSenderInvalid",
    2: "SysErrSenderStateInvalid",
    3: "SysErrReserved1",
    4: "SysErrIllegalInstruction",
    5: "SysErrInvalidReceiver",
    6: "SysErrInsufficientFunds",
    7: "SysErrOutOfGas",
    8: "SysErrReserved2",
    9: "SysErrIllegalExitCode",
    10: "SysFatal",
    11: "SysErrMissingReturn",
    12: "SysErrReserved3",
    13: "SysErrReserved4",
    14: "SysErrReserved5",
    15: "SysErrReserved6",
    16: "ErrIllegalArgument",
    17: "ErrNotFound",
    18: "ErrForbidden",
    19: "ErrInsufficientFunds",
    20: "ErrIllegalState",
    21: "ErrSerialization",
    22: "ErrUnhandledMessage",
    23: "ErrUnspecified",
    24: "ErrAssertionFailed",
    25: "ErrReadOnly",
    26: "ErrNotPayable",
}
"""go-state-types exitcode/names.go."""

_ERROR, _PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")
"""The selectors of Solidity's `Error(string)` and `Panic(uint256)`."""

_WORD = 32
_PANICS = {
    0x00: "Panic()",
    0x01: "Assert()",
    0x11: "ArithmeticOverflow()",
    0x12: "DivideByZero()",
    0x21: "InvalidEnumVariant()",
    0x22: "InvalidStorageArray()",
    0x31: "PopEmptyArray()",
    0x32: "ArrayIndexOutOfBounds()",
    0x41: "OutOfMemory()",
    0x51: "CalledUninitializedFunction()",
}


def execution_failed(error: ActorError) -> RpcError:
    """Return what a client is told of a message that failed in a trial."""
    if error.exit_code == ExitCode.SYS_OUT_OF_GAS:
        return out_of_gas()
    revert = _revert_of(error.data)
    reason = "" if revert is None else f", revert reason=[{revert_reason(revert)}]"
    return execution_reverted(
        f"message execution failed (exit=[{go_exit_code(error.exit_code)}]{reason}, "
        f"vm error=[{error.message}])",
        revert or b"",
    )


@contextmanager
def failures_told() -> Iterator[None]:
    """Turn what a trial raises into what a client is told of it."""
    try:
        yield
    except ActorError as error:
        raise execution_failed(error) from error
    except Invalid as error:
        if error.fault is Fault.SENDER_NOT_FOUND:
            raise RpcError(
                ErrorCode.ACTOR_NOT_FOUND, sentence("{}: actor not found", error)
            ) from error
        raise


def go_exit_code(code: int) -> str:
    """Return an exit code as Go prints it: its name with the number, or the number alone."""
    name = _GO_NAMES.get(code)
    return str(code) if name is None else f"{name}({code})"


def revert_reason(revert: bytes) -> str:
    """Return in words what a contract reverted with, its bytes in hex where they are no words."""
    if not revert:
        return "none"
    if len(revert) >= 4 + _WORD:
        selector, rest = revert[:4], revert[4:]
        if selector == _PANIC:
            code = int.from_bytes(rest[:_WORD], "big")
            return _PANICS.get(code, f"Panic({code:#x})")
        if selector == _ERROR:
            offset = int.from_bytes(rest[:_WORD], "big")
            start = offset + _WORD
            length = int.from_bytes(rest[offset:start], "big")
            if start + length <= len(rest):
                words = rest[start : start + length].decode("utf-8", "replace")
                return f"Error({words})"
    return "0x" + revert.hex()


def _revert_of(returned: bytes) -> bytes | None:
    """Return the bytes in what a failed message returned, None where it returned none."""
    try:
        found = dag_cbor.decode(returned)
    except DecodeError:
        return None
    return found if isinstance(found, bytes) else None
