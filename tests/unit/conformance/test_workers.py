"""Work in several processes."""

import os
import signal
import subprocess
import sys
from time import sleep

import pytest

from papyrus.conformance.json_fields import parse
from papyrus.conformance.workers import run_in_order
from papyrus.primitives.errors import DecodeError


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(jobs: int):
    tasks = [str(number).encode() for number in range(12)]
    assert list(run_in_order(parse, tasks, jobs)) == list(range(12))


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_task_raises_is_raised(jobs: int):
    results = run_in_order(parse, [b"1", b"{"], jobs)
    assert next(results) == 1
    with pytest.raises(DecodeError, match="not JSON"):
        next(results)


SLEEPER = """
import sys
from time import sleep
from papyrus.conformance.workers import run_in_order

if __name__ == "__main__":
    print("ready", flush=True)
    list(run_in_order(sleep, [60, 60, 60], 2))
"""


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_an_interrupt_ends_parent_and_workers(tmp_path):
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with parent:
        parent.stdout.readline()
        sleep(1.5)  # for the workers to start
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.wait(20) != 0
    for _ in range(100):
        try:
            os.killpg(parent.pid, 0)
        except ProcessLookupError:
            return  # nobody of its session is left
        sleep(0.1)
    os.killpg(parent.pid, signal.SIGKILL)
    pytest.fail("workers outlived their parent")
