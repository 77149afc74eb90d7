"""A devnet as a process, and the clients that others wrote, each driven by a script of ours.

What a script finds is one JSON document: for each step its value, or the error that the client
gave. The tests compare it with what the node says itself, so that neither is believed alone.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from running_devnet import PATIENCE, running_devnet

from papyrus.rpc.client import Client

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent
PYTHON = ROOT / ".venv-clients" / ("Scripts" if os.name == "nt" else "bin") / "python"


class Findings:
    """What a client found, step by step."""

    def __init__(self, steps):
        self._steps = steps

    def __getitem__(self, name):
        """Return what a step found; it must not have failed."""
        step = self._steps[name]
        assert "error" not in step, f"{name}: {step['error']}"
        return step["value"]

    def refusal(self, name):
        """Return the words of a step that must have failed."""
        step = self._steps[name]
        assert "error" in step, f"{name} found {step.get('value')}"
        return step["error"]


@pytest.fixture(scope="session")
def facts(tmp_path_factory):
    """Start a devnet, and return what it tells of itself, also as `facts["file"]`."""
    folder = tmp_path_factory.mktemp("devnet")
    with running_devnet(folder) as told:
        file = folder / "facts.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        yield told | {"file": str(file)}


@pytest.fixture(scope="session")
def ours(facts):
    """Return our own client of the devnet."""
    with Client(facts["rpc"]) as client:
        yield client


def run(command, *arguments):
    """Return what a script prints."""
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    # One client prints what it sends, so the document is the last line.
    return Findings(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def javascript(facts):
    """Return what runs a script in JavaScript on the devnet, or skip where it cannot run."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on the PATH: install version 20 or later, then run `make clients`")
    if not (SCRIPTS / "js" / "node_modules").is_dir():
        pytest.skip("the clients in JavaScript are not installed: run `make clients`")
    return lambda name: run([node, str(SCRIPTS / "js" / name)], facts["file"])


@pytest.fixture(scope="session")
def python(facts):
    """Return what runs a script in the clients' own Python, or skip where there is none."""
    if not PYTHON.exists():
        pytest.skip("the client in Python is not installed: run `make clients`")
    return lambda name, *more: run([str(PYTHON), str(SCRIPTS / name)], facts["file"], *more)
