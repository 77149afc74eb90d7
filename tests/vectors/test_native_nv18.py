"""The vectors of network version 18 on today's actors in Python, where they behave as those did.

The states were made by actors v10 and the Python ones are of v18. What has changed in between runs
as the released code of v10; all else must come to the same state, bit for bit.
"""

import os
from pathlib import Path

import pytest

from papyrus.actors.engine import EngineChoice
from papyrus.conformance.report import Status
from papyrus.conformance.vectors import VectorTask, plan_vectors, run_task

pytestmark = pytest.mark.bundle("v10/mainnet")

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PAPYRUS_SHARED", ROOT.parent / "shared")) / "vectors" / "nv18"

CHANGED_SINCE = {
    "miner": "its state has other fields since v12, v13, v15 and v16, and many methods are gone",
    "power": "its state has the ramp of the pledge since v15 (FIP-0081)",
    "market": "its state lists the deals of each sector since v13 (FIP-0076)",
    "verifreg.9": "ClaimAllocations is given allocations by sector since v13 (FIP-0076)",
}
"""What differs between v10 and v18, and why."""

CHOICE = EngineChoice.parse("hybrid:" + ",".join(f"{name}=wasm" for name in CHANGED_SINCE))
TASKS = plan_vectors([FOLDER], choice=CHOICE) if FOLDER.is_dir() else []


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_vector_is_exact_natively(task: VectorTask):
    for result in run_task(task):
        if "DisputeWindowedPoSt/Ok" in task.name:
            assert result.status is Status.SKIPPED
        else:
            assert (result.status, result.reason, result.details) == (Status.PASSED, "", ())


@pytest.mark.parametrize("name", CHANGED_SINCE)
def test_what_is_said_to_have_changed_has(name: str):
    if not TASKS:
        pytest.skip(f"no vectors at {FOLDER}: set PAPYRUS_SHARED to the folder above")
    rest = ",".join(f"{other}=wasm" for other in CHANGED_SINCE if other != name)
    choice = EngineChoice.parse(f"hybrid:{rest}")
    tasks = plan_vectors([FOLDER], choice=choice)
    assert any(result.status is Status.FAILED for task in tasks for result in run_task(task))
