"""The official vectors of network version 18, one test each (vectors.md 2)."""

import base64
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from papyrus.conformance.environment import shared_environment
from papyrus.conformance.report import Status
from papyrus.conformance.vectors import VectorTask, plan_vectors, run_task, run_vectors
from papyrus.types.message import Message

pytestmark = pytest.mark.bundle("v10/mainnet")

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PAPYRUS_SHARED", ROOT.parent / "shared")) / "vectors" / "nv18"
TASKS = plan_vectors([FOLDER]) if FOLDER.is_dir() else []

SMALL = "fil_10_storagemarket/AddBalance"


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_vector_is_exact(task: VectorTask):
    for result in run_task(task):
        if "DisputeWindowedPoSt/Ok" in task.name:
            assert result.status is Status.SKIPPED
        else:
            assert (result.status, result.reason, result.details) == (Status.PASSED, "", ())
            assert result.calls


@pytest.fixture
def spoiled(shared, tmp_path):
    """Return a function that changes one vector and runs it."""
    source = next(task.path for task in plan_vectors([shared / "vectors"]) if SMALL in task.name)

    def run(change, *, trace: bool = False):
        content = json.loads(source.read_text())
        change(content)
        path = tmp_path / "spoiled.json"
        path.write_text(json.dumps(content))
        (result,) = run_task(VectorTask(path, "spoiled", trace))
        assert result.status is Status.FAILED
        return result

    return run


def test_another_gas_is_found(spoiled):
    def change(content):
        content["postconditions"]["receipts"][0]["gas_used"] += 1

    result = spoiled(change)
    assert result.reason.startswith("message 0: gas used: expected ")
    assert result.reason.endswith(" (-1)")
    assert result.details == ()


def test_another_gas_is_broken_down_where_asked(spoiled):
    def change(content):
        content["postconditions"]["receipts"][0]["gas_used"] += 1

    result = spoiled(change, trace=True)
    assert result.details[0] == (
        "message 0: the vector carries no gas charges to compare with; ours, summed:"
    )
    sums = dict(line.strip().split(": ") for line in result.details[1:])
    assert int(sums["OnChainMessage"]) > 0
    assert "wasm_exec" in sums


def test_another_exit_code_and_return_are_found(spoiled):
    def change(content):
        content["postconditions"]["receipts"][0].update(exit_code=16, **{"return": "gA=="})

    result = spoiled(change)
    assert result.reason == "message 0: exit code: expected USR_ILLEGAL_ARGUMENT(16), got OK(0)"
    assert result.details == ("message 0: return: expected 0x80, got no bytes",)


def test_another_base_fee_is_found_in_the_state(spoiled):
    def change(content):
        content["preconditions"]["basefee"] += 1

    result = spoiled(change)
    assert result.reason.startswith("state root: expected ")
    assert any(line.startswith("actor f0") and ": balance: " in line for line in result.details)


def test_another_state_root_is_found(spoiled):
    def change(content):
        root = content["preconditions"]["state_tree"]["root_cid"]
        content["postconditions"]["state_tree"]["root_cid"] = root

    result = spoiled(change)
    assert result.reason.startswith("state root: expected ")
    assert any(" actors differ; the others: " in line for line in result.details)


def test_another_message_is_found(spoiled):
    def change(content):
        entry = content["apply_messages"][0]
        message = Message.from_cbor(base64.b64decode(entry["bytes"]))
        changed = replace(message, nonce=message.nonce + 1)
        entry["bytes"] = base64.b64encode(changed.to_cbor()).decode()

    result = spoiled(change)
    assert result.reason.startswith(
        "message 0: exit code: expected OK(0), got SYS_SENDER_STATE_INVALID(2) (Actor sequence"
    )
    assert [line.split(": ")[0:2] for line in result.details[:1]] == [["message 0", "gas used"]]


def test_a_message_that_the_state_was_not_kept_for_is_told(spoiled, shared):
    def change(content):
        other = next(
            task.path for task in plan_vectors([shared / "vectors"]) if "ChangePeer" in task.name
        )
        content["apply_messages"] = json.loads(other.read_text())["apply_messages"]

    result = spoiled(change)
    assert re.fullmatch(
        "it cannot be executed: block bafy[a-z0-9]+ is missing from the store", result.reason
    )


def test_runs_are_the_same_twice_and_with_two_jobs(shared):
    folder = shared / "vectors" / "nv18" / "fil_10_multisig"
    first = run_vectors([folder])
    assert first.total == first.passed > 0
    assert first == run_vectors([folder]) == run_vectors([folder], jobs=2)
    assert "no proof is checked" in first.verifier == shared_environment().verifier.name
