"""Executing one tipset of a chain and comparing all that is known of its effect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from papyrus.actors.engine import ALL_WASM, EngineChoice
from papyrus.chain.upgrades import migrations
from papyrus.conformance.chain_files import ChainFile, TipsetRecord
from papyrus.conformance.environment import Environment
from papyrus.conformance.outcomes import call_of, receipt_differences
from papyrus.conformance.report import Call, CaseResult, Status
from papyrus.conformance.states import actor_names, state_difference
from papyrus.conformance.traces import TimedTrace, TimedTracer, first_trace_difference
from papyrus.consensus.base_fee import next_base_fee
from papyrus.consensus.selection import messages_of
from papyrus.consensus.supply import circulating_supply
from papyrus.consensus.transition import Applied, TipsetOutcome, World, apply_tipset
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree

_COSTS = (
    ("BaseFeeBurn", "base_fee_burn"),
    ("OverEstimationBurn", "over_estimation_burn"),
    ("MinerPenalty", "penalty"),
    ("MinerTip", "miner_tip"),
    ("Refund", "refund"),
)


@dataclass(frozen=True, slots=True)
class TipsetCase:
    """A tipset, and what is known of its effect."""

    id: str
    chain: ChainFile
    tipset: Tipset
    child: Tipset | None
    record: TipsetRecord | None
    store: Blockstore
    """The chain, the actors' code, and what the execution writes."""
    choice: EngineChoice = ALL_WASM
    """Which engine runs which actor."""
    gas_from_receipts: bool = False
    """Whether the gas of each message is what the chain's receipts say, and not computed."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What executing a tipset gave."""

    outcome: TipsetOutcome
    traces: tuple[TimedTrace, ...]
    """One for each message applied; empty unless asked for."""


def execute(case: TipsetCase, environment: Environment, *, trace: bool) -> Executed:
    """Execute the tipset on its parent state."""
    tracer = TimedTracer() if trace else None
    traces: list[TimedTrace] = []

    def keep_trace(_applied: Applied) -> None:
        if tracer is not None:
            traces.append(tracer.take_timed())

    world = World(
        network=case.chain.network,
        source=case.chain.source,
        store=case.store,
        verifier=environment.verifier,
        engine=environment.engine_for(case.choice, case.chain.network),
        migrate=migrations(environment.bundles, case.chain.network, case.store),
        observer=tracer,
        on_applied=keep_trace,
        recorded=_recorded(case) if case.gas_from_receipts else None,
    )
    return Executed(apply_tipset(case.tipset, world), tuple(traces))


def judge(case: TipsetCase, executed: Executed) -> CaseResult:
    """Compare what was computed with what the child's headers and the traces say."""
    outcome = executed.outcome
    found = list(_effect_differences(case, outcome))
    details: tuple[str, ...] = ()
    if case.record is not None:
        found += _supply_differences(case, case.record)
        found += _trace_differences(case.record, executed)
    expected_root = _expected_root(case)
    if expected_root is not None and expected_root != outcome.state_root:
        details = state_difference(case.store, expected_root, outcome.state_root)
    calls = tuple(_calls(case, outcome))
    return CaseResult(
        case.id,
        Status.FAILED if found else Status.PASSED,
        found[0] if found else "",
        (*found[1:], *details),
        sum(call.gas_used for call in calls),
        calls,
    )


def _expected_root(case: TipsetCase) -> Cid | None:
    if case.child is not None:
        return case.child.parent_state_root
    return None if case.record is None else case.record.state_root


def _effect_differences(case: TipsetCase, outcome: TipsetOutcome) -> Iterator[str]:
    """Yield what differs from the child's headers, the messages' receipts first."""
    child = case.child
    if child is not None:
        yield from _receipt_differences(case, child.parent_message_receipts, outcome)
        for block in child.blocks:
            if block.parent_message_receipts != outcome.receipts_root:
                yield _expected(
                    "receipts root", block.parent_message_receipts, outcome.receipts_root
                )
                break
    roots = [block.parent_state_root for block in child.blocks] if child is not None else []
    if case.record is not None:
        roots.append(case.record.state_root)
    for root in roots:
        if root != outcome.state_root:
            yield _expected("state root", root, outcome.state_root)
            break
    if child is not None:
        base_fee = next_base_fee(
            case.chain.network.base_fee,
            case.tipset.height,
            case.tipset.parent_base_fee,
            [messages_of(case.store, block) for block in case.tipset.blocks],
        )
        for block in child.blocks:
            if block.parent_base_fee != base_fee:
                yield _expected("base fee of the child", block.parent_base_fee, base_fee)
                break


def _receipt_differences(case: TipsetCase, root: Cid, outcome: TipsetOutcome) -> Iterator[str]:
    """Yield what differs message by message, where the receipts differ at all."""
    if root == outcome.receipts_root:
        return
    recorded = _receipts(case, root)
    explicit = [applied for applied in outcome.applied if not applied.is_implicit]
    if len(recorded) != len(explicit):
        yield _expected("number of receipts", len(recorded), len(explicit))
    for index, (receipt, applied) in enumerate(zip(recorded, explicit, strict=False)):
        where = f"message {index} ({applied.cid})"
        yield from receipt_differences(where, receipt, applied.result)
        events_root = applied.result.receipt.events_root
        if receipt.events_root != events_root:
            yield _expected(f"{where}: events root", receipt.events_root, events_root)


def _recorded(case: TipsetCase) -> list[Receipt]:
    """Return the receipts that the chain has of the tipset's messages."""
    if case.child is None:
        raise LocalFault("the receipts of the last tipset are not in the file")
    return _receipts(case, case.child.parent_message_receipts)


def _receipts(case: TipsetCase, root: Cid) -> list[Receipt]:
    return [Receipt.from_ipld(value) for _, value in Amt(case.store, root, version=0).items()]


def _supply_differences(case: TipsetCase, record: TipsetRecord) -> Iterator[str]:
    """Yield where the supply that the maker computed before the tipset differs."""
    if case.tipset.height == 0:
        return
    tree = StateTree(case.store, case.tipset.parent_state_root)
    supply = circulating_supply(case.chain.network, case.tipset.height, tree)
    computed = {
        "FilVested": supply.vested,
        "FilMined": supply.mined,
        "FilBurnt": supply.burnt,
        "FilLocked": supply.locked,
        "FilReserveDisbursed": supply.reserve_disbursed,
        "FilCirculating": supply.circulating,
    }
    for name, amount in record.supply.items():
        if name in computed and computed[name] != amount:
            yield _expected(f"supply before it, {name}", amount, int(computed[name]))


def _trace_differences(record: TipsetRecord, executed: Executed) -> Iterator[str]:
    """Yield the first difference in each message's trace, where both sides have one."""
    if not executed.traces or not record.messages:
        return
    applied = executed.outcome.applied
    if len(record.messages) != len(applied):
        yield _expected("number of messages traced", len(record.messages), len(applied))
    rows = zip(record.messages, applied, executed.traces, strict=False)
    for index, (expected, mine, trace) in enumerate(rows):
        where = f"trace {index} ({mine.cid})"
        yield from (f"{where}: {line}" for line in _message_differences(expected, mine))
        difference = first_trace_difference(expected.get("ExecutionTrace") or {}, trace)
        if difference is not None:
            yield f"{where}: {difference}"


def _message_differences(expected: Mapping[str, Any], mine: Applied) -> Iterator[str]:
    cid = (expected.get("MsgCid") or {}).get("/")
    if cid != str(mine.cid):
        yield _expected("message", cid, mine.cid)
        return
    receipt = expected.get("MsgRct") or {}
    for name, value in (
        ("ExitCode", int(mine.result.receipt.exit_code)),
        ("GasUsed", mine.result.receipt.gas_used),
    ):
        if receipt.get(name) != value:
            yield _expected(name, receipt.get(name), value)
    costs = expected.get("GasCost") or {}
    for name, field in _COSTS:
        amount = str(int(getattr(mine.result, field)))
        if costs.get(name) != amount:
            yield _expected(name, costs.get(name), amount)


def _calls(case: TipsetCase, outcome: TipsetOutcome) -> Iterator[Call]:
    if not outcome.receipts:
        return
    names = actor_names(case.store, outcome.state_root)
    tree = StateTree(case.store, outcome.state_root)
    for applied in outcome.applied:
        if not applied.is_implicit:
            yield call_of(tree, names, applied.message, applied.result)


def _expected(what: str, expected: object, got: object) -> str:
    return f"{what}: expected {expected}, got {got}"
