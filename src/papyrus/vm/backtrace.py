"""Why a message failed, in words: the actors that aborted, innermost first, and the first cause.

It is for people only; nothing on chain depends on it.
"""

from dataclasses import dataclass, field

from papyrus.primitives.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class Frame:
    """One actor that ended with an exit code other than zero."""

    actor_id: int
    method: int
    exit_code: int
    message: str

    def __str__(self) -> str:
        """Say who failed, where and how."""
        code = ExitCode.describe(self.exit_code)
        return f"f0{self.actor_id} (method {self.method}): {self.message} ({code})"


@dataclass(slots=True)
class Backtrace:
    """The failures of one message so far."""

    cause: str | None = None
    frames: list[Frame] = field(default_factory=list)

    def begin(self, cause: str) -> None:
        """Start over from a new first cause."""
        self.cause = cause
        self.frames.clear()

    def describe(self) -> str | None:
        """Return the failure in lines, outermost actor first; None where nothing failed."""
        lines = [str(frame) for frame in reversed(self.frames)]
        if self.cause is not None:
            lines.append(f"caused by: {self.cause}")
        return "\n".join(lines) or None
