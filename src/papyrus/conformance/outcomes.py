"""Comparing what a message did with what is recorded, and wording how an execution failed."""

from collections.abc import Callable, Mapping
from typing import Protocol

from papyrus.chain.upgrades import MissingActors
from papyrus.conformance.report import Call, CaseResult, Status
from papyrus.conformance.values import describe
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import PapyrusError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import Message
from papyrus.vm.executor import ApplyResult
from papyrus.vm.state_tree import StateTree

NO_ACTOR = "(none)"
"""What stands for the receiver's name where there is no such actor."""


class RecordedReceipt(Protocol):
    """What every record of a message's outcome has."""

    @property
    def exit_code(self) -> int:
        """The exit code."""

    @property
    def return_data(self) -> bytes:
        """The value returned."""

    @property
    def gas_used(self) -> int:
        """Whole gas, rounded up."""


def receipt_differences(where: str, expected: RecordedReceipt, got: ApplyResult) -> list[str]:
    """Return a line for each field of a receipt that differs, in the order of their weight."""
    found = []
    receipt = got.receipt
    if expected.exit_code != receipt.exit_code:
        codes = (ExitCode.describe(expected.exit_code), ExitCode.describe(receipt.exit_code))
        why = "" if got.failure is None else f" ({got.failure.replace(chr(10), '; ')})"
        found.append(f"{where}: exit code: expected {codes[0]}, got {codes[1]}{why}")
    if expected.return_data != receipt.return_data:
        expected_return, got_return = describe(expected.return_data), describe(receipt.return_data)
        found.append(f"{where}: return: expected {expected_return}, got {got_return}")
    if expected.gas_used != receipt.gas_used:
        off = receipt.gas_used - expected.gas_used
        found.append(
            f"{where}: gas used: expected {expected.gas_used}, got {receipt.gas_used} ({off:+})"
        )
    return found


def call_of(
    tree: StateTree, names: Mapping[Cid, str], message: Message, result: ApplyResult
) -> Call:
    """Return the line of the table that a message belongs to, by its receiver afterwards."""
    actor_id = tree.resolve(message.to)
    actor = None if actor_id is None else tree.get(actor_id)
    name = NO_ACTOR if actor is None else names.get(actor.code, str(actor.code))
    return Call(name, message.method, result.receipt.exit_code, result.receipt.gas_used)


def guarded(case_id: str, run: Callable[[], CaseResult]) -> CaseResult:
    """Return what `run` returns, or a failed case where the input cannot be executed.

    A state that is not what its schema says can fail in any place that reads it, so lookups and
    conversions count beside the errors of our own. Missing code of actors is this machine's fault
    and is raised.
    """
    try:
        return run()
    except MissingActors:
        raise
    except PapyrusError as error:
        reason = str(error)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
    return CaseResult(case_id, Status.FAILED, f"it cannot be executed: {reason}")
