"""A world with a miner that has four sectors in one deadline, not proven yet."""

from random import Random

import pytest
from upkeep import commit, findings_of, new_miner, window, world

SECTORS = range(4)


@pytest.fixture
def vm(make_vm):
    """Return a machine with a network."""
    return world(make_vm())


@pytest.fixture
def miner(vm):
    """Return a miner whose state must hold together at the end."""
    made = new_miner(vm)
    yield made
    assert findings_of(vm, made) == []


@pytest.fixture
def index(vm, miner):
    """Return the deadline of the miner's sectors, two partitions of two, which opens in hours."""
    chosen = (window(vm, miner).index + 10) % 48
    outcome = commit(vm, miner, SECTORS, chosen)
    assert outcome.code == 0, outcome.failure
    return chosen


@pytest.fixture
def random():
    """Return a source of the same numbers every time."""
    return Random(5)  # noqa: S311 - the same messages every time


@pytest.fixture
def world_apart(make_vm):
    """Return a machine and a miner whose state may be broken."""
    vm = world(make_vm())
    return vm, new_miner(vm)
