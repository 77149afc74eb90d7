"""The examples of the README and the guides run, and print what is said there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from running_devnet import running_devnet

from papyrus.storage.bundles import BundleStore

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENGINES = (ROOT / "docs" / "guides" / "engines.md").read_text(encoding="utf-8")
IMPORT = re.compile(r"(?:from \S+ )?import ")

DEVNET = README[: README.index("## What there is")]
CORE = README[README.index("## The core by itself") :]


def block(language: str, page: str) -> str:
    """Return the first block of a page in a language."""
    found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return found[1] if found else ""


def output(code: str) -> str:
    """Return what a program prints, which must end well."""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def test_devnet_example_prints_what_the_readme_says(tmp_path: Path) -> None:
    with running_devnet(tmp_path / "devnet") as facts:
        url = facts["rpc"].removesuffix("/rpc/v1")
        code = block("python", DEVNET).replace("http://127.0.0.1:1234", url)
        assert output(code) == block("text", DEVNET)


def test_core_example_prints_what_the_readme_says(shared: Path) -> None:
    if not BundleStore().has(18, "testing-fake-proofs"):
        pytest.skip("no actors v18 here: papyrus bundle import v18.tar.zst")
    code = block("python", CORE).replace("../shared", shared.as_posix())
    assert output(code) == block("text", CORE)


def test_a_changed_rule_shows_as_the_guide_says(shared: Path) -> None:
    code = block("python", ENGINES).replace("../shared", shared.as_posix())
    assert output(code) == block("text", ENGINES)


@pytest.mark.parametrize("page", [DEVNET, CORE], ids=["devnet", "core"])
def test_examples_have_about_ten_lines(page: str) -> None:
    lines = [line for line in block("python", page).splitlines() if line and not IMPORT.match(line)]
    assert 0 < len(lines) <= 12
