"""The examples of the README and the guides run, and print what is said there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_devnet import running_devnet

from papyrus.storage.bundles import BundleStore

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = ROOT / "docs" / "guides"
ENGINES = (GUIDES / "engines.md").read_text(encoding="utf-8")
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


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a devnet, and give the address that stands for the one in the examples."""
    with running_devnet(tmp_path_factory.mktemp("devnet")) as facts:
        yield facts["rpc"].removesuffix("/rpc/v1")


def test_devnet_example_prints_what_the_readme_says(address: str) -> None:
    code = block("python", DEVNET).replace("http://127.0.0.1:1234", address)
    assert output(code) == block("text", DEVNET)


def test_time_of_a_devnet_goes_on_and_back_as_the_guide_says(address: str) -> None:
    page = (GUIDES / "devnet.md").read_text(encoding="utf-8")
    later, earlier = map(
        int, output(block("python", page).replace("http://127.0.0.1:1234", address)).split()
    )
    assert later >= earlier + 100


def test_deposits_are_found_as_the_guide_for_exchanges_says(address: str) -> None:
    payment = block("python", DEVNET).replace("http://127.0.0.1:1234", address)
    assert output(payment) == block("text", DEVNET)
    page = (GUIDES / "exchange.md").read_text(encoding="utf-8")
    code = block("python", page).replace("CONFIRMATIONS = 900", "CONFIRMATIONS = 0")
    found = output(code.replace("http://127.0.0.1:1234", address)).splitlines()
    receiver = "f14zh7ha4hrtjida77isj2oskt73ykwbrmppo7tny"
    assert found[-1].split()[2:] == [receiver, "5", "FIL"]


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
