"""More files than the shell allows, as far as the system does."""

import subprocess
import sys

import pytest

from papyrus.node.open_files import allow_open_files

SCRIPT = """
import resource, sys
from papyrus.node.open_files import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (64, int(sys.argv[1])))
print(allow_open_files(int(sys.argv[2])), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")


@pytest.mark.parametrize(
    ("hard", "wanted", "told"),
    [(200, 100, "100 100 200"), (200, 300, "200 200 200"), (200, 50, "64 64 200")],
)
def test_process_takes_what_it_may(hard, wanted, told):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(hard), str(wanted)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == told


def test_nothing_is_taken_back():
    before = allow_open_files(1)
    assert allow_open_files(2) == before
