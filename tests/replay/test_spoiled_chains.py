"""Chains and traces with one thing changed: it is found, and told in words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from papyrus.conformance.chain_files import ChainFile, ChainRules
from papyrus.conformance.replay import Means, replay_chain
from papyrus.conformance.report import CaseResult, Status
from papyrus.ipld.amt import Amt, amt_root
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.storage.car_files import save_car
from papyrus.types.block import BlockHeader

TRACED = Means(trace=True)

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

HEIGHT = 33
"""A tipset of the multisig chain with a message."""


@pytest.fixture(scope="module")
def lotus(shared) -> ChainFile:
    return ChainFile.open(shared / "chains" / "multisig" / "chain.car.zst", ChainRules())


@pytest.fixture
def cut(lotus: ChainFile, shared, tmp_path):
    """Return a function that ends the chain above `HEIGHT` with changed blocks and replays it."""

    def cut_and_run(change_child, change_tipset=lambda block, _: block, traces=None) -> CaseResult:
        store = MemoryBlockstore(dict(lotus.car.blocks()))
        place = next(i for i, tipset in enumerate(lotus.tipsets) if tipset.height == HEIGHT)
        (block,), (child,) = (lotus.tipsets[at].blocks for at in (place, place + 1))
        block = change_tipset(block, store)
        child = change_child(replace(child, parents=(block.cid,)), store)
        for header in (block, child):
            store.put(header.cid, header.to_cbor())
        path = tmp_path / "chain.car"
        save_car(path, [child.cid], store.blocks.items())
        meta = (shared / "chains" / "multisig" / "meta.json").read_text()
        path.with_name("meta.json").write_text(meta)
        if traces is not None:
            path.with_name("traces.jsonl").write_bytes(traces)
        run = replay_chain(path, first=HEIGHT, last=HEIGHT)
        assert (run.total, run.failed, run.exit_code) == (1, 1, 1)
        return run.cases[0]

    return cut_and_run


def lotus_traces(shared) -> bytes:
    path = shared / "chains" / "multisig" / "traces.jsonl.zst"
    with zstandard.ZstdDecompressor().stream_reader(path.open("rb"), closefd=True) as stream:
        return stream.read()


def change_receipts(change):
    """Return a change of the child's receipts, given one of the list of their fields."""

    def change_child(child: BlockHeader, store: MemoryBlockstore) -> BlockHeader:
        old = Amt(store, child.parent_message_receipts, version=0)
        receipts = change([value for _, value in old.items()])
        return replace(child, parent_message_receipts=amt_root(store, receipts))

    return change_child


def test_another_state_root_is_explained_by_the_first_actor(cut, lotus):
    other = lotus.tipsets[5].parent_state_root
    case = cut(lambda child, _: replace(child, parent_state_root=other))
    assert case.status is Status.FAILED
    assert case.reason.startswith(f"state root: expected {other}, got ")
    assert case.details[0].startswith("actor f0")
    assert any("state/" in line for line in case.details)


def test_another_base_fee_is_found(cut):
    case = cut(lambda child, _: replace(child, parent_base_fee=TokenAmount(12345)))
    assert case.reason.startswith("base fee of the child: expected 12345, got ")


def test_another_gas_is_found_and_the_charges_compared(cut, shared):
    def change(receipts):
        code, data, gas, events = receipts[0]
        return [[code, data, gas + 1, events], *receipts[1:]]

    case = cut(change_receipts(change), traces=lotus_traces(shared))
    assert case.reason.startswith("message 0 (bafy")
    assert "): gas used: expected " in case.reason
    assert case.details[0].startswith("receipts root: expected ")


def test_a_receipt_more_is_found(cut):
    case = cut(change_receipts(lambda receipts: [*receipts, receipts[0]]))
    assert case.reason == "number of receipts: expected 2, got 1"


def test_other_messages_are_found(cut, lotus):
    other = next(
        tipset.blocks[0].messages for tipset in reversed(lotus.tipsets) if tipset.height < HEIGHT
    )
    case = cut(
        lambda child, _: child,
        lambda block, _: replace(block, messages=other),
    )
    assert case.status is Status.FAILED
    assert case.reason.startswith(("number of receipts: ", "message 0 (bafy"))


def test_missing_messages_are_told(cut, lotus):
    case = cut(
        lambda child, _: child,
        lambda block, _: replace(block, messages=lotus.tipsets[3].key.cid),
    )
    assert case.reason.startswith("it cannot be executed: block bafy")


@pytest.fixture
def traced(shared, tmp_path):
    """Return a function that changes Lotus' trace of one tipset and replays that."""

    def change_and_run(change) -> CaseResult:
        lines = []
        for line in lotus_traces(shared).splitlines():
            entry = json.loads(line)
            if entry["epoch"] == HEIGHT:
                change(entry)
            lines.append(json.dumps(entry))
        (tmp_path / "traces.jsonl").write_text("\n".join(lines))
        for name in ("chain.car.zst", "meta.json"):
            (tmp_path / name).symlink_to(shared / "chains" / "multisig" / name)
        run = replay_chain(tmp_path / "chain.car.zst", first=HEIGHT, last=HEIGHT, means=TRACED)
        assert (run.total, run.exit_code) == (1, 1)
        return run.cases[0]

    return change_and_run


def test_another_charge_is_named(traced):
    def change(entry):
        charge = entry["out"]["Trace"][0]["ExecutionTrace"]["GasCharges"][2]
        charge["tg"] += 1
        charge["cg"] += 1

    case = traced(change)
    assert case.reason.startswith("trace 0 (bafy")
    assert "gas charge 2 in the message: expected wasm_memory_init, total 445646" in case.reason
    assert case.reason.endswith("got wasm_memory_init, total 445645, compute 445645, storage 0")


def test_another_supply_is_found(traced):
    case = traced(lambda entry: entry["circ"].update(FilVested="1"))
    assert case.reason.startswith("supply before it, FilVested: expected 1, got ")


def test_other_costs_are_found(traced):
    case = traced(lambda entry: entry["out"]["Trace"][0]["GasCost"].update(MinerTip="1"))
    assert "): MinerTip: expected 1, got " in case.reason


def test_another_root_after_it_is_found(traced, lotus):
    root = lotus.tipsets[5].parent_state_root
    case = traced(lambda entry: entry["out"]["Root"].update({"/": str(root)}))
    assert case.reason.startswith(f"state root: expected {root}, got ")


def test_a_message_less_is_found(traced):
    case = traced(lambda entry: entry["out"]["Trace"].pop())
    assert case.reason.startswith("number of messages traced: expected 2, got 3")


def test_the_head_is_executed_where_a_trace_tells_of_it(lotus, shared, tmp_path):
    head = lotus.tipsets[-2]
    save_car(tmp_path / "chain.car", head.key.cids, lotus.car.blocks())
    for name in ("traces.jsonl.zst", "meta.json"):
        (tmp_path / name).symlink_to(shared / "chains" / "multisig" / name)
    run = replay_chain(tmp_path / "chain.car", first=head.height, means=TRACED)
    assert [(case.id, case.status) for case in run.cases] == [(str(head.height), Status.PASSED)]
    (tmp_path / "traces.jsonl.zst").unlink()
    assert replay_chain(tmp_path / "chain.car", first=head.height).total == 0


def test_a_chain_without_states_is_skipped_with_the_reason(lotus, shared, tmp_path):
    place = len(lotus.tipsets) - 2
    root = lotus.tipsets[place].parent_state_root
    blocks = [(cid, data) for cid, data in lotus.car.blocks() if cid != root]
    path: Path = tmp_path / "chain.car"
    save_car(path, lotus.car.roots, blocks)
    (tmp_path / "meta.json").symlink_to(shared / "chains" / "multisig" / "meta.json")
    run = replay_chain(path, first=lotus.tipsets[place].height, last=lotus.tipsets[place].height)
    assert run.cases == (
        CaseResult(
            str(lotus.tipsets[place].height),
            Status.SKIPPED,
            f"the file does not hold the state before it, {root}",
        ),
    )


def test_rules_that_are_not_held_are_skipped_with_the_reason(lotus):
    rules = ChainRules("lotus-itest", ((-1, 17),))
    run = replay_chain(lotus.path, rules, first=5, last=5)
    assert run.cases[0].status is Status.SKIPPED
    assert "network version 17 is not supported" in run.cases[0].reason


def test_wrong_rules_differ(lotus):
    run = replay_chain(lotus.path, ChainRules("mainnet", ((-1, 28),)), first=HEIGHT, last=HEIGHT)
    assert run.failed == 1
