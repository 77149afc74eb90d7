"""Replaying a chain: every tipset of a file is executed again and compared with what followed.

A tipset's effect stands in its children: the state root, the receipts root and the base fee of
their headers. Every state is in the file, so each tipset is executed on the state that its maker
had before it, and one difference does not spoil what comes after. The head has no child, so it is
a case only where the maker's traces lie beside the file and tell of it. With traces, the
circulating supply is compared too, and a difference is followed to the first charge of gas that
differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from papyrus.actors.engine import ALL_WASM, EngineChoice
from papyrus.chain.upgrades import next_actors
from papyrus.conformance.chain_files import (
    ChainFile,
    ChainRules,
    TipsetRecord,
    read_records,
)
from papyrus.conformance.environment import Environment, shared_environment
from papyrus.conformance.outcomes import guarded
from papyrus.conformance.report import CaseResult, RunSummary, Status
from papyrus.conformance.tipsets import TipsetCase, execute, judge
from papyrus.conformance.workers import run_in_order
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault, UnsupportedNetworkVersion

_LONGEST_RANGE = 200
"""Tipsets that one task executes at most, so that progress shows and traces fit in memory."""
_RANGES_PER_JOB = 4
"""Tasks a worker gets, so that none waits long for the last."""


@dataclass(frozen=True, slots=True)
class Means:
    """How tipsets are executed and compared."""

    trace: bool = False
    """Whether every charge of gas is compared too, where there are traces."""
    choice: EngineChoice = ALL_WASM
    """Which engine runs which actor."""
    gas_from_receipts: bool = False
    """Whether gas is what the chain's receipts say; needed where an engine cannot count all."""


WITHOUT_TRACE = Means()


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """A range of a chain's tipsets to execute."""

    path: Path
    rules: ChainRules
    start: int
    """Place in the chain of the first tipset."""
    stop: int
    """Place after that of the last."""
    means: Means

    @property
    def length(self) -> int:
        """The number of tipsets."""
        return self.stop - self.start


def plan_replay(
    path: Path,
    rules: ChainRules,
    *,
    first: ChainEpoch | None = None,
    last: ChainEpoch | None = None,
    jobs: int = 1,
    means: Means = WITHOUT_TRACE,
) -> list[ReplayTask]:
    """Return the tasks that replay the tipsets between two heights, both counted.

    LocalFault or DecodeError where the file is no chain, LocalFault where no tipset is meant.
    """
    _open.cache_clear()  # the file may have changed since an earlier run
    heights = [tipset.height for tipset in _open(path, rules).tipsets]
    chosen = [
        place
        for place, height in enumerate(heights)
        if (first is None or height >= first) and (last is None or height <= last)
    ]
    if not chosen:
        raise LocalFault(
            f"{path} holds no tipset between those heights: its own are {heights[0]} to "
            f"{heights[-1]}"
        )
    start, stop = chosen[0], chosen[-1] + 1
    length = min(_LONGEST_RANGE, -(-(stop - start) // (jobs * _RANGES_PER_JOB)))
    return [
        ReplayTask(path, rules, at, min(at + length, stop), means)
        for at in range(start, stop, length)
    ]


def replay_results(tasks: list[ReplayTask], jobs: int = 1) -> Iterator[tuple[CaseResult, ...]]:
    """Yield the results of each task, in order."""
    return run_in_order(run_task, tasks, jobs)


def replay_chain(
    path: Path,
    rules: ChainRules | None = None,
    *,
    first: ChainEpoch | None = None,
    last: ChainEpoch | None = None,
    jobs: int = 1,
    means: Means = WITHOUT_TRACE,
) -> RunSummary:
    """Return the result of replaying a chain, one case a tipset."""
    tasks = plan_replay(path, rules or ChainRules(), first=first, last=last, jobs=jobs, means=means)
    cases = tuple(case for results in replay_results(tasks, jobs) for case in results)
    return summary_of(cases, means)


def summary_of(cases: tuple[CaseResult, ...], means: Means) -> RunSummary:
    """Return the result of a run by certain means."""
    return RunSummary(
        shared_environment().verifier.name, cases, str(means.choice), means.gas_from_receipts
    )


def run_task(task: ReplayTask) -> tuple[CaseResult, ...]:
    """Execute the tipsets of a task and return their results, lowest first."""
    chain = _open(task.path, task.rules)
    heights = {tipset.height for tipset in chain.tipsets[task.start : task.stop]}
    records: dict[ChainEpoch, TipsetRecord] = {}
    if chain.traces is not None:
        records = read_records(chain.traces, heights, with_messages=task.means.trace)
    environment = shared_environment()
    results = []
    for place in range(task.start, task.stop):
        record = records.get(chain.tipsets[place].height)
        if place + 1 < len(chain.tipsets) or record is not None:
            results.append(_result(chain, place, record, environment, task.means))
    return tuple(results)


@lru_cache(maxsize=1)
def _open(path: Path, rules: ChainRules) -> ChainFile:
    return ChainFile.open(path, rules)


def _result(
    chain: ChainFile,
    place: int,
    record: TipsetRecord | None,
    environment: Environment,
    means: Means,
) -> CaseResult:
    tipset = chain.tipsets[place]
    case_id = str(tipset.height)
    child = chain.tipsets[place + 1] if place + 1 < len(chain.tipsets) else None
    reason = _why_skipped(chain, place)
    if reason is None and child is None and means.gas_from_receipts:
        reason = "it is the last tipset in the file: its receipts, with their gas, are not there"
    if reason is not None:
        return CaseResult(case_id, Status.SKIPPED, reason)
    _require_actors(chain, place, environment, means.choice)
    store = LayeredBlockstore(MemoryBlockstore(), chain.car, environment.code)
    case = TipsetCase(
        case_id, chain, tipset, child, record, store, means.choice, means.gas_from_receipts
    )

    def run() -> CaseResult:
        result = judge(case, execute(case, environment, trace=means.trace))
        if result.status is not Status.FAILED or means.trace or means.gas_from_receipts:
            return result
        if chain.traces is not None:
            # The traces are large, so they are read only where there is something to explain.
            full = read_records(chain.traces, (tipset.height,), with_messages=True)
            traced = replace(case, record=full.get(tipset.height))
            return judge(traced, execute(traced, environment, trace=True))
        return result

    return guarded(case_id, run)


def _require_actors(
    chain: ChainFile, place: int, environment: Environment, choice: EngineChoice
) -> None:
    """Raise MissingActors unless the actors that execute a tipset's first epoch are here."""
    tipset = chain.tipsets[place]
    parent_height = chain.tipsets[max(place - 1, 0)].height
    schedule = chain.network.schedule
    upgrade = schedule.migration_at(parent_height) if parent_height < tipset.height else None
    if upgrade is not None:
        next_actors(environment.bundles, chain.network, upgrade)
        return
    rules = schedule.rules_at(min(parent_height + 1, tipset.height))
    environment.require_actors(chain.car, tipset.parent_state_root, rules.actors_version, choice)


def _why_skipped(chain: ChainFile, place: int) -> str | None:
    """Return the reason not to execute a tipset, or None where it is to be executed."""
    tipset = chain.tipsets[place]
    parent_height = tipset.height if place == 0 else chain.tipsets[place - 1].height
    try:
        for height in range(min(parent_height + 1, tipset.height), tipset.height + 1):
            chain.network.rules_at(height)  # null rounds are executed too
    except UnsupportedNetworkVersion as error:
        return str(error)
    if tipset.height == 0:
        return None
    if not chain.car.has(tipset.parent_state_root):
        return f"the file does not hold the state before it, {tipset.parent_state_root}"
    if place == 0:
        return "it is the first tipset in the file: its parent's height is not known"
    return None
