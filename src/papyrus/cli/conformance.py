"""`papyrus conformance`: run the official test vectors and say where anything differs."""

import re
from pathlib import Path
from typing import Annotated

import typer

from papyrus.cli.engines import EngineOption, engine_choice
from papyrus.cli.output import JsonOption, progress
from papyrus.cli.results import JobsOption, TraceOption, show_summary
from papyrus.conformance.report import CaseResult
from papyrus.conformance.vectors import plan_vectors, vector_results, vector_summary

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Run the official test vectors.

    A vector holds a state, messages to apply to it, and what must come out. The Filecoin project
    publishes them in filecoin-project/fvm-test-vectors and filecoin-project/test-vectors.""",
)


@app.callback()
def group() -> None:
    """Run the official test vectors."""


@app.command("run", no_args_is_help=True)
def run(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Vectors, or folders of them."),
    ],
    jobs: JobsOption = 1,
    filter: Annotated[
        str | None,
        typer.Option(metavar="RE", help="Run only vectors whose name holds this expression."),
    ] = None,
    trace: TraceOption = False,
    engine: EngineOption = "wasm",
    json: JsonOption = False,
) -> None:
    r"""Run vectors and compare exit codes, returns, gas and state roots.

    The exit code is 1 where anything differs. Vectors of network versions that Papyrus holds no
    rules for are skipped, and so are those that upstream's own runner skips; the reason is shown.
    No proof is checked: every one counts as valid, as in upstream's runner.

    With an --engine that runs actors in Python, today's actors meet the states of their
    predecessors, so a difference may be a change of the protocol since; gas is then taken from the
    vector's receipts.

    \b
    Examples:
      papyrus conformance run vectors/nv18 --jobs 4
      papyrus conformance run vectors/nv18 --filter 'ProveCommit.*Ok'
      papyrus conformance run vector.json --trace --json
    """
    choice = engine_choice(engine)
    if trace and not choice.meters_instructions:
        raise typer.BadParameter("--trace compares gas, which is taken from the receipts here")
    tasks = plan_vectors(paths, _expression(filter), trace=trace, choice=choice)
    if not tasks:
        raise typer.BadParameter("no file ending in .json is there or fits the filter")
    cases: list[CaseResult] = []
    with progress("vectors", len(tasks), bytes_unit=False) as bar:
        for results in vector_results(tasks, jobs):
            cases += results
            bar.advance(1)
    summary = vector_summary(tuple(cases), choice)
    raise typer.Exit(show_summary(summary, "vector", as_json=json))


def _expression(text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise typer.BadParameter(f"--filter: {error}") from error
