"""How the results of a conformance run are shown, and the options its commands share."""

from collections import Counter
from typing import Annotated

import typer

from papyrus.cli.output import say, say_json, say_table
from papyrus.conformance.method_names import method_name
from papyrus.conformance.report import CaseResult, RunSummary, Status
from papyrus.primitives.exit_codes import ExitCode

JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", min=1, max=256, help="Processes to spread the work over.")
]
"""How many processes; the output is the same for any number."""

TraceOption = Annotated[
    bool, typer.Option("--trace", help="Compare every gas charge, where there is a trace to.")
]
"""Whether to compare charge by charge."""


def show_summary(summary: RunSummary, unit: str, *, as_json: bool) -> int:
    """Print a run and return the exit code it calls for; `unit` is what one case is called."""
    if as_json:
        say_json(summary.to_json())
        return summary.exit_code
    for case in summary.cases:
        if case.status is Status.FAILED:
            _show_failure(case)
    _show_skipped(summary.cases)
    rows = summary.by_method()
    if rows:
        say_table(
            ("ACTOR", "METHOD", "EXACT", "DIFFER", "EXIT CODES", "GAS"),
            [
                (
                    row.actor,
                    _method(row.actor, row.method),
                    row.passed,
                    row.failed,
                    _codes(row.actor, row.exit_codes),
                    f"{row.gas_used:,}",
                )
                for row in rows
            ],
        )
        say()
    say(f"proofs: {summary.verifier}")
    if summary.gas_from_receipts:
        say(f"engine: {summary.engine}")
        say(f"gas: {summary.gas}")
    counted = f"{summary.total} {unit if summary.total == 1 else unit + 's'}"
    say(f"{counted}: {summary.passed} exact, {summary.failed} differ, {summary.skipped} skipped")
    return summary.exit_code


def _show_failure(case: CaseResult) -> None:
    say(f"DIFFERS  {case.id}")
    say(f"  {case.reason}")
    for line in case.details:
        say(f"  {line}")
    say()


def _show_skipped(cases: tuple[CaseResult, ...]) -> None:
    skipped = [case for case in cases if case.status is Status.SKIPPED]
    for reason, count in sorted(Counter(case.reason for case in skipped).items()):
        first = next(case.id for case in skipped if case.reason == reason)
        others = "" if count == 1 else f" and {count - 1} more"
        say(f"skipped  {first}{others}: {reason}")
    if skipped:
        say()


def _method(actor: str, number: int) -> str:
    name = method_name(actor, number)
    return str(number) if name is None else f"{name} ({number})"


def _codes(actor: str, codes: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{ExitCode.describe(code, actor)}: {count}" for code, count in codes)
