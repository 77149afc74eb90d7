"""What a conformance run found: one result a case, and their sum.

A case is one variant of a vector, or one tipset of a chain. The results hold plain data and no
clock reading, so two runs over the same input are equal whatever the machine or the number of
processes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    """Everything recorded was computed, to the bit."""
    FAILED = "failed"
    """Something differs, or the input cannot be read."""
    SKIPPED = "skipped"
    """It was not run; the reason says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """One message that was executed, for the table by actor and method."""

    actor: str
    """The receiver's name in the manifest, or "(none)" where there is no such actor."""
    method: int
    exit_code: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case."""

    id: str
    status: Status
    reason: str = ""
    """The first difference, or why it was skipped; empty where it passed."""
    details: tuple[str, ...] = ()
    """More about the difference, a line each."""
    gas_used: int = 0
    """By all its messages together."""
    calls: tuple[Call, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the case as it appears in the command's output."""
        return {
            "id": self.id,
            "status": self.status.value,
            "reason": self.reason,
            "details": list(self.details),
            "gas_used": self.gas_used,
            "messages": [
                {
                    "actor": call.actor,
                    "method": call.method,
                    "exit_code": call.exit_code,
                    "gas_used": call.gas_used,
                }
                for call in self.calls
            ],
        }


@dataclass(frozen=True, slots=True)
class MethodRow:
    """All the messages to one method of one kind of actor."""

    actor: str
    method: int
    passed: int
    """Messages in cases that passed."""
    failed: int
    """Messages in cases that failed; one difference fails all the messages of its tipset."""
    exit_codes: tuple[tuple[int, int], ...]
    """Pairs of exit code and count, by code."""
    gas_used: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A whole run, in the order of its input."""

    verifier: str
    """The name of what checked proofs."""
    cases: tuple[CaseResult, ...]
    engine: str = "wasm"
    """Which engine ran which actor."""
    gas_from_receipts: bool = False
    """Whether the gas was taken from what is recorded, and so was not compared."""

    @property
    def gas(self) -> str:
        """Where the gas comes from, in words."""
        if self.gas_from_receipts:
            return "taken from the receipts, not computed"
        return "computed"

    @property
    def total(self) -> int:
        """The number of cases."""
        return len(self.cases)

    @property
    def passed(self) -> int:
        """The number of cases that agree."""
        return self._count(Status.PASSED)

    @property
    def failed(self) -> int:
        """The number of cases that differ or cannot be read."""
        return self._count(Status.FAILED)

    @property
    def skipped(self) -> int:
        """The number of cases that were not run."""
        return self._count(Status.SKIPPED)

    @property
    def exit_code(self) -> int:
        """1 where any case failed, else 0."""
        return 1 if self.failed else 0

    def to_json(self) -> dict[str, Any]:
        """Return the run as the command's one JSON object."""
        return {
            "total": self.total,
            "passed": self.passed,
            "failed": self.failed,
            "skipped": self.skipped,
            "verifier": self.verifier,
            "engine": self.engine,
            "gas": self.gas,
            "cases": [case.to_json() for case in self.cases],
        }

    def by_method(self) -> tuple[MethodRow, ...]:
        """Return a row for every method called, by actor and number."""
        return rows_by_method(self.cases)

    def _count(self, status: Status) -> int:
        return sum(case.status is status for case in self.cases)


def rows_by_method(cases: Iterable[CaseResult]) -> tuple[MethodRow, ...]:
    """Return a row for every method that the cases call, by actor and number."""
    groups: dict[tuple[str, int], list[tuple[CaseResult, Call]]] = {}
    for case in cases:
        for call in case.calls:
            groups.setdefault((call.actor, call.method), []).append((case, call))
    return tuple(_row(actor, method, calls) for (actor, method), calls in sorted(groups.items()))


def _row(actor: str, method: int, calls: list[tuple[CaseResult, Call]]) -> MethodRow:
    codes: dict[int, int] = {}
    for _, call in calls:
        codes[call.exit_code] = codes.get(call.exit_code, 0) + 1
    passed = sum(case.status is Status.PASSED for case, _ in calls)
    return MethodRow(
        actor=actor,
        method=method,
        passed=passed,
        failed=len(calls) - passed,
        exit_codes=tuple(sorted(codes.items())),
        gas_used=sum(call.gas_used for _, call in calls),
    )
