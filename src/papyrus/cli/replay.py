"""`papyrus replay`: execute the tipsets of a chain file again and say where anything differs."""

from pathlib import Path
from typing import Annotated

import typer

from papyrus.cli.engines import EngineOption, engine_choice
from papyrus.cli.output import JsonOption, progress
from papyrus.cli.results import JobsOption, TraceOption, show_summary
from papyrus.conformance.chain_files import ChainRules
from papyrus.conformance.replay import Means, plan_replay, replay_results, summary_of
from papyrus.conformance.report import CaseResult
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
    engine: EngineOption = "wasm",
    gas: Annotated[
        str | None,
        typer.Option(
            metavar="computed|receipts",
            help="Count gas, or take it from the chain's receipts, as native actors must.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    r"""Execute every tipset of a chain file again and compare all that its children say of it.

    That is the state root, the receipts root, the base fee, and of each message the exit code,
    return, gas and events. The exit code is 1 where anything differs. By which rules is said by
    the meta.json beside the file, or by --network and --upgrade. Where traces.jsonl.zst lies beside
    it, a difference is followed to the first gas charge that differs, and with --trace every charge
    is compared. No proof is checked: every one counts as valid.

    The actors run as the released Wasm code unless --engine says otherwise. Actors written in
    Python count no instructions, so with them the gas of each message is taken from its receipt.

    \b
    Examples:
      papyrus replay chains/ledger/chain.car.zst --jobs 4
      papyrus replay chains/fevm/chain.car.zst --from 40 --to 60 --trace
      papyrus replay export.car --network calibnet --json
      papyrus replay chains/miner/chain.car.zst --engine hybrid:eam=wasm,evm=wasm
    """
    if network is not None and network not in NETWORKS:
        raise typer.BadParameter(f"--network: known are {', '.join(NETWORKS)}")
    rules = ChainRules(network, tuple(_upgrade(text) for text in upgrade or ()))
    means = _means(engine, gas, trace=trace)
    tasks = plan_replay(chain, rules, first=first, last=last, jobs=jobs, means=means)
    cases: list[CaseResult] = []
    with progress("tipsets", sum(task.length for task in tasks), bytes_unit=False) as bar:
        for results in replay_results(tasks, jobs):
            cases += results
            bar.advance(len(results))
    summary = summary_of(tuple(cases), means)
    raise typer.Exit(show_summary(summary, "tipset", as_json=json))


def _means(engine: str, gas: str | None, *, trace: bool) -> Means:
    choice = engine_choice(engine)
    if gas not in (None, "computed", "receipts"):
        raise typer.BadParameter(f"--gas: {gas!r} is neither computed nor receipts")
    if gas == "computed" and not choice.meters_instructions:
        raise typer.BadParameter(
            "--gas computed: actors written in Python count no instructions; use --gas receipts"
        )
    from_receipts = gas == "receipts" or not choice.meters_instructions
    if trace and from_receipts:
        raise typer.BadParameter("--trace compares gas, which is taken from the receipts here")
    return Means(trace, choice, from_receipts)


def _upgrade(text: str) -> tuple[int, int]:
    version, separator, height = text.removeprefix("nv").partition("@")
    try:
        if separator:
            return int(height), int(version)
    except ValueError:
        pass
    raise typer.BadParameter(f"--upgrade: {text!r} is not NV@HEIGHT, for instance 28@-1")
