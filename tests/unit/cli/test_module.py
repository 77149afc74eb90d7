"""`python -m papyrus` is the command, for whoever has no scripts folder on the path."""

import subprocess
import sys


def test_the_package_runs_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "papyrus", "address", "f01000", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"f01000"' in ran.stdout
