"""A devnet as a process, and the clients that others wrote, each driven by a script of ours.

What a script finds is one JSON document: for each step its value, or the error that the client
gave. The tests compare it with what the node says itself, so that neither is believed alone.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from papyrus.rpc.client import Client

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent
PYTHON = ROOT / ".venv-clients" / ("Scripts" if os.name == "nt" else "bin") / "python"
COMMAND = "from papyrus.cli.main import main; main()"
PATIENCE = 120.0
"""Seconds in which anything happens even on a machine that does a lot else."""


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
    """Start a devnet on any port, and return what it tells of itself, also in `facts["file"]`."""
    folder = tmp_path_factory.mktemp("devnet")
    inherited = {name: text for name, text in os.environ.items() if "PAPYRUS_" not in name}
    with (folder / "stderr.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "devnet", "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**inherited, "PAPYRUS_PATH": str(folder)},
            text=True,
        )
    impatience = threading.Timer(PATIENCE, process.kill)
    impatience.start()
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            break
    impatience.cancel()
    assert text, (folder / "stderr.txt").read_text(encoding="utf-8")
    file = folder / "facts.json"
    file.write_text(text, encoding="utf-8")
    yield json.loads(text) | {"file": str(file)}
    process.terminate()
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert (folder / "stderr.txt").read_text(encoding="utf-8") == ""


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
