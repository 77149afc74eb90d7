"""The errors a client sees: a code, a sentence, and data where the code has some.

Codes below zero are JSON-RPC's and Ethereum's (EIP-1474); from 1 on they are Lotus'
(api/api_errors.go), and they are assigned here alone. The sentences of Lotus' own errors are kept,
because clients match their text. What nobody foresaw reaches the client as one short sentence and
the log in full: never a stack trace or a secret.
"""

from enum import IntEnum
from typing import Any

from papyrus.primitives.errors import Invalid, PapyrusError
from papyrus.primitives.sentences import MAINNET_LETTER, Words, told


class ErrorCode(IntEnum):
    """Every code this server answers with."""

    GENERIC = 1
    OUT_OF_GAS = 2
    EXECUTION_REVERTED = 3
    F3_DISABLED = 4
    F3_NOT_READY = 10
    ACTOR_NOT_FOUND = 11
    NULL_ROUND = 12
    PAYMENT_CHANNELS_DISABLED = 13
    EXPENSIVE_FORK = -32002
    LIMIT_EXCEEDED = -32005
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMETERS = -32602
    PARSE_ERROR = -32700


class RpcError(PapyrusError):
    """An answer that is an error, on the side that gives it and on the side that gets it."""

    def __init__(self, code: int, message: Words, data: Any = None) -> None:
        """Keep what crosses the wire; data must be plain JSON, None where there is none."""
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """Return the error member of an answer."""
        value: dict[str, Any] = {"code": int(self.code), "message": self.message}
        if self.data is not None:
            value["data"] = self.data
        return value


class SlowReader(PapyrusError):  # noqa: N818 - what it says of the other side
    """A subscriber has not taken what was sent to it, and is cut off."""


def actor_not_found() -> RpcError:
    """Return the error for an address that no actor has."""
    return RpcError(ErrorCode.ACTOR_NOT_FOUND, "actor not found")


def out_of_gas() -> RpcError:
    """Return the error for a call that ran out of gas."""
    return RpcError(ErrorCode.OUT_OF_GAS, "call ran out of gas")


def null_round(epoch: int) -> RpcError:
    """Return the error for an epoch without blocks; indexers depend on its text."""
    return RpcError(ErrorCode.NULL_ROUND, f"requested epoch was a null round ({epoch})", epoch)


def execution_reverted(message: str, revert: bytes) -> RpcError:
    """Return the error for a message that failed; its data is what a contract reverted with."""
    return RpcError(ErrorCode.EXECUTION_REVERTED, message, "0x" + revert.hex())


def expensive_fork(epoch: int) -> RpcError:
    """Return the error for a call on a state that only a migration would make."""
    return RpcError(
        ErrorCode.EXPENSIVE_FORK,
        "required historical state unavailable: refusing explicit call due to state fork at "
        f"epoch {epoch}",
        epoch,
    )


def limit_exceeded(message: Words) -> RpcError:
    """Return the error for more than this server gives at once."""
    return RpcError(ErrorCode.LIMIT_EXCEEDED, message)


def invalid_parameters(message: Words) -> RpcError:
    """Return the error for parameters that are not what the method takes."""
    return RpcError(ErrorCode.INVALID_PARAMETERS, message)


def foreseen(error: Exception, letter: str = MAINNET_LETTER) -> RpcError | None:
    """Return what a client is told of an error that has words for it, None for any other.

    Addresses in it begin with the letter of the network.
    """
    words = told(error, letter)
    if isinstance(error, RpcError):
        return RpcError(error.code, words, error.data)
    if isinstance(error, Invalid):
        return RpcError(ErrorCode.GENERIC, words, {"fault": str(error.fault)})
    # Services say so of what they do not have; a KeyError is a mistake of ours.
    if isinstance(error, PapyrusError) or type(error) is LookupError:
        return RpcError(ErrorCode.GENERIC, words)
    return None
