"""Every error of Papyrus, each with one owner.

Which class is raised says who must answer for it, so no error is ever turned into another's
verdict: bytes that are not the type never become a receipt, and a full disk never becomes a
judgement on a block. The classes carry no behaviour beyond their fields.
"""

from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.primitives.sentences import Words, sentence


class PapyrusError(Exception):
    """The base of all errors below, for the edges that must catch any of them."""


class DecodeError(PapyrusError):
    """The bytes are not an encoding of the type; owned by whoever received them."""


class ActorError(PapyrusError):
    """An actor aborted; the call manager makes it the exit code of the call."""

    def __init__(self, exit_code: int, message: str, data: bytes = b"", codec: int = 0) -> None:
        """Keep the exit code, the message for people, and the error data for the caller.

        The data travels in a block of the codec; there is none where the codec is 0.
        """
        super().__init__(f"{ExitCode.describe(exit_code)}: {message}")
        self.exit_code = exit_code
        self.message = message
        self.data = data
        self.codec = codec


class SyscallError(PapyrusError):
    """The kernel refuses a system call; the actor sees the error number."""

    def __init__(self, number: ErrorNumber, message: str) -> None:
        """Keep the number an actor sees and the message for people."""
        super().__init__(f"{number.name}: {message}")
        self.number = number
        self.message = message


class OutOfGas(PapyrusError):  # noqa: N818 - the protocol's own name for it
    """The gas limit in force is spent; the executor or the sending actor sees it."""


class Invalid(PapyrusError):  # noqa: N818 - a verdict, not a failure of this program
    """A block, message or tipset breaks a named rule of the protocol."""

    def __init__(self, fault: str, detail: Words) -> None:
        """Keep the rule's name and what was found."""
        super().__init__(sentence("{}: {}", fault, detail))
        self.fault = fault
        self.detail = str(detail)


class Fatal(PapyrusError):  # noqa: N818 - the reference's own name for it
    """The VM broke an invariant of its own, the same way on every machine."""


class LocalFault(PapyrusError):  # noqa: N818 - this machine's fault, not the chain's
    """This machine failed (a missing block, the disk): never a receipt, never a verdict."""


class UnsupportedNetworkVersion(LocalFault):
    """Papyrus holds no rules for this network version, and guesses none."""

    def __init__(self, network_version: int) -> None:
        """Name the version asked for."""
        super().__init__(
            f"network version {network_version} is not supported: Papyrus knows 18 and 21 to 28"
        )
        self.network_version = network_version
