"""The ways in which an actor aborts, one function for each exit code that actors share (FIP-0030).

Each returns the error, to be raised where it is made. The words are for people and appear in
traces; the code alone reaches the receipt.
"""

from papyrus.primitives.errors import ActorError, SyscallError
from papyrus.primitives.exit_codes import FIRST_USER_EXIT_CODE, ErrorNumber, ExitCode


def illegal_argument(message: str) -> ActorError:
    """Return the error of a call whose parameters make no sense."""
    return ActorError(ExitCode.USR_ILLEGAL_ARGUMENT, message)


def not_found(message: str) -> ActorError:
    """Return the error of a call about something that is not there."""
    return ActorError(ExitCode.USR_NOT_FOUND, message)


def forbidden(message: str) -> ActorError:
    """Return the error of a call that this caller may not make, or not now."""
    return ActorError(ExitCode.USR_FORBIDDEN, message)


def insufficient_funds(message: str) -> ActorError:
    """Return the error of a call that needs more funds than there are."""
    return ActorError(ExitCode.USR_INSUFFICIENT_FUNDS, message)


def illegal_state(message: str) -> ActorError:
    """Return the error of state that is not as the actor needs it."""
    return ActorError(ExitCode.USR_ILLEGAL_STATE, message)


def serialization(message: str) -> ActorError:
    """Return the error of bytes that do not decode, or of a value that does not encode."""
    return ActorError(ExitCode.USR_SERIALIZATION, message)


def unhandled_message(message: str) -> ActorError:
    """Return the error of a method that the actor does not have."""
    return ActorError(ExitCode.USR_UNHANDLED_MESSAGE, message)


def unspecified(message: str) -> ActorError:
    """Return the error of a failure elsewhere that has no better name."""
    return ActorError(ExitCode.USR_UNSPECIFIED, message)


def assertion_failed(message: str) -> ActorError:
    """Return the error of what should never be: a broken invariant, an overflow, a panic."""
    return ActorError(ExitCode.USR_ASSERTION_FAILED, message)


def read_only(message: str) -> ActorError:
    """Return the error of a change attempted in a read-only call."""
    return ActorError(ExitCode.USR_READ_ONLY, message)


def of_refused_send(error: SyscallError) -> ActorError:
    """Return the error of a call that the machine would not make."""
    match error.number:
        case ErrorNumber.NOT_FOUND:
            return unspecified("receiver not found")
        case ErrorNumber.INSUFFICIENT_FUNDS:
            return insufficient_funds("not enough funds")
        case ErrorNumber.LIMIT_EXCEEDED:
            return assertion_failed("recursion limit exceeded")
        case ErrorNumber.READ_ONLY:
            return read_only("attempted to mutate state while in readonly mode")
    return assertion_failed(f"unexpected error: {error}")


def of_failed_call(exit_code: int, data: bytes = b"", codec: int = 0) -> ActorError:
    """Return the error with which a caller passes on that the actor it called has failed."""
    message = f"send aborted with code {ExitCode.describe(exit_code)}"
    if exit_code in (
        ExitCode.SYS_MISSING_RETURN,
        ExitCode.SYS_ILLEGAL_INSTRUCTION,
        ExitCode.SYS_ILLEGAL_EXIT_CODE,
    ):
        # The called actor is broken, and its code would say nothing of the caller.
        exit_code = ExitCode.USR_UNSPECIFIED
    elif exit_code < FIRST_USER_EXIT_CODE:
        exit_code = ExitCode.USR_ASSERTION_FAILED
    return ActorError(exit_code, message, data, codec)
