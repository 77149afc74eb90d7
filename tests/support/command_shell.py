"""Commands of Papyrus beside a running devnet, and what they answer."""

import json
import os
import subprocess
import sys
import threading

PATIENCE = 600.0
"""Seconds in which a command ends even on a machine that does a lot else."""

_WORKER = """
import json, os, sys
from typer.testing import CliRunner
from papyrus.cli.main import app
for line in sys.stdin:
    words, os.environ["PAPYRUS_PATH"] = json.loads(line)
    done = CliRunner().invoke(app, words, prog_name="papyrus")
    print(json.dumps([done.exit_code, done.stdout, done.stderr]), flush=True)
"""
"""Runs one command after the other, which spares the start of a process for each."""


class CommandShell:
    """Runs commands on the state in a folder; a context manager."""

    def __init__(self, folder):
        self.folder = folder
        inherited = {name: text for name, text in os.environ.items() if "PAPYRUS_" not in name}
        inherited.pop("FULLNODE_API_INFO", None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=inherited,
        )  # fmt: skip

    def run(self, *words):
        """Return the exit code of a command, its stdout and its stderr."""
        impatience = threading.Timer(PATIENCE, self.process.kill)
        impatience.start()
        self.process.stdin.write(json.dumps([[str(word) for word in words], str(self.folder)]))
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        impatience.cancel()
        return tuple(json.loads(answer))

    def __call__(self, *words):
        """Return the document of a command that goes well, run with --json."""
        code, out, err = self.run(*words, "--json")
        assert code == 0, f"{' '.join(map(str, words))}: {err}"
        return json.loads(out)

    def text(self, *words):
        """Return what a command that goes well prints for people."""
        code, out, err = self.run(*words)
        assert code == 0, f"{' '.join(map(str, words))}: {err}"
        return out

    def refused(self, *words):
        """Return the sentence with which a command ends that must fail."""
        code, out, err = self.run(*words)
        assert (code, out) == (1, ""), out + err
        [sentence] = err.splitlines()
        return sentence

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()
