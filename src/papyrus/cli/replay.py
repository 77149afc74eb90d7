"""`papyrus replay`: execute the tipsets of a chain file again and say where anything differs."""

from pathlib import Path
from typing import Annotated

import typer

from papyrus.cli.output import JsonOption, progress
from papyrus.cli.results import JobsOption, TraceOption, show_summary
from papyrus.conformance.chain_files import ChainRules
from papyrus.conformance.environment import shared_environment
from papyrus.conformance.replay import plan_replay, replay_results
from papyrus.conformance.report import CaseResult, RunSummary
from papyrus.rules.networks import NETWORKS


def replay(
    chain: Annotated[
        Path,
        typer.Argument(metavar="CHAIN", help="A chain file, .car or .car.zst."),
    ],
    first: Annotated[
        int | None, typer.Option("--from", metavar="H", min=0, help="The first height to execute.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="H", min=0, help="The last height to execute.")
    ] = None,
    jobs: JobsOption = 1,
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"By whose rules, where no meta.json beside the file says: {', '.join(NETWORKS)}.",
        ),
    ] = None,
    upgrade: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NV@HEIGHT",
            help="Instead of the network's upgrades; -1 is from genesis. May be given repeatedly.",
        ),
    ] = None,
    trace: TraceOption = False,
    json: JsonOption = False,
) -> None:
    r"""Execute every tipset of a chain file again and compare all that its children say of it.

    That is the state root, the receipts root, the base fee, and of each message the exit code,
    return, gas and events. The exit code is 1 where anything differs. By which rules is said by
    the meta.json beside the file, or by --network and --upgrade. Where traces.jsonl.zst lies beside
    it, a difference is followed to the first gas charge that differs, and with --trace every charge
    is compared. No proof is checked: every one counts as valid.

    \b
    Examples:
      papyrus replay chains/ledger/chain.car.zst --jobs 4
      papyrus replay chains/fevm/chain.car.zst --from 40 --to 60 --trace
      papyrus replay export.car --network calibnet --json
    """
    if network is not None and network not in NETWORKS:
        raise typer.BadParameter(f"--network: known are {', '.join(NETWORKS)}")
    rules = ChainRules(network, tuple(_upgrade(text) for text in upgrade or ()))
    tasks = plan_replay(chain, rules, first=first, last=last, jobs=jobs, trace=trace)
    cases: list[CaseResult] = []
    with progress("tipsets", sum(task.length for task in tasks), bytes_unit=False) as bar:
        for results in replay_results(tasks, jobs):
            cases += results
            bar.advance(len(results))
    summary = RunSummary(shared_environment().verifier.name, tuple(cases))
    raise typer.Exit(show_summary(summary, "tipset", as_json=json))


def _upgrade(text: str) -> tuple[int, int]:
    version, separator, height = text.removeprefix("nv").partition("@")
    try:
        if separator:
            return int(height), int(version)
    except ValueError:
        pass
    raise typer.BadParameter(f"--upgrade: {text!r} is not NV@HEIGHT, for instance 28@-1")
