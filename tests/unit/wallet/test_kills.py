import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "support" / "wallet_kills.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
def test_process_killed_at_any_step_loses_nothing(tmp_path: Path) -> None:
    """In a process of its own, which has no threads and may therefore fork."""
    done = subprocess.run(
        [sys.executable, PROGRAM, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    kills = json.loads(done.stdout)
    assert set(kills) == {
        "Adding", "Choosing", "Removing", "ChangingPassword", "SettingPassword", "Making",
    }  # fmt: skip
    # To write one file takes more steps than these.
    assert min(kills.values()) > 5
    assert kills["SettingPassword"] > 40
