"""Exit codes of messages and error numbers of system calls (FIP-0030).

Codes 1 to 15 are the machine's own verdict on a message, 16 to 31 are shared by all actors, and
from 32 on each actor names its own. Error numbers are what a system call returns to an actor;
they never reach a receipt by themselves.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes that have a name of their own."""

    OK = 0
    SYS_SENDER_INVALID = 1
    SYS_SENDER_STATE_INVALID = 2
    SYS_ILLEGAL_INSTRUCTION = 4
    SYS_INVALID_RECEIVER = 5
    SYS_INSUFFICIENT_FUNDS = 6
    SYS_OUT_OF_GAS = 7
    SYS_ILLEGAL_EXIT_CODE = 9
    SYS_ASSERTION_FAILED = 10
    SYS_MISSING_RETURN = 11
    USR_ILLEGAL_ARGUMENT = 16
    USR_NOT_FOUND = 17
    USR_FORBIDDEN = 18
    USR_INSUFFICIENT_FUNDS = 19
    USR_ILLEGAL_STATE = 20
    USR_SERIALIZATION = 21
    USR_UNHANDLED_MESSAGE = 22
    USR_UNSPECIFIED = 23
    USR_ASSERTION_FAILED = 24
    USR_READ_ONLY = 25
    USR_NOT_PAYABLE = 26

    @classmethod
    def describe(cls, code: int, actor: str | None = None) -> str:
        """Return the name and number of a code, or the number alone where it has no name.

        Codes from 32 on have a name only for the actor that exits with them, for instance "evm".
        """
        name = ACTOR_EXIT_CODES.get(actor or "", {}).get(code)
        if name is None:
            try:
                name = cls(code).name
            except ValueError:
                return str(int(code))
        return f"{name}({int(code)})"


FIRST_USER_EXIT_CODE = 16
"""Codes below this belong to the machine; an actor that exits with one is reported as 9."""

FIRST_ACTOR_SPECIFIC_EXIT_CODE = 32
"""From here on a code means what the actor that exits with it says."""

ACTOR_EXIT_CODES: dict[str, dict[int, str]] = {
    "evm": {
        33: "EVM_CONTRACT_REVERTED",
        34: "EVM_CONTRACT_INVALID_INSTRUCTION",
        35: "EVM_CONTRACT_UNDEFINED_INSTRUCTION",
        36: "EVM_CONTRACT_STACK_UNDERFLOW",
        37: "EVM_CONTRACT_STACK_OVERFLOW",
        38: "EVM_CONTRACT_ILLEGAL_MEMORY_ACCESS",
        39: "EVM_CONTRACT_BAD_JUMPDEST",
        40: "EVM_CONTRACT_SELFDESTRUCT_FAILED",
    },
    "paymentchannel": {32: "ERR_CHANNEL_STATE_UPDATE_AFTER_SETTLED"},
    "storagemarket": {32: "EX_DEAL_EXPIRED", 33: "EX_DEAL_NOT_ACTIVATED"},
    "storageminer": {
        1000: "ERR_BALANCE_INVARIANTS_BROKEN",
        1001: "ERR_NOTIFICATION_SEND_FAILED",
        1002: "ERR_NOTIFICATION_RECEIVER_ABORTED",
        1003: "ERR_NOTIFICATION_RESPONSE_INVALID",
        1004: "ERR_NOTIFICATION_REJECTED",
    },
    "storagepower": {32: "ERR_TOO_MANY_PROVE_COMMITS"},
}
"""Names of actor-specific codes, by the actor's name in the manifest of its bundle."""


class ErrorNumber(IntEnum):
    """What a refused system call returns to the actor."""

    ILLEGAL_ARGUMENT = 1
    ILLEGAL_OPERATION = 2
    LIMIT_EXCEEDED = 3
    ASSERTION_FAILED = 4
    INSUFFICIENT_FUNDS = 5
    NOT_FOUND = 6
    INVALID_HANDLE = 7
    ILLEGAL_CID = 8
    ILLEGAL_CODEC = 9
    SERIALIZATION = 10
    FORBIDDEN = 11
    BUFFER_TOO_SMALL = 12
    READ_ONLY = 13
