"""Running the official message vectors (filecoin-project/fvm-test-vectors).

The procedure is that of the reference's own runner (ref-fvm `testing/conformance`): one machine
for all messages of a vector, at the epoch and network version of its variant; randomness replayed
from the vector; every proof taken for valid and no consensus fault found. Exit code, return and
gas of each message must agree, and the state root after the last.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from papyrus.actors.engine import ALL_WASM, EngineChoice
from papyrus.conformance.environment import Environment, shared_environment
from papyrus.conformance.outcomes import call_of, guarded, receipt_differences
from papyrus.conformance.report import Call, CaseResult, RunSummary, Status
from papyrus.conformance.states import state_difference
from papyrus.conformance.tipset_vectors import run_tipset_vector
from papyrus.conformance.traces import TimedTrace, TimedTracer, first_trace_difference
from papyrus.conformance.vector_externs import VectorExterns
from papyrus.conformance.vector_files import (
    Variant,
    Vector,
    VectorHeader,
    parse_body,
    read_header,
)
from papyrus.conformance.workers import run_in_order
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Protocol
from papyrus.primitives.epochs import EPOCH_SECONDS
from papyrus.primitives.errors import DecodeError, UnsupportedNetworkVersion
from papyrus.rules.networks import MAINNET
from papyrus.rules.versions import Rules, rules_for
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt
from papyrus.vm.executor import ApplyResult, execute_explicit
from papyrus.vm.machine import Machine, NetworkContext

SECP_SIGNATURE_LENGTH = 1 + 65 + 3
"""Bytes that a secp256k1 signature adds to a message on chain.

One for the type, sixty-five for the signature, three for the CBOR around them; vectors hold
messages without signatures, and BLS ones are aggregated and not counted.
"""

_INVALID_PROOF_NEEDED = "DisputeWindowedPoSt"


@dataclass(frozen=True, slots=True)
class Execution:
    """What running a vector's messages gave."""

    messages: tuple[Message, ...]
    results: tuple[ApplyResult, ...]
    traces: tuple[TimedTrace, ...]
    """Empty unless asked for."""
    state_root: Cid
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class VectorTask:
    """A vector file to run."""

    path: Path
    name: str
    trace: bool
    choice: EngineChoice = ALL_WASM


def plan_vectors(
    paths: Iterable[Path],
    pattern: re.Pattern[str] | None = None,
    *,
    trace: bool = False,
    choice: EngineChoice = ALL_WASM,
) -> list[VectorTask]:
    """Return the vectors at or below some paths whose name holds a pattern.

    In the order of the paths, and within a folder by name; each file once.
    """
    found: dict[Path, VectorTask] = {}
    for path in paths:
        for file, name in _vector_files(path):
            if pattern is None or pattern.search(name):
                found.setdefault(file.resolve(), VectorTask(file, name, trace, choice))
    return list(found.values())


def vector_results(tasks: list[VectorTask], jobs: int = 1) -> Iterator[tuple[CaseResult, ...]]:
    """Yield the results of each vector file, in order."""
    return run_in_order(run_task, tasks, jobs)


def run_vectors(
    paths: Iterable[Path],
    pattern: re.Pattern[str] | None = None,
    *,
    jobs: int = 1,
    trace: bool = False,
    choice: EngineChoice = ALL_WASM,
) -> RunSummary:
    """Return the result of running all vectors at or below some paths, one case a variant."""
    tasks = plan_vectors(paths, pattern, trace=trace, choice=choice)
    cases = tuple(case for results in vector_results(tasks, jobs) for case in results)
    return vector_summary(cases, choice)


def vector_summary(cases: tuple[CaseResult, ...], choice: EngineChoice) -> RunSummary:
    """Return the result of a run on the engine chosen."""
    verifier = shared_environment().verifier.name
    return RunSummary(verifier, cases, str(choice), not choice.meters_instructions)


def run_task(task: VectorTask) -> tuple[CaseResult, ...]:
    """Run one vector file by the means of this process."""
    return run_file(
        task.path, task.name, shared_environment(), trace=task.trace, choice=task.choice
    )


def _vector_files(path: Path) -> list[tuple[Path, str]]:
    if not path.is_dir():
        return [(path, path.name.removesuffix(".json"))]
    # Upstream's runners leave out files whose name begins with an underscore.
    found = sorted(file for file in path.rglob("*.json") if not file.name.startswith("_"))
    return [(file, file.relative_to(path).as_posix().removesuffix(".json")) for file in found]


def run_file(
    path: Path,
    name: str,
    environment: Environment,
    *,
    trace: bool = False,
    choice: EngineChoice = ALL_WASM,
) -> tuple[CaseResult, ...]:
    """Return a result for each variant of a vector file.

    A file that is no vector is one failed case. With `trace`, a difference in gas is followed to
    the first charge that differs. Raises LocalFault where this machine lacks the file or the
    actors' code.
    """
    try:
        header = read_header(path)
    except DecodeError as error:
        return (CaseResult(name, Status.FAILED, f"not a vector: {error}"),)
    several = len(header.variants) > 1
    return tuple(
        run_variant(
            header,
            variant,
            environment,
            case_id=f"{name} | {variant.id}" if several else name,
            trace=trace,
            choice=choice,
        )
        for variant in header.variants
    )


def run_variant(
    header: VectorHeader,
    variant: Variant,
    environment: Environment,
    *,
    case_id: str,
    trace: bool = False,
    choice: EngineChoice = ALL_WASM,
) -> CaseResult:
    """Return the result of a vector under one of its variants."""
    reason = why_skipped(header, variant, case_id)
    if reason is not None:
        return CaseResult(case_id, Status.SKIPPED, reason)
    rules = rules_for(variant.network_version)
    try:
        vector = parse_body(header)
        store = vector_store(vector)
    except DecodeError as error:
        return CaseResult(case_id, Status.FAILED, f"not a vector: {error}")
    environment.require_actors(store, vector.pre_root, rules.actors_version, choice)
    if header.vector_class == "tipset":
        if not choice.meters_instructions:
            return CaseResult(case_id, Status.SKIPPED, "tipset vectors run on the Wasm engine only")
        return guarded(
            case_id,
            lambda: run_tipset_vector(vector, variant, rules, store, environment, case_id),
        )
    return guarded(
        case_id,
        lambda: _judge(
            vector,
            execute_messages(
                vector, variant, rules, store, environment, trace=trace, choice=choice
            ),
            store,
            case_id,
        ),
    )


def why_skipped(header: VectorHeader, variant: Variant, name: str) -> str | None:
    """Return the reason not to run a variant, or None where it is to be run."""
    if "incorrect" in header.hints:
        return "upstream marks it as incorrect"
    if header.selector.get("chaos_actor") == "true":
        return "it calls the chaos actor, which no bundle holds"
    if header.selector.get("requires:consensus_fault_extern") == "true":
        return "it needs block headers to prove a consensus fault, and a vector holds none"
    try:
        rules_for(variant.network_version)
    except UnsupportedNetworkVersion as error:
        return str(error)
    if f"/{_INVALID_PROOF_NEEDED}/Ok/" in f"/{name}" or f"{_INVALID_PROOF_NEEDED}-Ok" in header.id:
        return "upstream skips it: it needs an invalid proof, and all proofs are taken for valid"
    return None


def vector_store(vector: Vector) -> MemoryBlockstore:
    """Return the blocks of a vector's state; DecodeError where its CAR is damaged."""
    reader = CarReader(BytesIO(vector.car), verify=True)
    store = MemoryBlockstore(dict(reader))
    if not store.has(vector.pre_root):
        raise DecodeError(f"the CAR does not hold the state {vector.pre_root} to begin with")
    return store


def execute_messages(
    vector: Vector,
    variant: Variant,
    rules: Rules,
    store: MemoryBlockstore,
    environment: Environment,
    *,
    trace: bool = False,
    choice: EngineChoice = ALL_WASM,
) -> Execution:
    """Apply a vector's messages to its state; what they write goes to the store.

    With actors written in Python the gas is what the vector's receipts say. They are today's, and
    run on the vector's state all the same: where one differs, the actors have changed since.
    """
    messages = tuple(_message(index, data) for index, data in enumerate(vector.messages))
    tracer = TimedTracer() if trace else None
    context = NetworkContext(
        epoch=variant.epoch,
        timestamp=variant.epoch * EPOCH_SECONDS,
        base_fee=vector.base_fee,
        circulating_supply=vector.circulating_supply,
        rules=rules,
        chain_id=MAINNET.ethereum_chain_id,
    )
    machine = Machine(
        environment.over(store),
        vector.pre_root,
        context,
        VectorExterns(vector.randomness),
        environment.verifier,
        environment.engine_for(choice, MAINNET, rules.actors_version),
        tracer,
    )
    results: list[ApplyResult] = []
    traces: list[TimedTrace] = []
    recorded = [None] * len(messages) if choice.meters_instructions else _recorded(vector)
    for message, data, receipt in zip(messages, vector.messages, recorded, strict=True):
        length = raw_length(message, data)
        results.append(execute_explicit(machine, message, length, receipt))
        if tracer is not None:
            traces.append(tracer.take_timed())
    calls = tuple(
        call_of(machine.tree, machine.manifest.names, message, result)
        for message, result in zip(messages, results, strict=True)
    )
    return Execution(messages, tuple(results), tuple(traces), machine.flush(), calls)


def raw_length(message: Message, data: bytes) -> int:
    """Return the bytes a message takes on chain, given its own encoding."""
    signed = message.sender.protocol is Protocol.SECP256K1
    return len(data) + (SECP_SIGNATURE_LENGTH if signed else 0)


def _recorded(vector: Vector) -> list[Receipt | None]:
    """Return what the network counted of each message."""
    return [
        Receipt(int(receipt.exit_code), receipt.return_data, receipt.gas_used)
        for receipt in vector.receipts
    ]


def _message(index: int, data: bytes) -> Message:
    try:
        return Message.from_cbor(data)
    except DecodeError as error:
        raise DecodeError(f"message {index} cannot be decoded: {error}") from error


def _judge(
    vector: Vector, execution: Execution, store: MemoryBlockstore, case_id: str
) -> CaseResult:
    """Compare what was computed with what the vector says."""
    found: list[str] = []
    if len(vector.receipts) != len(vector.messages):
        found.append(
            f"the vector has {len(vector.receipts)} receipts for {len(vector.messages)} messages"
        )
    details: list[str] = []
    for index, (expected, got) in enumerate(zip(vector.receipts, execution.results, strict=False)):
        differences = receipt_differences(f"message {index}", expected, got)
        if differences:
            found += differences
            details += _gas_details(vector, execution.traces, index)
    if execution.state_root != vector.post_root:
        found.append(f"state root: expected {vector.post_root}, got {execution.state_root}")
        details += state_difference(store, vector.post_root, execution.state_root)
    return CaseResult(
        case_id,
        Status.FAILED if found else Status.PASSED,
        found[0] if found else "",
        (*found[1:], *details),
        sum(result.receipt.gas_used for result in execution.results),
        execution.calls,
    )


def _gas_details(vector: Vector, traces: Sequence[TimedTrace], index: int) -> list[str]:
    """Return lines on where the gas of a message went another way, where it was traced."""
    if index >= len(traces):
        return []
    got = traces[index]
    if index < len(vector.traces):
        difference = first_trace_difference(vector.traces[index], got)
        return [difference or f"message {index}: its trace is the same as the vector's"]
    lines = [f"message {index}: the vector carries no gas charges to compare with; ours, summed:"]
    sums: Counter[str] = Counter()
    pending = [] if got.root is None else [got.root]
    while pending:
        call = pending.pop()
        pending += call.subcalls
        for name, total, _, _ in call.gas_charges:
            sums[name] += total
    by_amount = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
    return lines + [f"  {name}: {total}" for name, total in by_amount if total]
