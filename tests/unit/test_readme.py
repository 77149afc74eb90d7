"""The README's example runs, and prints what the README says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from papyrus.storage.bundles import BundleStore

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
IMPORT = re.compile(r"(?:from \S+ )?import ")


def block(language: str) -> str:
    """Return the first block of the README in a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return found[1] if found else ""


def test_example_prints_what_the_readme_says(shared: Path) -> None:
    if not BundleStore().has(18, "testing-fake-proofs"):
        pytest.skip("no actors v18 here: papyrus bundle import v18.tar.zst")
    code = block("python").replace("../shared", shared.as_posix())
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == block("text")


def test_example_has_about_ten_lines() -> None:
    lines = [line for line in block("python").splitlines() if line and not IMPORT.match(line)]
    assert 0 < len(lines) <= 12
