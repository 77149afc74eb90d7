"""A devnet as a process of its own while some tests run, for what calls it over HTTP."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

COMMAND = "from papyrus.cli.main import main; main()"
PATIENCE = 120.0
"""Seconds in which anything happens even on a machine that does a lot else."""


@contextmanager
def running_devnet(folder, *options):
    """Run `papyrus devnet` in a folder, on any port, and give what it tells of itself.

    It must end well, with nothing to warn of.
    """
    inherited = {name: text for name, text in os.environ.items() if "PAPYRUS_" not in name}
    folder.mkdir(parents=True, exist_ok=True)
    warnings = folder / "stderr.txt"
    with warnings.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "devnet", "--port", "0", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**inherited, "PAPYRUS_PATH": str(folder)},
            text=True,
        )
    try:
        yield _told(process, warnings)
    finally:
        process.terminate()
        process.stdout.close()
        code = process.wait(PATIENCE)
    told = warnings.read_text(encoding="utf-8").splitlines()
    # A machine that does a lot else holds up every process, this one too.
    assert (code, [line for line in told if "event loop held up" not in line]) == (0, [])


def _told(process, warnings):
    """Return the document that it prints once it runs."""
    impatience = threading.Timer(PATIENCE, process.kill)
    impatience.start()
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            break
    impatience.cancel()
    assert text, warnings.read_text(encoding="utf-8")
    return json.loads(text)
