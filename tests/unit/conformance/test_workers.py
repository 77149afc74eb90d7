"""Work in several processes."""

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
